package screen

import (
	uv "github.com/charmbracelet/ultraviolet"
)

// look names a style and a link. Equal looks of one table are equal numbers, so
// a cell is small and comparing two cells does not compare colours. The zero
// look has neither.
type look uint32

// appearance is what a look stands for.
type appearance struct {
	style Style
	link  uv.Link
}

// looks is a table of looks. Owner: the goroutine of Update.
type looks struct {
	all    []appearance
	blank  []bool // whether a blank of that look is not seen at all
	number map[appearance]look
	last   appearance // that was asked for last
	lastN  look
}

// maxLooks is the size at which those that are in use are told from the others.
// A theme has a few dozen; people can send any number of colours and links.
const maxLooks = 4096

func newLooks() *looks {
	t := &looks{number: map[appearance]look{}}
	t.add(appearance{})
	return t
}

// of returns the look of a style and a link.
func (t *looks) of(a appearance) look {
	if a == t.last {
		return t.lastN
	}
	n, ok := t.number[a]
	if !ok {
		n = t.add(a)
	}
	t.last, t.lastN = a, n
	return n
}

func (t *looks) add(a appearance) look {
	n := look(len(t.all))
	t.all = append(t.all, a)
	t.blank = append(t.blank, bare(&a.style) && a.link == uv.Link{})
	t.number[a] = n
	return n
}

// bare reports whether a style leaves a blank as it is.
func bare(st *Style) bool { return st.Bg == nil && st.Attrs == 0 && st.Underline == 0 }

// compact forgets the looks that no cell has and numbers the others anew.
func (t *looks) compact(grids ...[][]cell) {
	old := t.all
	*t = *newLooks()
	moved := make(map[look]look, len(old)/2)
	for _, rows := range grids {
		for _, line := range rows {
			for x := range line {
				n, ok := moved[line[x].look]
				if !ok {
					n = t.of(old[line[x].look])
					moved[line[x].look] = n
				}
				line[x].look = n
			}
		}
	}
}
