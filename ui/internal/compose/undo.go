package compose

// change is the kind of a change, for grouping into steps of undo.
type change uint8

const (
	changeNone  change = iota // the next change starts a step
	changeType                // letters of a word
	changeSpace               // white space between words
	changeDelete
	changeCut
	changePaste
)

// Limits of what undo keeps.
const (
	maxUndo      = 300
	maxUndoBytes = 1 << 20
)

// snapshot is a state to return to. Texts share nothing but are immutable, so a
// step costs the length of the text.
type snapshot struct {
	text string
	cur  int
}

// apply makes a change and remembers the state before it, unless it continues
// the step before: letters join letters, and a space ends the word it follows.
func (e *Editor) apply(kind change, text string, cursor int) {
	before := snapshot{e.text, e.cur}
	e.set(text, cursor)
	if e.text == before.text {
		return
	}
	joins := kind == e.last && (kind == changeType || kind == changeSpace || kind == changeDelete) ||
		kind == changeSpace && e.last == changeType
	if !joins || len(e.undo) == 0 {
		e.push(before)
	}
	e.last = kind
	e.redo = nil
	e.hist.leave()
}

func (e *Editor) push(s snapshot) {
	e.undo = append(e.undo, s)
	e.undoBytes += len(s.text)
	for len(e.undo) > 1 && (len(e.undo) > maxUndo || e.undoBytes > maxUndoBytes) {
		e.undoBytes -= len(e.undo[0].text)
		e.undo = e.undo[1:]
	}
}

// Undo takes the newest step back and reports whether there was one.
func (e *Editor) Undo() bool {
	if len(e.undo) == 0 {
		return false
	}
	s := e.undo[len(e.undo)-1]
	e.undo = e.undo[:len(e.undo)-1]
	e.undoBytes -= len(s.text)
	e.redo = append(e.redo, snapshot{e.text, e.cur})
	e.restore(s)
	return true
}

// Redo makes the step again that was taken back last.
func (e *Editor) Redo() bool {
	if len(e.redo) == 0 {
		return false
	}
	s := e.redo[len(e.redo)-1]
	e.redo = e.redo[:len(e.redo)-1]
	e.push(snapshot{e.text, e.cur})
	e.restore(s)
	return true
}

func (e *Editor) restore(s snapshot) {
	e.text, e.cur = s.text, s.cur
	e.anchor, e.goal = noAnchor, noGoal
	e.last = changeNone
}
