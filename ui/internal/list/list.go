// Package list is a virtual list of items of unequal height: it lays out what
// is visible and nothing else, however many items there are.
//
// Its place is an anchor, an item and a line of it, not a number of lines from
// somewhere. So nothing moves when items come before the anchor or change their
// height there. In follow mode the place is the end, and new items scroll in.
//
// A List does no I/O and is not safe for concurrent use. Owner: the goroutine of Update.
package list

import (
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
)

// Source is what a list shows. Items are numbered from 0; their keys are stable
// and unique, so they outlive changes of the numbers.
type Source[K comparable] interface {
	// Len returns the number of items.
	Len() int
	// Key returns the key of item i.
	Key(i int) K
	// Index finds an item, also one that has become part of another.
	Index(key K) (int, bool)
	// Stamp changes whenever the look of item i does.
	Stamp(i int) uint64
	// Lines lays item i out.
	Lines(i, width int) []richtext.Line
	// Selectable reports whether the cursor can stand on item i.
	Selectable(i int) bool
}

// Row is a visible line.
type Row struct {
	Item int // item number; -1 for a blank row above the first item
	Line int // line of the item
}

// List shows a source in a rectangle of w×h cells.
type List[K comparable] struct {
	src    Source[K]
	w, h   int
	follow bool
	anchor anchor[K]
	hasAt  bool // anchor is set
	cursor K
	hasCur bool
	rows   []Row
	clean  bool // rows are those of the present source, size and place
	cache  cache[K]
}

// anchor is the line at the top of the list.
type anchor[K comparable] struct {
	key    K
	item   int // number that the key had, to find a neighbour if it is gone
	line   int
	height int // lines of the item when line was chosen
}

// New returns a list that follows its end.
func New[K comparable](src Source[K]) *List[K] {
	return &List[K]{src: src, follow: true, cache: newCache[K]()}
}

// SetSize sets the width and height in cells and reports whether they changed.
func (l *List[K]) SetSize(w, h int) bool {
	w, h = max(w, 1), max(h, 0)
	if w == l.w && h == l.h {
		return false
	}
	if w != l.w {
		l.cache.clear()
	}
	l.w, l.h = w, h
	l.clean = false
	return true
}

// Changed says that the source changed. The rows are found again when needed.
func (l *List[K]) Changed() { l.clean = false }

// Restyle drops all laid out lines, as when the theme or the width function changed.
func (l *List[K]) Restyle() {
	l.cache.clear()
	l.clean = false
}

// Reset forgets place and cursor and follows the end, as when the source shows another room.
func (l *List[K]) Reset() {
	l.follow, l.hasAt, l.hasCur, l.clean = true, false, false, false
	l.cache.clear()
}

// Following reports whether the list stays at its end.
func (l *List[K]) Following() bool { return l.follow }

// Rows returns the visible lines from top to bottom; there are as many as the list is high.
func (l *List[K]) Rows() []Row {
	if !l.clean {
		l.settle()
	}
	return l.rows
}

// Lines returns the lines of an item at the present width.
func (l *List[K]) Lines(i int) []richtext.Line {
	key, stamp := l.src.Key(i), l.src.Stamp(i)
	if lines, ok := l.cache.get(key, stamp); ok {
		return lines
	}
	lines := l.src.Lines(i, l.w)
	if len(lines) == 0 {
		// An item of no height could not be an anchor, nor hold the cursor.
		lines = []richtext.Line{{}}
	}
	l.cache.put(key, stamp, lines)
	return lines
}

func (l *List[K]) height(i int) int { return len(l.Lines(i)) }

// settle finds the visible rows: from the anchor down, or from the end up.
func (l *List[K]) settle() {
	l.clean = true
	l.rows = l.rows[:0]
	n := l.src.Len()
	if l.h == 0 || n == 0 {
		for range l.h {
			l.rows = append(l.rows, Row{Item: -1})
		}
		return
	}
	if !l.follow && l.resolve() {
		at := l.anchor
		for i := at.item; i < n && len(l.rows) < l.h; i++ {
			from := 0
			if i == at.item {
				from = at.line
			}
			for line := from; line < l.height(i) && len(l.rows) < l.h; line++ {
				l.rows = append(l.rows, Row{i, line})
			}
		}
		if len(l.rows) == l.h {
			return
		}
	}
	l.fromEnd()
}

// fromEnd fills the rows from the last item upwards. Blank rows stand at the top.
func (l *List[K]) fromEnd() {
	l.rows = l.rows[:0]
	for i := l.src.Len() - 1; i >= 0 && len(l.rows) < l.h; i-- {
		for line := l.height(i) - 1; line >= 0 && len(l.rows) < l.h; line-- {
			l.rows = append(l.rows, Row{i, line})
		}
	}
	for len(l.rows) < l.h {
		l.rows = append(l.rows, Row{Item: -1})
	}
	for a, b := 0, len(l.rows)-1; a < b; a, b = a+1, b-1 {
		l.rows[a], l.rows[b] = l.rows[b], l.rows[a]
	}
	if !l.follow {
		l.setAnchor(l.top())
	}
}

// resolve finds the anchor's item again. If it is gone, what stands in its
// place now takes over. If it became taller or lower, its end stays where it
// was, since that is what was on the screen.
func (l *List[K]) resolve() bool {
	if !l.hasAt {
		return false
	}
	i, ok := l.src.Index(l.anchor.key)
	if !ok {
		i = min(l.anchor.item, l.src.Len()-1)
		l.setAnchor(Row{Item: i})
		return true
	}
	l.anchor.item = i
	if h := l.height(i); h != l.anchor.height {
		if l.anchor.line > 0 {
			l.anchor.line = max(l.anchor.line+h-l.anchor.height, 0)
		}
		l.anchor.height = h
	}
	return true
}

func (l *List[K]) setAnchor(r Row) {
	if r.Item < 0 {
		r = Row{}
	}
	l.anchor = anchor[K]{key: l.src.Key(r.Item), item: r.Item, line: r.Line, height: l.height(r.Item)}
	l.hasAt = true
}

// top returns the first row that shows something.
func (l *List[K]) top() Row {
	for _, r := range l.rows {
		if r.Item >= 0 {
			return r
		}
	}
	return Row{Item: -1}
}

// Visible returns the numbers of the first and last visible item, or -1, -1.
func (l *List[K]) Visible() (first, last int) {
	rows := l.Rows()
	if len(rows) == 0 || rows[len(rows)-1].Item < 0 {
		return -1, -1
	}
	return l.top().Item, rows[len(rows)-1].Item
}

// AtEnd reports whether the last line of the last item is visible.
func (l *List[K]) AtEnd() bool {
	rows := l.Rows()
	if len(rows) == 0 {
		return l.follow
	}
	r := rows[len(rows)-1]
	return r.Item < 0 || r.Item == l.src.Len()-1 && r.Line == l.height(r.Item)-1
}

// AtStart reports whether the first line of the first item is visible.
func (l *List[K]) AtStart() bool {
	rows := l.Rows()
	return len(rows) == 0 || rows[0].Item < 0 || rows[0] == Row{}
}

// ToEnd goes to the end and follows it.
func (l *List[K]) ToEnd() {
	l.follow, l.clean = true, false
}

func (l *List[K]) topOf() Row {
	l.Rows()
	return l.top()
}

// Scroll moves by lines, down if positive. At the end it follows if the source
// has nothing newer, which the caller knows.
func (l *List[K]) Scroll(lines int, newest bool) {
	r := l.topOf()
	if r.Item < 0 || l.rows[0].Item < 0 && lines < 0 {
		return
	}
	for ; lines < 0; lines++ {
		switch {
		case r.Line > 0:
			r.Line--
		case r.Item > 0:
			r.Item--
			r.Line = l.height(r.Item) - 1
		}
	}
	for ; lines > 0; lines-- {
		switch {
		case r.Line < l.height(r.Item)-1:
			r.Line++
		case r.Item < l.src.Len()-1:
			r = Row{Item: r.Item + 1}
		}
	}
	l.place(r, newest)
}

// place puts a row at the top, or the end of the list at the bottom if less than
// a page would be left.
func (l *List[K]) place(r Row, newest bool) {
	l.follow = false
	l.setAnchor(r)
	l.clean = false
	if l.AtEnd() {
		l.follow = newest
	}
}

// Draw draws the visible lines onto a canvas of the list's size. rows are drawn
// by paint, which gets the canvas row.
func (l *List[K]) Draw(c screen.Canvas, paint func(y int, r Row, line richtext.Line)) {
	_, h := c.Size()
	for y, r := range l.Rows() {
		if y >= h {
			return
		}
		var line richtext.Line
		if r.Item >= 0 {
			if lines := l.Lines(r.Item); r.Line < len(lines) {
				line = lines[r.Line]
			}
		}
		paint(y, r, line)
	}
}
