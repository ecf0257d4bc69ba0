package list

// Cursor returns the number of the item under the cursor, or -1.
func (l *List[K]) Cursor() int {
	if !l.hasCur {
		return -1
	}
	i, ok := l.src.Index(l.cursor)
	if !ok {
		return -1
	}
	return i
}

// NoCursor takes the cursor away.
func (l *List[K]) NoCursor() { l.hasCur = false }

// SetCursor puts the cursor on an item and shows it.
func (l *List[K]) SetCursor(i int, newest bool) {
	if i < 0 || i >= l.src.Len() {
		return
	}
	l.cursor, l.hasCur = l.src.Key(i), true
	l.Show(i, newest)
}

// CursorToVisible puts the cursor on the last item that can hold it and is
// visible, or on the last of all. It reports whether there is one.
func (l *List[K]) CursorToVisible() bool {
	rows := l.Rows()
	for y := len(rows) - 1; y >= 0; y-- {
		if i := rows[y].Item; i >= 0 && l.src.Selectable(i) {
			l.cursor, l.hasCur = l.src.Key(i), true
			return true
		}
	}
	i := l.step(l.src.Len(), -1)
	if i < 0 {
		return false
	}
	l.SetCursor(i, false)
	return true
}

// step returns the next item that can hold the cursor, or -1.
func (l *List[K]) step(from, by int) int {
	for i := from + by; i >= 0 && i < l.src.Len(); i += by {
		if l.src.Selectable(i) {
			return i
		}
	}
	return -1
}

// MoveCursor moves the cursor to the next item below (1) or above (-1). An item
// that is taller than what is visible of it scrolls first, so that every line
// can be read. It reports whether something moved.
func (l *List[K]) MoveCursor(by int, newest bool) bool {
	cur := l.Cursor()
	if cur < 0 {
		return l.CursorToVisible()
	}
	if l.scrollInside(cur, by, newest) {
		return true
	}
	i := l.step(cur, by)
	if i < 0 {
		if by < 0 && !l.AtStart() || by > 0 && !l.AtEnd() {
			l.Scroll(by, newest)
			return true
		}
		return false
	}
	l.SetCursor(i, newest)
	return true
}

// scrollInside scrolls by half a page while the item goes on outside.
func (l *List[K]) scrollInside(i, by int, newest bool) bool {
	rows := l.Rows()
	if len(rows) == 0 {
		return false
	}
	edge, end := rows[0], 0
	if by > 0 {
		edge, end = rows[len(rows)-1], l.height(i)-1
	}
	if edge.Item != i || edge.Line == end || l.height(i) <= l.h {
		return false
	}
	l.Scroll(by*max(l.h/2, 1), newest)
	return true
}

// Page scrolls by a page less two lines; the cursor goes with it.
func (l *List[K]) Page(by int, newest bool) { l.leap(by, max(l.h-2, 1), newest) }

// HalfPage scrolls by half a page; the cursor goes with it.
func (l *List[K]) HalfPage(by int, newest bool) { l.leap(by, max(l.h/2, 1), newest) }

func (l *List[K]) leap(by, lines int, newest bool) {
	l.Scroll(by*lines, newest)
	if !l.hasCur {
		return
	}
	rows := l.Rows()
	if by < 0 {
		for _, r := range rows {
			if r.Item >= 0 && l.src.Selectable(r.Item) {
				l.cursor = l.src.Key(r.Item)
				return
			}
		}
		return
	}
	l.CursorToVisible()
}

// Show scrolls as little as possible so that item i is visible.
func (l *List[K]) Show(i int, newest bool) {
	rows := l.Rows()
	if len(rows) == 0 || i < 0 || i >= l.src.Len() {
		return
	}
	h := l.height(i)
	top := l.top()
	bottom := rows[len(rows)-1]
	switch {
	case i < top.Item || i == top.Item && top.Line > 0 && h <= l.h:
		l.place(Row{Item: i}, newest)
	case i > bottom.Item || i == bottom.Item && bottom.Line < h-1:
		if h >= l.h {
			l.place(Row{Item: i}, newest)
			return
		}
		l.bottom(i, newest)
	}
}

// bottom puts the last line of item i at the bottom.
func (l *List[K]) bottom(i int, newest bool) {
	l.place(l.above(Row{Item: i, Line: l.height(i) - 1}, l.h-1), newest)
}

// above returns the row that stands some lines above another.
func (l *List[K]) above(r Row, lines int) Row {
	for range lines {
		switch {
		case r.Line > 0:
			r.Line--
		case r.Item > 0:
			r.Item--
			r.Line = l.height(r.Item) - 1
		}
	}
	return r
}

// JumpTo puts item i a third from the top and the cursor on it.
func (l *List[K]) JumpTo(i int, newest bool) {
	if i < 0 || i >= l.src.Len() {
		return
	}
	l.cursor, l.hasCur = l.src.Key(i), true
	l.ViewFrom(i, newest)
}

// ViewFrom puts item i a third from the top; the cursor stays where it is.
func (l *List[K]) ViewFrom(i int, newest bool) {
	if i >= 0 && i < l.src.Len() {
		l.place(l.above(Row{Item: i}, l.h/3), newest)
	}
}

// Top puts the first line of item i at the top.
func (l *List[K]) Top(i int, newest bool) { l.TopLine(i, 0, newest) }

// TopLine puts a line of item i at the top.
func (l *List[K]) TopLine(i, line int, newest bool) {
	if i >= 0 && i < l.src.Len() {
		l.place(Row{Item: i, Line: min(max(line, 0), l.height(i)-1)}, newest)
	}
}
