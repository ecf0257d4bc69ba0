package pane

import "hubbub/ui/internal/keymap"

// Scroll is the cursor and the first visible row of a list whose rows are one line high.
type Scroll struct {
	At, Top int
	height  int // of the last paint
}

// Fit keeps the cursor in the list of n rows and in the view of height rows.
func (s *Scroll) Fit(n, height int) {
	s.height = height
	s.At = max(0, min(s.At, n-1))
	if s.At < s.Top {
		s.Top = s.At
	}
	if s.At >= s.Top+height {
		s.Top = s.At - height + 1
	}
	s.Top = max(0, min(s.Top, n-height))
}

// Beyond returns how many of n rows stand above and below the view.
func (s *Scroll) Beyond(n int) (above, below int) {
	return s.Top, max(0, n-s.Top-max(0, s.height))
}

// Do moves the cursor in a list of n rows and reports whether the action was a move.
func (s *Scroll) Do(a keymap.Action, n int) bool {
	page := max(1, s.height-1)
	switch a {
	case keymap.ListUp:
		s.At--
	case keymap.ListDown:
		s.At++
	case keymap.ListPgUp:
		s.At -= page
	case keymap.ListPgDown:
		s.At += page
	case keymap.ListFirst:
		s.At = 0
	case keymap.ListLast:
		s.At = n - 1
	default:
		return false
	}
	s.At = max(0, min(s.At, n-1))
	return true
}

// Wheel moves the view and, with it, a cursor that would leave it.
func (s *Scroll) Wheel(lines, n int) {
	s.Top = max(0, min(s.Top+lines, n-s.height))
	s.At = max(s.Top, min(s.At, s.Top+max(1, s.height)-1))
}
