package chat

import (
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/compose"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/words"
)

// Type puts typed text into the composer; in message mode it goes back to writing.
func (p *Pane) Type(s string) {
	if !p.open {
		return
	}
	if p.mode == Reading {
		p.setMode(Writing)
	}
	if !p.ed.Insert(s) {
		p.say(words.PasteFull)
	}
	if s == ":" {
		p.closeShortcode()
	}
	p.typed()
}

// closeShortcode puts the emoji in place of `:name:`.
func (p *Pane) closeShortcode() {
	code, from, ok := p.ed.ClosedShortcode()
	if !ok {
		return
	}
	if e := p.table().Lookup(code); e != "" {
		p.ed.Replace(from, p.ed.Cursor(), e)
	}
}

// Paste puts pasted text into the composer. Long ones are asked about first.
func (p *Pane) Paste(s string) {
	if !p.open {
		return
	}
	if n := compose.Lines(s); n > compose.PasteLimit {
		p.want(Intent{Kind: IntentPaste, Text: s, Count: n})
		return
	}
	p.PasteNow(s)
}

// PasteNow puts text into the composer without asking.
func (p *Pane) PasteNow(s string) {
	p.setMode(Writing)
	if !p.ed.Paste(strings.TrimRight(s, "\r\n")) {
		p.say(words.PasteFull)
	}
	p.typed()
}

// typed follows from any change of the composer's text.
func (p *Pane) typed() {
	p.complete()
	p.dirty |= partText
	p.want(Intent{Kind: IntentDraft, Draft: p.Draft()})
}

// submit sends what is written.
func (p *Pane) submit() {
	if !p.open || p.ed.Blank() {
		return
	}
	out := chat.Outgoing{Room: p.room.ID, Kind: chat.OutText, Text: p.expand(p.ed.Text())}
	d := p.Draft()
	out.ReplyTo, out.Edit = d.ReplyTo, d.Edit
	if p.reply != nil {
		out.Thread = p.reply.ThreadRoot
	}
	p.ed.Remember(p.ed.Text())
	p.want(Intent{Kind: IntentSubmit, Out: out})
	rest := ""
	if out.Edit != "" {
		rest = p.stash
	}
	p.reply, p.edit, p.replyID, p.editID, p.stash = nil, nil, "", "", ""
	delete(p.stashes, p.room.ID)
	p.ed.Load(rest, len(rest))
	p.popup = popup{}
	p.dirty |= partComposer | partTimeline
	p.want(Intent{Kind: IntentDraft, Draft: p.Draft()})
	if out.Edit == "" {
		p.toNewest()
	}
}

// Restore puts a text back that could not be sent as it is, such as a slash
// command with a mistake, with what it answers or changes.
func (p *Pane) Restore(d chat.Draft) {
	p.cancelEdit()
	p.reply, p.replyID, p.editID = nil, d.ReplyTo, d.Edit
	p.load(d.Text, len(d.Text))
	p.adopt()
	p.setMode(Writing)
	p.typed()
	p.dirty |= partComposer | partTimeline
}

// Bring is Restore where nothing is being written, and reports whether that is so.
func (p *Pane) Bring(d chat.Draft) bool {
	if !p.open || d.Room != p.room.ID || !p.ed.Blank() || p.replyID != "" || p.editID != "" {
		return false
	}
	p.Restore(d)
	return true
}

// Remember lets the history of what was sent bring a text back.
func (p *Pane) Remember(text string) { p.ed.Remember(text) }

// startReply begins an answer.
func (p *Pane) startReply(m *chat.Message) {
	p.cancelEdit()
	p.reply, p.replyID = copyOf(m), m.ID
	p.setMode(Writing)
	p.typed()
	p.dirty |= partTimeline | partComposer
}

// startEdit begins to change an own message. What was being written comes back afterwards.
func (p *Pane) startEdit(m *chat.Message) {
	if !timeline.Editable(m) {
		p.say(words.Disabled("own"))
		return
	}
	p.cancelEdit()
	p.stash = p.ed.Text()
	p.stashes[p.room.ID] = p.stash
	p.reply, p.replyID = nil, ""
	p.edit, p.editID = copyOf(m), m.ID
	p.load(Source(m), -1)
	p.setMode(Writing)
	p.typed()
	p.dirty |= partTimeline | partComposer
}

func (p *Pane) cancelEdit() {
	if p.edit != nil || p.editID != "" {
		p.ed.Load(p.stash, len(p.stash))
	}
	p.edit, p.editID, p.stash = nil, "", ""
	delete(p.stashes, p.room.ID)
}

// cancel drops answer and edit and reports whether there was one.
func (p *Pane) cancel() bool {
	if p.reply == nil && p.replyID == "" && p.edit == nil && p.editID == "" {
		return false
	}
	p.reply, p.replyID = nil, ""
	p.cancelEdit()
	p.typed()
	p.dirty |= partTimeline | partComposer
	return true
}

func (p *Pane) setMode(m Mode) {
	if m == Reading && !p.list.CursorToVisible() && p.list.Cursor() < 0 {
		return
	}
	if m == Writing {
		p.list.NoCursor()
	}
	if p.mode == m {
		return
	}
	p.mode = m
	p.popup = popup{}
	p.dirty |= partComposer | partTimeline
}
