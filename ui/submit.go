package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	chatpane "hubbub/ui/internal/pane/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// submit sends what was written, or runs the command that it is.
func (w *window) submit(out chat.Outgoing) tea.Cmd {
	w.stopTyping()
	w.status.Next(w.clock.Now(), true)
	written := chat.Draft{Room: out.Room, Text: out.Text, ReplyTo: out.ReplyTo, Edit: out.Edit}
	send, cmd, done := w.slash(out)
	switch {
	case !done:
		w.chat.Restore(written)
	case send != nil && w.have()&keymap.NeedSend == 0:
		w.say(words.Disabled("send"), true)
		w.chat.Restore(written)
	case send != nil:
		w.submitted = submitted{written, w.clock.Now()}
		w.back.Sender.Send(*send)
	}
	return cmd
}

// submitted is what was written last, in case it comes back.
type submitted struct {
	chat.Draft
	at time.Time
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
	if n.Ref != "" || n.Room != s.Room || s.Text == "" || w.clock.Now().Sub(s.at) > comesBack {
		return
	}
	w.submitted = submitted{}
	w.chat.Bring(s.Draft)
}

// adoptDraft takes what the sending side has put back as the draft of a
// channel, such as the text of an edit that was refused, unless something is
// being written there.
func (w *window) adoptDraft(room chat.RoomID) tea.Cmd {
	reader := w.back.Reader
	return query(w, askDraft, diskLimit, func(ctx context.Context) ([]chat.Draft, error) {
		return reader.Drafts(ctx)
	}, func(all []chat.Draft, err error) tea.Cmd {
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		i := slices.IndexFunc(all, func(d chat.Draft) bool { return d.Room == room })
		switch {
		case i < 0 || w.drafts[room].Text != "":
		case room == w.room:
			w.chat.Bring(all[i])
		default:
			w.drafts[room] = all[i]
		}
		return nil
	})
}

// discard drops a message that was not sent. Its text goes back to the
// composer; where something else is being written there, it is asked first.
func (w *window) discard(m *chat.Message) {
	d := unsentDraft(m)
	if d.Text != "" && w.chat.Bring(d) {
		w.back.Sender.Discard(m.Key)
		w.say(words.DiscardedBack, false)
		return
	}
	question, done := words.DiscardFile, words.Discarded
	if d.Text != "" {
		key := w.keys.Key(keymap.Composer, keymap.HistoryPrev)
		question, done = words.DiscardQuestion(key), words.DiscardedKept(key)
	}
	w.show(&dialog.Confirm{
		Name: dialogDiscard, Head: safe.Lit(words.DiscardTitle), Question: safe.Own(question + " " + preview(m)),
		Yes: func() tea.Cmd {
			w.chat.Remember(d.Text)
			w.back.Sender.Discard(m.Key)
			w.say(done, false)
			return nil
		},
	})
}

// unsentDraft returns what would have to be written to send a message again; without text for a file.
func unsentDraft(m *chat.Message) chat.Draft {
	d, text := chat.Draft{Room: m.Room}, chatpane.Source(m)
	if m.Reply != nil {
		d.ReplyTo = m.Reply.ID
	}
	switch {
	case m.Media != nil || m.Body == "":
		return chat.Draft{Room: m.Room}
	case m.Kind == chat.KindEmote:
		d.Text = "/me " + text
	case m.Kind == chat.KindNotice:
		d.Text = "/notice " + text
	case strings.HasPrefix(m.Body, "/"):
		d.Text = "/" + text
	default:
		d.Text = text
	}
	return d
}
