package ui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// mostPeople is how many people are found for what was typed.
const mostPeople = 20

// who is a choice of a person: by the name of somebody one shares a channel
// with, or by any id.
type who struct {
	id, title string
	room      chat.RoomID // whose members are not offered, or ""
	text      string      // in the input to begin with
	do        func(u chat.UserID) tea.Cmd
}

// openWho lets a person be chosen.
func (w *window) openWho(q who) {
	known := map[chat.UserID]bool{w.back.Account.User: true}
	item := func(m *chat.Member) dialog.Item { return w.personItem(m, q.do) }
	var items []dialog.Item
	for _, m := range w.people.List().People {
		if q.room == w.room {
			known[m.User] = true
			continue
		}
		if !known[m.User] && m.Membership == chat.MemberJoined {
			known[m.User] = true
			items = append(items, item(&m))
		}
	}
	p := dialog.NewPicker(q.id, q.title, words.PersonFind, items)
	p.Free = func(text string) *dialog.Item {
		u := chat.UserID(text)
		if !u.Valid() {
			return nil
		}
		return &dialog.Item{Whole: true, Title: safe.Line(text), Mark: w.theme.Glyphs.Person, Do: func() tea.Cmd { return q.do(u) }}
	}
	p.Search = w.findPeople(p, func() map[chat.UserID]bool { return known }, item)
	p.Set(q.text)
	w.show(p)
}

// personItem is a person in a picker: the name, unless it could be somebody
// else's, and the id, which is nobody else's.
func (w *window) personItem(m *chat.Member, do func(u chat.UserID) tea.Cmd) dialog.Item {
	user := m.User
	it := dialog.Item{
		Title: safe.Own(timeline.NameAlone(m.Name, user, m.Ambiguous)), Detail: safe.Line(string(user)),
		Mark: w.theme.Glyphs.Person, Find: m.Name, Also: string(user), Do: func() tea.Cmd { return do(user) },
	}
	if it.Title == it.Detail {
		it.Detail = safe.Text{}
	}
	return it
}

// findPeople looks for people by what was typed into a picker. skip returns who
// is not to be found; who has an id that does not show as it is never is.
func (w *window) findPeople(p *dialog.Picker, skip func() map[chat.UserID]bool, item func(*chat.Member) dialog.Item) func(string) tea.Cmd {
	reader := w.back.Reader
	return func(text string) tea.Cmd {
		return query(w, askPeople, diskLimit, func(ctx context.Context) ([]chat.Member, error) {
			return reader.People(ctx, text, mostPeople)
		}, func(found []chat.Member, err error) tea.Cmd {
			if err != nil {
				w.log.Info("People were not found", "problem", problemOf(err).Kind.String())
				return nil
			}
			skipped := skip()
			found = slices.DeleteFunc(found, func(m chat.Member) bool {
				return skipped[m.User] || strings.ContainsFunc(string(m.User), unseen)
			})
			called := map[string]int{}
			for i := range found {
				called[found[i].Name]++
			}
			items := make([]dialog.Item, len(found))
			for i := range found {
				found[i].Ambiguous = called[found[i].Name] > 1
				items[i] = item(&found[i])
			}
			p.Found(text, items)
			w.dialogs.Changed()
			return nil
		})
	}
}

// lookUp asks for what only a query finds, once no more keys come at once.
func (w *window) lookUp() tea.Cmd {
	p, ok := w.dialogs.Top().(*dialog.Picker)
	if !ok || !w.early().IsZero() {
		return nil
	}
	return p.LookUp()
}

// openDirect starts a direct message; one that exists is opened instead of a second.
func (w *window) openDirect(user string) {
	w.openWho(who{id: dialogDirect, title: words.DMTitle, text: user, do: w.direct})
}

// askDirect opens the direct message with a person. Where there is none it asks
// first: that person is told.
func (w *window) askDirect(u chat.UserID) tea.Cmd {
	if w.directWith(u) != "" {
		return w.direct(u)
	}
	w.show(&dialog.Confirm{
		Name: dialogAskDirect, Head: safe.Lit(words.DMTitle), Question: safe.Own(words.DirectQuestion(string(u))),
		Yes: func() tea.Cmd { return w.direct(u) },
	})
	return nil
}

// written returns the account and everybody with whom there is a direct message.
func (w *window) written() map[chat.UserID]bool {
	all := map[chat.UserID]bool{w.back.Account.User: true}
	w.list.All(func(r *chat.Room) bool {
		if r.Direct && r.Membership == chat.MemberJoined {
			all[r.DirectWith] = true
		}
		return true
	})
	return all
}

// directWith returns the direct message with a person, or "".
func (w *window) directWith(u chat.UserID) chat.RoomID {
	var known chat.RoomID
	w.list.All(func(r *chat.Room) bool {
		if r.Direct && r.DirectWith == u && r.Membership == chat.MemberJoined && (known == "" || r.ID < known) {
			known = r.ID
		}
		return true
	})
	return known
}

// direct opens the direct message with a person, or makes one.
func (w *window) direct(u chat.UserID) tea.Cmd {
	if known := w.directWith(u); known != "" {
		return w.open(known)
	}
	w.refs[w.back.Rooms.Create(chat.NewRoom{Direct: true, Invite: []chat.UserID{u}})] = followUp{open: true}
	return nil
}

// openInvitePerson invites somebody to the channel.
func (w *window) openInvitePerson(user string) {
	r := w.target()
	if r == nil {
		return
	}
	room := r.ID
	w.openWho(who{
		id: dialogInvite, title: words.InviteTitle + " · " + roomTitle(r), room: room, text: user,
		do: func(u chat.UserID) tea.Cmd {
			w.refs[w.back.Rooms.Invite(room, u)] = followUp{}
			return nil
		},
	})
}
