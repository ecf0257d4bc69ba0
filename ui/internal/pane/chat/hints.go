package chat

import (
	"slices"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/words"
)

// key returns the key of an action as people write it, or "".
func (p *Pane) key(c keymap.Context, a keymap.Action) string {
	if p.opts.Keys == nil {
		return ""
	}
	return p.opts.Keys.Key(c, a)
}

// SetShiftEnter says whether the terminal tells Shift+Enter from Enter.
func (p *Pane) SetShiftEnter(works bool) {
	if p.shiftEnter != works {
		p.shiftEnter = works
		p.dirty |= partFrame
	}
}

// newLineKey returns the first key for a new line that this terminal has, or "".
func (p *Pane) newLineKey() string {
	if p.opts.Keys == nil {
		return ""
	}
	b, _ := p.opts.Keys.Find(keymap.Composer, keymap.NewLine)
	for _, k := range b.Keys {
		if k != "shift+enter" || p.shiftEnter {
			return words.Key(k)
		}
	}
	return ""
}

// hints lists what can be done now, the most useful first.
func (p *Pane) hints() []string {
	switch {
	case p.mode == Reading:
		return p.readingHints(p.Selected())
	case p.readOnly() != "":
		return p.asHints(keymap.Composer, hint{keymap.MessageMode, words.HintRead})
	}
	does := words.HintSend
	if p.edit != nil {
		does = words.HintSave
	}
	out := p.asHints(keymap.Composer, hint{keymap.Send, does})
	newline := p.asHints(keymap.Composer, hint{keymap.NewLine, words.HintNewline})
	var read []string
	if p.replyID == "" && p.editID == "" { // else the key takes them back
		read = p.asHints(keymap.Composer, hint{keymap.MessageMode, words.HintRead})
	}
	if p.w < narrow {
		return slices.Concat(out, read, newline)
	}
	return slices.Concat(out, newline, []string{words.HintMarks}, read)
}

// narrow is the width below which the way to the messages matters more than the key for a new line.
const narrow = 44

// hint is what an action does, in a word or two.
type hint struct {
	do   keymap.Action
	does string
}

// asHints writes what the keys of actions do. What has no key is left out.
func (p *Pane) asHints(c keymap.Context, hints ...hint) []string {
	var out []string
	for _, h := range hints {
		key := p.key(c, h.do)
		if h.do == keymap.NewLine {
			key = p.newLineKey()
		}
		switch {
		case key == "":
		case p.th.ASCII:
			out = append(out, key+" "+h.does)
		default:
			out = append(out, words.Hint(key, h.does))
		}
	}
	return out
}

// SetPower takes what the account may do in a room.
func (p *Pane) SetPower(room chat.RoomID, power chat.Power) {
	if room != p.room.ID || power == p.power {
		return
	}
	p.power = power
	p.dirty |= partFrame // the hints
}

// MayDelete reports whether the account may delete a message: its own, and
// those of others where its power level is enough. What is not known is not denied.
func (p *Pane) MayDelete(m *chat.Message) bool {
	return m.Own || !p.power.Known || p.power.Own >= p.power.Redact
}

// readingHints are those of the message under the cursor, which may be nil.
func (p *Pane) readingHints(m *chat.Message) []string {
	var out []hint
	add := func(when bool, do keymap.Action, does string) {
		if when {
			out = append(out, hint{do, does})
		}
	}
	unsent := m != nil && (m.Send == chat.SendError || m.Send == chat.Waiting)
	there := m != nil && m.ID != "" // at the homeserver
	undeleted := m != nil && m.Kind != chat.KindRedacted
	waits := m != nil && m.Kind == chat.KindUndecrypted && words.KeyMayCome(m.Cause)
	text := undeleted && (m.Body != "" || m.Kind == chat.KindState)
	add(unsent, keymap.Retry, words.HintRetry)
	add(waits, keymap.Retry, words.HintLook)
	add(unsent, keymap.Discard, words.HintDiscard)
	add(there && p.room.CanSend, keymap.Reply, words.HintReply)
	add(there && undeleted && p.room.CanSend && m.Kind != chat.KindState, keymap.React, words.HintReact)
	add(m != nil && p.room.CanSend && timeline.Editable(m), keymap.Edit, words.HintEdit)
	add(text, keymap.Copy, words.HintCopy)
	add(there && m.Media != nil, keymap.Save, words.HintSaveFile)
	add(there && undeleted && p.MayDelete(m), keymap.Delete, words.HintDelete)
	add(unsent || waits, keymap.Details, words.HintWhy)
	add(m != nil, keymap.Menu, words.HintMenu)
	add(true, keymap.Write, words.HintWrite)
	return p.asHints(keymap.Message, out...)
}
