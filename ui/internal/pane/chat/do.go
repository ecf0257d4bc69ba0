package chat

import (
	"hubbub/ui/internal/compose"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/words"
)

// Do carries out a named action and reports whether it was the pane's. While
// the completion list is open it also takes next-pane (Tab), which completes.
func (p *Pane) Do(a keymap.Action) bool {
	if p.Popup() && p.mode == Writing && p.doPopup(a) {
		return true
	}
	if p.doScroll(a) {
		return true
	}
	if p.mode == Writing && (p.doText(a) || p.doMotion(a)) {
		return true
	}
	if p.doMode(a) {
		return true
	}
	return p.mode == Reading && p.doMessage(a)
}

func (p *Pane) doPopup(a keymap.Action) bool {
	switch a {
	case keymap.Send:
		if p.finished() {
			return false
		}
		p.accept()
	case keymap.Complete, keymap.NextPane:
		p.accept()
	case keymap.EditUp:
		p.choose(-1)
	case keymap.EditDown, keymap.PrevPane:
		p.choose(1)
	case keymap.MessageMode:
		p.closePopup()
	default:
		return false
	}
	return true
}

// doScroll has the actions that move the timeline in either mode.
func (p *Pane) doScroll(a keymap.Action) bool {
	switch a {
	case keymap.ScrollUp, keymap.PageUp:
		p.page(-1)
	case keymap.ScrollDown, keymap.PageDown:
		p.page(1)
	case keymap.Newest:
		p.toNewest()
	case keymap.FirstNew:
		p.toFirstNew()
	default:
		return false
	}
	return true
}

// doMode has the actions that lead from one mode to the other.
func (p *Pane) doMode(a keymap.Action) bool {
	switch a {
	case keymap.MessageMode:
		if !p.cancel() {
			p.setMode(Reading)
		}
	case keymap.Write:
		p.setMode(Writing)
	default:
		return false
	}
	return true
}

// doText has the actions that change the text.
func (p *Pane) doText(a keymap.Action) bool {
	e := p.ed
	switch a {
	case keymap.Send:
		p.submit()
		return true
	case keymap.Editor:
		p.want(Intent{Kind: IntentEditor, Text: e.Text()})
		return true
	case keymap.Complete:
		p.popup.closed = compose.Trigger{}
		p.complete()
		return true
	case keymap.NewLine:
		e.Newline()
	case keymap.HistoryPrev:
		e.HistoryBack()
	case keymap.HistoryNext:
		e.HistoryForward()
	case keymap.DeleteBack:
		e.Delete(compose.Left)
	case keymap.DeleteForward:
		e.Delete(compose.Right)
	case keymap.DeleteWord:
		e.Kill(compose.WordLeft)
	case keymap.DeleteWordFwd:
		e.Kill(compose.WordRight)
	case keymap.KillToStart:
		e.Kill(compose.LineStart)
	case keymap.KillToEnd:
		if !e.Kill(compose.LineEnd) {
			e.Delete(compose.Right)
		}
	case keymap.Yank:
		e.Yank()
	case keymap.Undo:
		e.Undo()
	case keymap.Redo:
		e.Redo()
	default:
		return false
	}
	p.typed()
	return true
}

// doMotion has the actions that move the cursor of the composer.
func (p *Pane) doMotion(a keymap.Action) bool {
	e := p.ed
	switch a {
	case keymap.CharLeft:
		e.Move(compose.Left)
	case keymap.CharRight:
		e.Move(compose.Right)
	case keymap.WordLeft:
		e.Move(compose.WordLeft)
	case keymap.WordRight:
		e.Move(compose.WordRight)
	case keymap.LineStart:
		e.Move(compose.LineStart)
	case keymap.LineEnd:
		e.Move(compose.LineEnd)
	case keymap.TextStart:
		e.Move(compose.TextStart)
	case keymap.TextEnd:
		e.Move(compose.TextEnd)
	case keymap.SelectLeft:
		e.Select(compose.Left)
	case keymap.SelectRight:
		e.Select(compose.Right)
	case keymap.SelectAll:
		e.SelectAll()
	case keymap.EditUp:
		p.up()
	case keymap.EditDown:
		e.Move(compose.Down)
	default:
		return false
	}
	p.complete()
	p.dirty |= partText
	return true
}

// up moves a row up; in an empty composer it edits the newest own message.
func (p *Pane) up() {
	if !p.ed.Empty() || p.edit != nil {
		p.ed.Move(compose.Up)
		return
	}
	if m := p.tl.LastOwn(); m != nil {
		p.startEdit(m)
		return
	}
	p.say(words.NothingToSay)
}
