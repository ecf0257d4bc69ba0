package ui

import (
	"context"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/pane/members"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

func input(label, hint, text string) *dialog.Field {
	f := &dialog.Field{Input: pane.Input{Label: label, Placeholder: hint}}
	f.Input.Set(text)
	return f
}

func toggle(label string, on bool) *dialog.Field {
	return &dialog.Field{Input: pane.Input{Label: label}, Toggle: true, On: on}
}

// join joins by address and opens what was joined.
func (w *window) join(target string) {
	w.refs[w.back.Rooms.Join(target)] = followUp{open: true}
	w.say(words.Joining(target), false)
}

func (w *window) openJoin(address string) {
	w.show(&dialog.Form{
		Name: dialogJoin, Head: safe.Lit(words.JoinTitle), Fields: []*dialog.Field{input(words.AddressLabel, words.AddressHint, address)},
		Submit: func(f *dialog.Form) (string, tea.Cmd) {
			if f.Text(0) == "" {
				return words.NeedAddress, nil
			}
			w.join(f.Text(0))
			return "", nil
		},
	})
}

// openInvite asks whether to accept an invite. The name of the channel is
// somebody else's text: who invites, and from where, stands beside it.
func (w *window) openInvite(r *chat.Room) tea.Cmd {
	id, inviter, reader := r.ID, r.Inviter, w.back.Reader
	intro := []safe.Text{safe.Line(r.Name), safe.Own(words.InviteQuestion(string(inviter), r.Direct))}
	if r.Reason != "" {
		intro = append(intro, safe.Line(r.Reason))
	}
	m := dialog.NewMenu(dialogInvited, safe.Lit(words.InvitedTitle), []dialog.Item{
		{Title: safe.Lit(words.Accept), Detail: safe.Lit("a"), Do: func() tea.Cmd { w.join(string(id)); return nil }},
		{Title: safe.Lit(words.Decline), Detail: safe.Lit("d"), Do: func() tea.Cmd {
			w.refs[w.back.Rooms.Leave(id)] = followUp{leaves: id}
			return nil
		}},
	})
	m.Intro = append(intro, safe.Lit(" "))
	w.show(m)
	direct := r.Direct
	return query(w, askInviter, diskLimit, func(ctx context.Context) ([]chat.Member, error) {
		return reader.Members(ctx, id)
	}, func(known []chat.Member, err error) tea.Cmd {
		i := slices.IndexFunc(known, func(m chat.Member) bool { return m.User == inviter })
		if err != nil || i < 0 {
			return nil // the id says it too
		}
		if name := safe.Line(known[i].Name).String(); name != "" && name != string(inviter) {
			m.Intro[1] = safe.Own(words.InviteQuestion(name, direct))
			m.Intro = slices.Insert(m.Intro, 2, safe.Line(string(inviter)))
			w.dialogs.Changed()
		}
		return nil
	})
}

// openPerson shows what can be done with a member.
func (w *window) openPerson(m chat.Member) {
	name := members.Name(m)
	menu := dialog.NewMenu(dialogPerson, safe.Line(name), []dialog.Item{
		{Title: safe.Lit(words.MentionPerson), Detail: safe.Lit("m"), Do: func() tea.Cmd {
			w.setFocus(focusChat)
			return w.mention(m)
		}},
		{Title: safe.Lit(words.DirectTo), Detail: safe.Lit("d"), Do: func() tea.Cmd { return w.direct(m.User) }},
		{Title: safe.Lit(words.WhyPerson), Detail: safe.Lit("i"), Do: func() tea.Cmd { return w.openPersonInfo(m.User) }},
		{Title: safe.Lit(words.VerifyPersonItem), Detail: safe.Lit("v"), Do: func() tea.Cmd { return w.startVerify(m.User, "") }},
		{Title: safe.Lit(words.CopyID), Detail: safe.Lit("y"), Do: func() tea.Cmd { w.copy(string(m.User)); return nil }},
	})
	role := words.Role(m.Power)
	if m.Power < chat.PowerCreator {
		role += " (" + strconv.Itoa(m.Power) + ")"
	}
	menu.Intro = []safe.Text{safe.Line(string(m.User)), safe.Own(role), safe.Lit(" ")}
	w.show(menu)
}

// markAllRead marks the open channel as read up to its newest message, which it shows.
func (w *window) markAllRead() tea.Cmd {
	w.reading.keep, w.reading.now = false, true
	w.reading.marked = ""
	w.chat.ForgetNew()
	w.say(words.MarkedRead, false)
	return w.chatDo(keymap.Newest)
}
