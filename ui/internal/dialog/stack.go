// Package dialog draws what lies over the window: pickers, forms, questions
// and texts, one above the other.
//
// The uppermost dialog gets every key, as an action of keymap.Dialog or as
// text. A dialog that opens by itself, not because of a key, swallows keys
// until typing has paused, so that nobody answers it by accident. What a
// dialog does is a function that its opener gave it: it runs in Update and may
// return a command.
package dialog

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Grace periods of a dialog that opens by itself: keys count once the keyboard
// was quiet for graceQuiet, at the latest after graceMost.
const (
	graceQuiet = 425 * time.Millisecond
	graceMost  = 1500 * time.Millisecond
)

// Result is what became of a key or click.
type Result struct {
	Close bool    // the dialog is done
	Cmd   tea.Cmd // to run
}

// Dialog is one overlay.
type Dialog interface {
	// ID names the kind of dialog, so that one is not opened twice.
	ID() string
	// Title stands in the frame.
	Title() safe.Text
	// Size returns the size that the inside wants, of at most w by h cells.
	Size(wd screen.Widths, w, h int) (int, int)
	// Do takes an action.
	Do(a keymap.Action) Result
	// Type takes text.
	Type(s string) Result
	// Click takes a click and Wheel a turn of the wheel, in cells of the inside.
	Click(x, y int) Result
	// Wheel scrolls by lines.
	Wheel(lines int)
	// Paint draws the inside.
	Paint(c screen.Canvas, th *theme.Theme) screen.Cursor
}

// Holder is a dialog that may refuse to be left by Esc or a click beside it:
// then it closes itself when it is done.
type Holder interface {
	Holds() bool
}

// Cover is what a dialog lies over.
type Cover uint8

// Covers.
const (
	Framed Cover = iota // the middle of the window, in a frame
	Stage               // the stage, see [Stack.SetStage]
	Window              // all of the window
)

// Coverer is a dialog that may take more than its frame. Then it draws its
// title itself; note, if there is one, says that keys do not count yet.
type Coverer interface {
	Cover() Cover
	PaintWhole(c screen.Canvas, th *theme.Theme, note safe.Text) screen.Cursor
}

type layer struct {
	Dialog
	opened, lastKey time.Time
	grace           bool
	x, y, w, h      int // inside, of the last paint
}

// Stack is the dialogs that are open, the uppermost last. It belongs to Update's goroutine.
type Stack struct {
	layers []*layer
	shown  []*layer // of the last paint
	stage  screen.Rect
	dirty  bool
}

// SetStage says where dialogs stand that leave something of the window in
// sight. An empty rectangle is the whole window.
func (s *Stack) SetStage(r screen.Rect) {
	s.dirty = s.dirty || r != s.stage && !s.Empty()
	s.stage = r
}

// Staged reports whether nothing but the stage is covered.
func (s *Stack) Staged() bool {
	if s.Empty() || s.stage.Empty() {
		return false
	}
	for _, l := range s.layers {
		if l.cover() != Stage {
			return false
		}
	}
	return true
}

// Open puts a dialog on top. byItself says that no key asked for it.
func (s *Stack) Open(d Dialog, now time.Time, byItself bool) {
	for _, l := range s.layers {
		if l.ID() == d.ID() {
			l.Dialog = d
			if byItself {
				l.opened, l.lastKey, l.grace = now, now, true
			}
			s.dirty = true
			return
		}
	}
	s.layers = append(s.layers, &layer{Dialog: d, opened: now, lastKey: now, grace: byItself})
	s.dirty = true
}

// Empty reports whether no dialog is open.
func (s *Stack) Empty() bool { return len(s.layers) == 0 }

// Top returns the uppermost dialog, or nil.
func (s *Stack) Top() Dialog {
	if s.Empty() {
		return nil
	}
	return s.layers[len(s.layers)-1].Dialog
}

// Has reports whether a dialog of that id is open.
func (s *Stack) Has(id string) bool {
	for _, l := range s.layers {
		if l.ID() == id {
			return true
		}
	}
	return false
}

// Is reports whether the open dialog of an id is this one, and not another in its place.
func (s *Stack) Is(id string, d Dialog) bool {
	for _, l := range s.layers {
		if l.ID() == id {
			return l.Dialog == d
		}
	}
	return false
}

// Close closes the dialogs of an id.
func (s *Stack) Close(id string) {
	kept := s.layers[:0]
	for _, l := range s.layers {
		if l.ID() != id {
			kept = append(kept, l)
		}
	}
	s.dirty = s.dirty || len(kept) != len(s.layers)
	s.layers = kept
}

// Clear closes all dialogs.
func (s *Stack) Clear() { s.layers, s.dirty = nil, true }

// Dirty reports whether the stack must be painted.
func (s *Stack) Dirty() bool { return s.dirty }

// Changed says that the stack must be painted.
func (s *Stack) Changed() { s.dirty = true }

// tooEarly reports whether a key comes too early for the uppermost dialog.
func (l *layer) tooEarly(now time.Time) bool {
	if !l.grace {
		return false
	}
	quiet := now.Sub(l.lastKey) >= graceQuiet
	l.lastKey = now
	if quiet || now.Sub(l.opened) >= graceMost {
		l.grace = false
		return false
	}
	return true
}

// Settle ends the grace period of the uppermost dialog once the keyboard is
// quiet, and returns when to ask again; zero when there is nothing to wait for.
func (s *Stack) Settle(now time.Time) (next time.Time) {
	if s.Empty() {
		return time.Time{}
	}
	l := s.layers[len(s.layers)-1]
	if !l.grace {
		return time.Time{}
	}
	next = l.lastKey.Add(graceQuiet)
	if most := l.opened.Add(graceMost); most.Before(next) {
		next = most
	}
	if now.Before(next) {
		return next
	}
	l.grace, s.dirty = false, true
	return time.Time{}
}

// Do gives an action to the uppermost dialog.
func (s *Stack) Do(a keymap.Action, now time.Time) tea.Cmd {
	return s.give(now, func(l *layer) Result {
		if a == keymap.Close {
			return l.leave()
		}
		return l.Dialog.Do(a)
	})
}

// leave closes a dialog that lets itself be left.
func (l *layer) leave() Result {
	h, ok := l.Dialog.(Holder)
	holds := ok && h.Holds() // before: another may take its place
	r := l.Dialog.Do(keymap.Close)
	r.Close = r.Close || !holds
	return r
}

func (l *layer) cover() Cover {
	if d, ok := l.Dialog.(Coverer); ok {
		return d.Cover()
	}
	return Framed
}

// Type gives text to the uppermost dialog.
func (s *Stack) Type(text string, now time.Time) tea.Cmd {
	return s.give(now, func(l *layer) Result { return l.Dialog.Type(text) })
}

// Click gives a click at a cell of the window; one beside a frame closes it.
func (s *Stack) Click(x, y int, now time.Time) tea.Cmd {
	return s.give(now, func(l *layer) Result {
		switch frame := l.cover() == Framed; {
		case !frame && (x < l.x || x >= l.x+l.w || y < l.y || y >= l.y+l.h):
			return Result{}
		case x < l.x-1 || x > l.x+l.w || y < l.y-1 || y > l.y+l.h:
			return l.leave()
		}
		return l.Dialog.Click(x-l.x, y-l.y)
	})
}

// Wheel scrolls the uppermost dialog.
func (s *Stack) Wheel(lines int) {
	if d := s.Top(); d != nil {
		d.Wheel(lines)
		s.dirty = true
	}
}

func (s *Stack) give(now time.Time, f func(*layer) Result) tea.Cmd {
	if s.Empty() {
		return nil
	}
	l := s.layers[len(s.layers)-1]
	s.dirty = true
	if l.tooEarly(now) {
		return nil
	}
	r := f(l)
	if r.Close {
		s.remove(l)
	}
	return r.Cmd
}

func (s *Stack) remove(gone *layer) {
	for i, l := range s.layers {
		if l == gone {
			s.layers = append(s.layers[:i:i], s.layers[i+1:]...)
			return
		}
	}
}

// Paint draws the dialogs over the window, whose cells must have been painted
// anew, and returns the cursor of the uppermost.
func (s *Stack) Paint(c screen.Canvas, th *theme.Theme) screen.Cursor {
	s.dirty = false
	w, h := c.Size()
	if s.Empty() || w < 4 || h < 3 {
		return screen.Cursor{}
	}
	if !s.Staged() {
		c.Restyle(0, 0, w, h, func(st screen.Style) screen.Style {
			shade := th.Shade
			shade.Attrs |= st.Attrs & th.Selected.Attrs
			return shade
		})
	}
	var cur screen.Cursor
	for _, l := range s.layers {
		cur = s.paint(l, c, th)
	}
	s.shown = append(s.shown[:0], s.layers...)
	return cur
}

// Stands reports whether the dialogs stand where they were painted last, so
// that PaintTop is enough as long as the window below did not change.
func (s *Stack) Stands(c screen.Canvas) bool {
	if s.Empty() || !slices.Equal(s.layers, s.shown) {
		return false
	}
	l := s.layers[len(s.layers)-1]
	x, y, w, h := s.place(l, c)
	return x == l.x && y == l.y && w == l.w && h == l.h
}

// PaintTop draws the uppermost dialog again and returns its cursor.
func (s *Stack) PaintTop(c screen.Canvas, th *theme.Theme) screen.Cursor {
	s.dirty = false
	return s.paint(s.layers[len(s.layers)-1], c, th)
}

// place returns where the inside of a dialog stands.
func (s *Stack) place(l *layer, c screen.Canvas) (x, y, width, height int) {
	w, h := c.Size()
	switch at := s.stage; {
	case l.cover() == Stage && !at.Empty():
		return at.Min.X, at.Min.Y, at.Dx(), at.Dy()
	case l.cover() != Framed:
		return 0, 0, w, h
	}
	mostW, mostH := max(1, w-2), max(1, h-2)
	if w >= 60 {
		mostW = w - 6
	}
	if h >= 16 {
		mostH = h - 4
	}
	width, height = l.Size(c.Widths(), mostW, mostH)
	width, height = max(1, min(width, mostW)), max(1, min(height, mostH))
	return (w - width) / 2, max(1, (h-height)/3), width, height
}

func (s *Stack) paint(l *layer, c screen.Canvas, th *theme.Theme) screen.Cursor {
	l.x, l.y, l.w, l.h = s.place(l, c)
	var cur screen.Cursor
	if l.cover() != Framed {
		note := safe.Text{}
		if l.grace {
			note = safe.Lit(words.PressAgain)
		}
		cur = l.Dialog.(Coverer).PaintWhole(c.Sub(l.x, l.y, l.w, l.h), th, note)
	} else {
		title := l.Title()
		if l.grace {
			title = safe.Own(title.String() + " · " + words.PressAgain)
		}
		cur = l.Dialog.Paint(pane.Box(c.Sub(l.x-1, l.y-1, l.w+2, l.h+2), th, title, th.DialogBorder, th.DialogTitle), th)
	}
	cur.X, cur.Y = cur.X+l.x, cur.Y+l.y
	return cur
}
