// Package compose is the text editor of the composer: what is typed before it
// is sent.
//
// An [Editor] works on grapheme clusters: the cursor never stands inside an
// emoji or between a letter and its accent. It keeps its text sanitised at every
// moment, so that what is drawn is what is sent. It knows undo, word motions,
// kill and yank, a selection, the history of what was sent, and where a
// completion could start; it knows no keys and draws only its own rows.
//
// An Editor does no I/O and is not safe for concurrent use. Owner: the goroutine of Update.
package compose

import (
	"strings"

	"hubbub/ui/safe"
)

// MaxBytes is the largest text in bytes, a little less than an event may have.
//
// Spec: client-server-api#size-limits
const MaxBytes = 60 << 10

// Editor is a text with a cursor.
type Editor struct {
	text   string // sanitised; lines end with \n
	cur    int    // byte offset of the cursor, on a cluster boundary
	anchor int    // other end of the selection, or noAnchor
	goal   int    // column that ↑ and ↓ keep, or noGoal

	undo, redo []snapshot
	undoBytes  int
	last       change // kind of the newest change, for grouping

	kill string // newest killed text
	hist history

	wrap wrapCache
}

const (
	noAnchor = -1
	noGoal   = -1
)

// New returns an empty editor.
func New() *Editor { return &Editor{anchor: noAnchor, goal: noGoal} }

// Text returns the text.
func (e *Editor) Text() string { return e.text }

// Cursor returns the cursor as a byte offset into the text.
func (e *Editor) Cursor() int { return e.cur }

// Empty reports whether there is no text.
func (e *Editor) Empty() bool { return e.text == "" }

// Blank reports whether there is nothing but white space.
func (e *Editor) Blank() bool { return strings.TrimSpace(e.text) == "" }

// Load replaces everything, as when another room's draft is shown: there is
// nothing to undo afterwards. A cursor outside the text goes to the end.
func (e *Editor) Load(text string, cursor int) {
	e.text, e.cur = "", 0
	e.set(text, cursor)
	if cursor < 0 || cursor > len(text) {
		e.cur = len(e.text)
	}
	e.undo, e.redo, e.undoBytes, e.last = nil, nil, 0, changeNone
	e.hist.leave()
}

// Clear empties the editor; undo brings the text back.
func (e *Editor) Clear() { e.apply(changeCut, "", 0) }

// Insert types text at the cursor, in place of the selection. It reports
// whether everything fitted.
func (e *Editor) Insert(s string) bool {
	kind := changeType
	if strings.TrimSpace(s) == "" {
		kind = changeSpace
	}
	return e.insert(s, kind)
}

// Paste inserts text as one step of undo. It reports whether everything fitted.
func (e *Editor) Paste(s string) bool { return e.insert(s, changePaste) }

// Newline starts a new line.
func (e *Editor) Newline() bool { return e.insert("\n", changePaste) }

func (e *Editor) insert(s string, kind change) bool {
	from, to := e.span()
	// A mark or joiner typed alone belongs to what stands before it, so the text
	// is cleaned together with that, not alone.
	whole := len(e.clean(e.text[:from]+s))+len(e.text)-to <= MaxBytes
	if !whole {
		s = e.clean(s)
		s = s[:boundaryBefore(s, max(MaxBytes-len(e.text)+to-from, 0))]
	}
	if from != to && kind == changeType {
		kind = changePaste
	}
	e.apply(kind, e.text[:from]+s+e.text[to:], from+len(s))
	return whole
}

// Replace puts s in place of a stretch of the text, as when a completion is
// taken, and the cursor behind it.
func (e *Editor) Replace(from, to int, s string) {
	to = boundaryAfter(e.text, min(max(to, 0), len(e.text)))
	from = boundaryBefore(e.text, min(max(from, 0), to))
	s = e.clean(s)
	if len(e.text)-(to-from)+len(s) > MaxBytes {
		return
	}
	e.apply(changePaste, e.text[:from]+s+e.text[to:], from+len(s))
}

// Delete removes from the cursor to where the motion leads, or the selection.
func (e *Editor) Delete(m Motion) bool {
	from, to := e.span()
	if from == to {
		from, to = order(e.cur, e.target(m))
	}
	if from == to {
		return false
	}
	e.apply(changeDelete, e.text[:from]+e.text[to:], from)
	return true
}

// Kill is Delete that keeps the text for [Editor.Yank].
func (e *Editor) Kill(m Motion) bool {
	from, to := e.span()
	if from == to {
		from, to = order(e.cur, e.target(m))
	}
	if from == to {
		return false
	}
	e.kill = e.text[from:to]
	e.apply(changeCut, e.text[:from]+e.text[to:], from)
	return true
}

// Yank inserts what was killed last.
func (e *Editor) Yank() bool { return e.kill != "" && e.insert(e.kill, changePaste) }

// clean makes text fit to stand in the editor.
func (e *Editor) clean(s string) string { return safe.Body(s).String() }

// set takes a text and cursor over. Two clean texts side by side need not be
// clean together (combining marks pile up, a joiner finds no partner), so the
// whole is cleaned again; the cursor keeps what stands before it.
func (e *Editor) set(text string, cursor int) {
	cursor = min(max(cursor, 0), len(text))
	cleaned := e.clean(text)
	if cleaned != text {
		cursor = min(len(e.clean(text[:cursor])), len(cleaned))
	}
	if len(cleaned) > MaxBytes {
		cleaned = cleaned[:boundaryBefore(cleaned, MaxBytes)]
		if again := e.clean(cleaned); len(again) <= MaxBytes {
			cleaned = again
		}
		cursor = min(cursor, len(cleaned))
	}
	e.text = cleaned
	e.cur = boundaryAfter(cleaned, cursor)
	e.anchor, e.goal = noAnchor, noGoal
}

// Selection returns the selected text, or "".
func (e *Editor) Selection() string {
	from, to := e.span()
	return e.text[from:to]
}

// span returns the selection as offsets; both are the cursor when there is none.
func (e *Editor) span() (from, to int) {
	if e.anchor == noAnchor {
		return e.cur, e.cur
	}
	return order(e.anchor, e.cur)
}

func order(a, b int) (int, int) {
	if a > b {
		return b, a
	}
	return a, b
}
