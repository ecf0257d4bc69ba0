package richtext

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/internal/screen"
)

// piece is a stretch of a span that stands in one row.
type piece struct{ span, from, to, width int }

// wrapper breaks spans into rows, on cluster boundaries: behind white space and
// around wide characters where it can, else anywhere.
type wrapper struct {
	width int
	wd    screen.Widths
	spans []span
	hard  bool // break anywhere: code

	row   []piece
	used  int
	soft  bool // the row continues the one before: white space at its start is dropped
	mark  int  // pieces before the last place to break, 0 when there is none
	markP piece
	markW int
	stop  bool
	emit  func([]piece) bool
}

// cluster returns the first grapheme cluster of s and its length in bytes.
func cluster(s string) (string, int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return s[:1], 1
	}
	return firstCluster(s)
}

func firstCluster(s string) (string, int) {
	g := graphemes.FromString(s)
	if !g.Next() {
		return s, len(s)
	}
	return g.Value(), g.End()
}

// run calls emit for each row until it returns false. There is one row at least.
func (w *wrapper) run(emit func([]piece) bool) {
	w.emit = emit
	for i := range w.spans {
		s := w.spans[i].text.String()
		for at := 0; at < len(s); {
			c, n := cluster(s[at:])
			w.cluster(i, at, c)
			if w.stop {
				return
			}
			at += n
		}
	}
	w.flush(len(w.row), false)
}

// cluster puts one cluster into the row, or starts the next one with it.
func (w *wrapper) cluster(sp, at int, c string) {
	if c == "\n" {
		w.flush(len(w.row), false)
		return
	}
	width := 1
	if len(c) > 1 || c[0] < ' ' || c[0] >= 0x7f {
		if width = w.wd.Cluster(c); width == 0 {
			return
		}
	}
	space := c == " " && !w.hard
	if space && w.soft && len(w.row) == 0 {
		return
	}
	if w.used+width > w.width && w.used > 0 {
		if space {
			w.flush(len(w.row), true)
			return
		}
		w.split(width)
		if w.stop {
			return
		}
	}
	wide := width == 2 && !w.hard && isIdeograph(c)
	if wide && len(w.row) > 0 {
		w.breakHere()
	}
	if n := len(w.row); n > 0 && w.row[n-1].span == sp && w.row[n-1].to == at {
		w.row[n-1].to += len(c)
		w.row[n-1].width += width
	} else {
		w.row = append(w.row, piece{sp, at, at + len(c), width})
	}
	w.used += width
	if space || wide {
		w.breakHere()
	}
}

// breakHere remembers the end of the row as a place to break.
func (w *wrapper) breakHere() {
	w.mark = len(w.row)
	w.markP = w.row[w.mark-1]
	w.markW = w.used
}

// split ends the row at the last place to break, or where it stands, so that
// next columns have room.
func (w *wrapper) split(next int) {
	if w.mark == 0 || w.hard {
		w.flush(len(w.row), true)
		return
	}
	last := w.row[w.mark-1]
	rest := make([]piece, 0, len(w.row)-w.mark+2)
	if last.to > w.markP.to {
		rest = append(rest, piece{last.span, w.markP.to, last.to, last.width - w.markP.width})
	}
	rest = append(rest, w.row[w.mark:]...)
	used := w.used - w.markW
	w.row[w.mark-1] = w.markP
	w.flush(w.mark, true)
	w.row = append(w.row, rest...)
	w.used = used
	if w.used > 0 && w.used+next > w.width && !w.stop {
		w.flush(len(w.row), true)
	}
}

// flush emits the first n pieces as a row and starts a new one.
func (w *wrapper) flush(n int, soft bool) {
	if !w.stop && !w.emit(w.row[:n]) {
		w.stop = true
	}
	w.row = w.row[:0]
	w.used, w.mark, w.markW = 0, 0, 0
	w.soft = soft
}

// isIdeograph reports whether a row may break before and after c.
func isIdeograph(c string) bool {
	r, _ := utf8.DecodeRuneInString(c)
	return r >= 0x2e80 && r < 0xa000 && (r < 0x3000 || r > 0x3002) || r >= 0xac00 && r < 0xd7b0 || r >= 0xf900 && r < 0xfb00 || r >= 0x20000 && r < 0x40000
}
