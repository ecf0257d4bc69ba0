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
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// graceQuiet is how long the keyboard must have been quiet before keys count in
// a dialog that opened by itself, or that is [Careful].
const graceQuiet = 425 * time.Millisecond

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

// Careful is a dialog that does what cannot be taken back: one may have opened
// it without knowing, by typing a sentence where letters are commands. Its keys
// count once the keyboard was quiet, and while text is typed into it none does.
type Careful interface {
	Careful() bool
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
	lastKey    time.Time
	grace      bool // keys do not count yet
	asked      bool // a key opened it
	told       bool // a key did not count
	x, y, w, h int  // inside, of the last paint
	air        int  // columns between the inside and the frame
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
				l.lastKey, l.grace, l.asked = now, true, false
			}
			s.dirty = true
			return
		}
	}
	s.layers = append(s.layers, &layer{Dialog: d, lastKey: now, grace: byItself || careful(d), asked: !byItself})
	s.dirty = true
}

// Empty reports whether no dialog is open.
func (s *Stack) Empty() bool { return len(s.layers) == 0 }

// Only reports whether a dialog is open, and every open one is of a kind.
func (s *Stack) Only(kind func(Dialog) bool) bool {
	for _, l := range s.layers {
		if !kind(l.Dialog) {
			return false
		}
	}
	return !s.Empty()
}

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
	l.grace, l.told = !quiet, !quiet
	return l.grace
}

// hushed reports whether it is to be said that keys do not count yet: where a
// key opened the dialog, only to somebody who pressed another.
func (l *layer) hushed() bool { return l.grace && (l.told || !l.asked) }

func careful(d Dialog) bool {
	c, ok := d.(Careful)
	return ok && c.Careful()
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
	if now.Before(next) {
		return next
	}
	s.dirty = s.dirty || l.hushed()
	l.grace, l.told = false, false
	return time.Time{}
}

// Do gives an action to the uppermost dialog.
func (s *Stack) Do(a keymap.Action, now time.Time) tea.Cmd {
	if a == keymap.Close {
		s.leavable()
	}
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

// leavable lets the uppermost dialog be left at once, if a key opened it.
func (s *Stack) leavable() {
	if !s.Empty() {
		l := s.layers[len(s.layers)-1]
		l.grace = l.grace && !l.asked
	}
}

// Type gives text to the uppermost dialog.
func (s *Stack) Type(text string, now time.Time) tea.Cmd {
	return s.give(now, func(l *layer) Result {
		r := l.Dialog.Type(text)
		if !r.Close && careful(l.Dialog) { // not its letter: somebody writes a sentence
			l.lastKey, l.grace = now, true
		}
		return r
	})
}

// Click gives a click at a cell of the window; one beside a frame closes it.
func (s *Stack) Click(x, y int, now time.Time) tea.Cmd {
	s.leavable()
	return s.give(now, func(l *layer) Result {
		switch frame := l.cover() == Framed; {
		case !frame && (x < l.x || x >= l.x+l.w || y < l.y || y >= l.y+l.h):
			return Result{}
		case x < l.x-1-l.air || x > l.x+l.w+l.air || y < l.y-1 || y > l.y+l.h:
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
