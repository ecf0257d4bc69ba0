package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/words"
)

// submit sends what was written, or runs the command that it is.
func (w *window) submit(out chat.Outgoing) tea.Cmd {
	w.stopTyping()
	written := out.Text
	send, cmd, done := w.slash(out)
	switch {
	case !done:
		w.chat.Restore(out.Text)
	case send != nil && w.have()&keymap.NeedSend == 0:
		w.say(words.Disabled("send"), true)
		w.chat.Restore(out.Text)
	case send != nil:
		w.submitted = submitted{out.Room, written, w.clock.Now()}
		w.back.Sender.Send(*send)
	}
	return cmd
}

// submitted is what was written last, in case it comes back.
type submitted struct {
	room chat.RoomID
	text string
	at   time.Time
}

// comesBack is how soon after it was written a text is refused on this machine.
const comesBack = 5 * time.Second

// giveBack puts a text that could not even be queued back into the composer.
func (w *window) giveBack(n chat.Notice) {
	s := w.submitted
	switch n.Problem.Kind {
	case chat.ProblemTooLarge, chat.ProblemBadInput, chat.ProblemNotFound, chat.ProblemReadOnly:
	default:
		return
	}
	if n.Ref != "" || n.Room != s.room || n.Room != w.room || s.text == "" || w.chat.Text() != "" || w.clock.Now().Sub(s.at) > comesBack {
		return
	}
	w.submitted = submitted{}
	w.chat.Restore(s.text)
}
