package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// TriggerKind says what a completion is about.
type TriggerKind uint8

// Kinds of completion.
const (
	CompleteMember  TriggerKind = iota // @name
	CompleteRoom                       // #channel
	CompleteEmoji                      // :shortcode
	CompleteCommand                    // /command, at the start only
)

// Trigger is the stretch before the cursor that could be completed.
type Trigger struct {
	Kind  TriggerKind
	Query string // what stands behind the mark, without it
	From  int    // byte offset of the mark
	To    int    // the cursor
}

// maxQuery is how far back a completion looks, in bytes.
const maxQuery = 64

// minEmojiQuery keeps `:)` and `10:3` from opening a list.
const minEmojiQuery = 2

// Trigger returns what could be completed at the cursor.
func (e *Editor) Trigger() (Trigger, bool) {
	if e.anchor != noAnchor && e.anchor != e.cur {
		return Trigger{}, false
	}
	start := e.cur
	for start > 0 && e.cur-start < maxQuery {
		r, n := utf8.DecodeLastRuneInString(e.text[:start])
		if unicode.IsSpace(r) {
			break
		}
		start -= n
	}
	token := e.text[start:e.cur]
	if token == "" {
		return Trigger{}, false
	}
	t := Trigger{Query: token[1:], From: start, To: e.cur}
	switch token[0] {
	case '@':
		t.Kind = CompleteMember
	case '#':
		t.Kind = CompleteRoom
	case '/':
		t.Kind = CompleteCommand
		if start != 0 || strings.Contains(t.Query, "/") {
			return Trigger{}, false
		}
	case ':':
		t.Kind = CompleteEmoji
		if len(t.Query) < minEmojiQuery || strings.ContainsFunc(t.Query, notShortcode) {
			return Trigger{}, false
		}
	default:
		return Trigger{}, false
	}
	return t, true
}

// ClosedShortcode returns the shortcode that the cursor stands right behind, as
// in `:tada:`, and where it starts.
func (e *Editor) ClosedShortcode() (code string, from int, ok bool) {
	head := e.text[:e.cur]
	if !strings.HasSuffix(head, ":") {
		return "", 0, false
	}
	head = head[:len(head)-1]
	from = strings.LastIndexByte(head, ':')
	if from < 0 || len(head)-from > maxQuery {
		return "", 0, false
	}
	code = head[from+1:]
	if code == "" || strings.ContainsFunc(code, notShortcode) {
		return "", 0, false
	}
	if r, _ := utf8.DecodeLastRuneInString(head[:from]); from > 0 && !unicode.IsSpace(r) {
		return "", 0, false
	}
	return code, from, true
}

// notShortcode reports whether r occurs in no shortcode.
func notShortcode(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '+' && r != '-'
}
