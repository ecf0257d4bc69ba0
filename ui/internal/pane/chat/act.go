package chat

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/words"
)

// doMessage has the actions of message mode.
func (p *Pane) doMessage(a keymap.Action) bool {
	switch a {
	case keymap.MessageUp:
		p.move(-1)
	case keymap.MessageDown:
		p.move(1)
	case keymap.HalfUp:
		p.list.HalfPage(-1, p.tl.AtNewest())
		p.moved()
	case keymap.HalfDown:
		p.list.HalfPage(1, p.tl.AtNewest())
		p.moved()
	case keymap.MessageFirst:
		p.toItem(0, 1)
	case keymap.MessageLast:
		p.toNewest()
		p.toItem(p.tl.Len()-1, -1)
	default:
		m := p.Selected()
		return m != nil && p.doWith(a, copyOf(m))
	}
	return true
}

// doWith has the actions on the message under the cursor.
func (p *Pane) doWith(a keymap.Action, m *chat.Message) bool {
	kind := IntentMenu
	switch a {
	case keymap.Reply:
		if m.ID == "" {
			p.say(words.Disabled("message"))
		} else {
			p.startReply(m)
		}
		return true
	case keymap.Edit:
		p.startEdit(m)
		return true
	case keymap.Expand:
		p.toggle()
		return true
	case keymap.JumpReply:
		if m.Reply == nil {
			p.say(words.Disabled("reply"))
		} else {
			p.Jump(m.Reply.ID)
		}
		return true
	case keymap.Copy:
		p.copyText(m)
		return true
	case keymap.Open:
		p.openLinks(m)
		return true
	case keymap.Menu:
	case keymap.React:
		kind = IntentReact
	case keymap.Delete:
		kind = IntentDelete
		if m.Send == chat.SendError || m.Send == chat.Waiting {
			kind = IntentDiscard
		}
	case keymap.Details:
		kind = IntentDetails
	case keymap.Save:
		kind = IntentSave
	case keymap.Retry:
		kind = IntentRetry
	case keymap.Discard:
		kind = IntentDiscard
	case keymap.MarkUnread:
		kind = IntentMarkUnread
	default:
		return false
	}
	if why := p.refusal(kind, m); why != "" {
		p.say(words.Disabled(why))
		return true
	}
	p.want(Intent{Kind: kind, Message: m, Links: p.Links(m)})
	return true
}

// refusal names the need that a message does not meet, or "".
func (p *Pane) refusal(kind IntentKind, m *chat.Message) string {
	switch kind {
	case IntentReact:
		switch {
		case m.Kind == chat.KindRedacted:
			return "undeleted"
		case m.ID == "" || m.Kind == chat.KindState:
			return "message"
		}
	case IntentDelete:
		switch {
		case m.Kind == chat.KindRedacted:
			return "undeleted"
		case m.ID == "":
			return "message"
		case !p.MayDelete(m):
			return "delete"
		}
	case IntentSave:
		if m.Media == nil {
			return "file"
		}
	case IntentRetry:
		waits := m.Kind == chat.KindUndecrypted && words.KeyMayCome(m.Cause)
		if !waits && m.Send != chat.SendError && m.Send != chat.Waiting {
			return "retry"
		}
	case IntentDiscard:
		if m.Send != chat.SendError && m.Send != chat.Waiting {
			return "failed"
		}
	}
	return ""
}

func (p *Pane) copyText(m *chat.Message) {
	text := m.Body
	switch m.Kind {
	case chat.KindState:
		text = timeline.StateLine(m)
	case chat.KindText, chat.KindNotice, chat.KindEmote:
		if m.HTML != "" { // the plain body may say something else
			i := p.list.Cursor()
			text = p.body(m).Text(i >= 0 && p.tl.At(i).Open())
		}
	}
	if text == "" {
		p.say(words.Disabled("text"))
		return
	}
	p.want(Intent{Kind: IntentCopy, Text: text, Message: m})
}

// openLinks opens the links of a message, or its file.
func (p *Pane) openLinks(m *chat.Message) {
	if links := p.Links(m); len(links) > 0 {
		p.want(Intent{Kind: IntentOpenLinks, Message: m, Links: links})
		return
	}
	if m.Media != nil {
		p.want(Intent{Kind: IntentSave, Message: m})
		return
	}
	p.say(words.Disabled("link"))
}

// toggle unfolds or folds what is under the cursor; on a gap it tries again.
func (p *Pane) toggle() {
	i := p.list.Cursor()
	if i < 0 {
		return
	}
	if p.tl.At(i).Kind == timeline.KindGap {
		p.Retry()
		return
	}
	if p.tl.Toggle(i) {
		p.touched()
	}
}

// move moves the cursor of message mode.
func (p *Pane) move(by int) {
	if by > 0 && p.list.AtEnd() && !p.tl.AtNewest() {
		return // more is on its way
	}
	p.list.MoveCursor(by, p.tl.AtNewest())
	p.moved()
}

// toItem puts the cursor on the first item from i on, in a direction, that can hold it.
func (p *Pane) toItem(i, by int) {
	for ; i >= 0 && i < p.tl.Len(); i += by {
		if (source{p}).Selectable(i) {
			p.list.SetCursor(i, p.tl.AtNewest())
			break
		}
	}
	if by > 0 && p.tl.Len() > 0 {
		p.list.Top(0, p.tl.AtNewest())
	}
	p.moved()
}

func (p *Pane) page(by int) {
	p.list.Page(by, p.tl.AtNewest())
	p.moved()
}

// moved follows from any change of what is visible.
func (p *Pane) moved() {
	if p.list.Following() {
		p.below = 0
	}
	p.dirty |= partTimeline
}
