package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/words"
)

// Motion is a way for the cursor to go.
type Motion uint8

// Motions. Up and Down go by rows as they were last laid out.
const (
	Left Motion = iota
	Right
	WordLeft
	WordRight
	LineStart
	LineEnd
	Up
	Down
	TextStart
	TextEnd
)

// Move moves the cursor and drops the selection. It reports whether something
// changed: Up in the first row does not.
func (e *Editor) Move(m Motion) bool {
	had := e.anchor != noAnchor && e.anchor != e.cur
	if had && (m == Left || m == Right) {
		from, to := e.span()
		e.anchor, e.goal, e.last = noAnchor, noGoal, changeNone
		e.cur = from
		if m == Right {
			e.cur = to
		}
		return true
	}
	e.anchor = noAnchor
	return e.move(m) || had
}

// Select moves the cursor and extends the selection.
func (e *Editor) Select(m Motion) bool {
	if e.anchor == noAnchor {
		e.anchor = e.cur
	}
	return e.move(m)
}

// SelectAll selects the whole text.
func (e *Editor) SelectAll() {
	e.anchor, e.cur, e.goal = 0, len(e.text), noGoal
}

// MoveTo puts the cursor at the cluster boundary at or after a byte offset.
func (e *Editor) MoveTo(pos int) {
	e.cur = boundaryAfter(e.text, min(max(pos, 0), len(e.text)))
	e.anchor, e.goal, e.last = noAnchor, noGoal, changeNone
}

func (e *Editor) move(m Motion) bool {
	to := e.target(m)
	if m != Up && m != Down {
		e.goal = noGoal
	}
	moved := to != e.cur
	e.cur = to
	e.last = changeNone
	return moved
}

// target returns where a motion leads.
func (e *Editor) target(m Motion) int {
	switch m {
	case Left:
		return previous(e.text, e.cur)
	case Right:
		return next(e.text, e.cur)
	case WordLeft:
		return wordLeft(e.text, e.cur)
	case WordRight:
		return wordRight(e.text, e.cur)
	case LineStart:
		return lineStart(e.text, e.cur)
	case LineEnd:
		return lineEnd(e.text, e.cur)
	case Up:
		return e.vertical(-1)
	case Down:
		return e.vertical(1)
	case TextStart:
		return 0
	case TextEnd:
		return len(e.text)
	}
	return e.cur
}

func lineStart(s string, pos int) int { return strings.LastIndexByte(s[:pos], '\n') + 1 }

func lineEnd(s string, pos int) int {
	if i := strings.IndexByte(s[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(s)
}

// plainAround reports whether the characters on both sides of pos are ASCII,
// which makes pos a boundary without a look at the whole line.
func plainAround(s string, pos int) bool {
	return (pos == 0 || s[pos-1] < utf8.RuneSelf) && (pos == len(s) || s[pos] < utf8.RuneSelf)
}

// boundaryAfter returns the first cluster boundary at or after pos.
func boundaryAfter(s string, pos int) int {
	if pos <= 0 || pos >= len(s) || plainAround(s, pos) {
		return min(max(pos, 0), len(s))
	}
	start := lineStart(s, pos)
	if start == pos {
		return pos
	}
	g := graphemes.FromString(s[start:lineEnd(s, pos)])
	for g.Next() {
		if start+g.End() >= pos {
			return start + g.End()
		}
	}
	return pos
}

// boundaryBefore returns the last cluster boundary at or before pos.
func boundaryBefore(s string, pos int) int {
	if pos <= 0 || pos >= len(s) || plainAround(s, pos) {
		return min(max(pos, 0), len(s))
	}
	start := lineStart(s, pos)
	at := start
	g := graphemes.FromString(s[start:lineEnd(s, pos)])
	for g.Next() {
		if start+g.End() > pos {
			break
		}
		at = start + g.End()
	}
	return at
}

// previous returns the boundary before the one at pos.
func previous(s string, pos int) int {
	if pos <= 0 {
		return 0
	}
	if s[pos-1] == '\n' {
		return pos - 1
	}
	return boundaryBefore(s, pos-1)
}

// next returns the boundary after the one at pos.
func next(s string, pos int) int {
	if pos >= len(s) {
		return len(s)
	}
	return boundaryAfter(s, pos+1)
}

// isWord reports whether a segment is a word rather than space or punctuation.
func isWord(seg string) bool {
	return strings.IndexFunc(seg, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) >= 0
}

// wordRight returns the end of the next word; without one in the line, the line's end, then the next line.
func wordRight(s string, pos int) int {
	end := lineEnd(s, pos)
	if pos == end {
		return next(s, pos)
	}
	w := words.FromString(s[pos:end])
	for w.Next() {
		if isWord(w.Value()) {
			return boundaryAfter(s, pos+w.End())
		}
	}
	return end
}

// wordLeft returns the start of the word before.
func wordLeft(s string, pos int) int {
	start := lineStart(s, pos)
	if pos == start {
		return previous(s, pos)
	}
	at := start
	w := words.FromString(s[start:pos])
	for w.Next() {
		if isWord(w.Value()) {
			at = start + w.Start()
		}
	}
	return boundaryBefore(s, at)
}
