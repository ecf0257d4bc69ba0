package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openChannelInfo says what is known of a channel: what protects it, who can
// read it, and what it is.
func (w *window) openChannelInfo() tea.Cmd {
	r := w.target()
	if r == nil {
		return nil
	}
	return w.openRoomInfo(r)
}

func (w *window) openRoomInfo(r *chat.Room) tea.Cmd {
	room, trust := *r, w.back.Trust
	s := info.New(dialogDetails, safe.Own(words.WhyTitle+" · "+roomTitle(r)), w.keys)
	w.showRoomInfo(s, room, nil)
	if trust == nil {
		return w.sheet(s, func() tea.Cmd { return nil })
	}
	return w.sheet(s, func() tea.Cmd {
		return query(w, askRoomInfo, networkLimit, func(ctx context.Context) (chat.RoomLock, error) {
			return trust.Lock(ctx, room.ID)
		}, func(l chat.RoomLock, err error) tea.Cmd {
			if err != nil {
				s.Say(words.ProblemLine(problemOf(err)), info.Bad)
			} else {
				if now := w.list.Room(room.ID); now != nil {
					room = *now
				}
				w.showRoomInfo(s, room, &l)
			}
			w.dialogs.Changed()
			return nil
		})
	})
}

func (w *window) showRoomInfo(s *info.Sheet, r chat.Room, l *chat.RoomLock) {
	var lines []info.Line
	space := r.Type == chat.RoomSpace
	encrypted := r.Encrypted || l != nil && l.Encrypted
	if !space {
		lines = heading(lines, words.WhyEncryption)
		if encrypted {
			lines = sentence(lines, info.Good, words.EncryptedRoom)
		} else {
			lines = sentence(lines, info.Note, words.NotEncryptedRoom)
		}
	}
	if l != nil {
		lines = w.lockLines(lines, &r, l, encrypted)
	}
	lines = heading(lines, words.RoomAbout)
	lines = fact(lines, "topic", r.Topic)
	lines = fact(lines, "address", r.Alias)
	lines = fact(lines, "id", string(r.ID))
	lines = fact(lines, "members", words.JoinedInvited(r.Joined, r.Invited))
	lines = fact(lines, "join", words.JoinRule(r.JoinRule))
	lines = fact(lines, "history", words.HistoryReaders(r.History))
	lines = fact(lines, "version", r.Version)
	s.SetLines(lines)
	s.Column = 20
	s.Actions = w.roomActions(s, &r, l)
}

// lockLines say who can read, with which key, and who cannot.
func (w *window) lockLines(lines []info.Line, r *chat.Room, l *chat.RoomLock, encrypted bool) []info.Line {
	if !encrypted { // everybody can read it: there are no keys to give, but to the channels of a server
		return w.policyLines(lines, r, l)
	}
	for _, u := range l.Changed {
		lines = append(lines, info.Line{
			Level: info.Warn, Name: safe.Own(words.InfoName("changed")), Text: safe.Own(w.nameOf(u)), ID: "changed " + string(u),
			Choose: func() tea.Cmd { return w.openPersonInfo(u) },
		})
	}
	lines = fact(lines, "readers", words.RoomReaders(l.People, l.Sessions))
	if l.Unsigned > 0 {
		lines = append(lines, info.Line{Level: info.Warn, Name: safe.Own(words.InfoName("unsigned")), Text: safe.Own(words.UnsignedSessions(l.Unsigned))})
	}
	lines = w.policyLines(lines, r, l)
	if l.HasKey {
		age, used := words.KeyLife(l)
		lines = fact(lines, "age", age)
		lines = fact(lines, "used", used)
	} else {
		lines = fact(lines, "age", words.NoKeyYet)
	}
	lines = fact(lines, "algorithm", l.Algorithm)
	shares := words.SharesHistoryOff
	if l.SharesHistory {
		shares = words.SharesHistoryOn
	}
	lines = fact(lines, "shares", shares)
	if l.ExcludedCount == 0 && len(l.Excluded) == 0 {
		return lines
	}
	lines = heading(lines, words.LeftOut(max(l.ExcludedCount, len(l.Excluded))))
	for _, x := range l.Excluded {
		line := w.sessionLine(x)
		line.Text = safe.Own(w.nameOf(x.User) + " · " + line.Text.String())
		lines = append(lines, line)
	}
	if more := l.ExcludedCount - len(l.Excluded); more > 0 {
		lines = sentence(lines, info.Plain, words.MoreExcluded(more))
	}
	return lines
}

func (w *window) policyLines(lines []info.Line, r *chat.Room, l *chat.RoomLock) []info.Line {
	from := ""
	if p := w.list.Room(l.From); p != nil && l.From != r.ID {
		from = roomTitle(p)
	}
	share := l.Policy.Share
	if share == chat.PolicyInherit {
		share = chat.PolicyAll
	}
	if l.Encrypted || r.Encrypted || r.Type == chat.RoomSpace {
		lines = fact(lines, "policy", words.PolicyHere(share, from))
	}
	switch {
	case l.Policy.NeverPlain:
		lines = fact(lines, "plain", words.NeverPlainOn)
	case !r.Encrypted && r.Type != chat.RoomSpace:
		lines = fact(lines, "plain", words.NeverPlainOff)
	}
	return lines
}

// roomActions are what can be decided about a channel.
func (w *window) roomActions(s *info.Sheet, r *chat.Room, l *chat.RoomLock) []info.Action {
	out := []info.Action{w.copySheet(s)}
	if l == nil || r.Membership != chat.MemberJoined {
		return out
	}
	id := r.ID
	var own []info.Action
	if l.Encrypted || r.Encrypted || r.Type == chat.RoomSpace { // else there are no keys to give
		own = append(own, info.Action{Do: keymap.RoomPolicy, Run: func() tea.Cmd { return w.openPolicy(id) }})
		if server := w.list.ServerOf(id, w.side.Server()); server != "" && server != id {
			own = append(own, info.Action{Do: keymap.ServerPolicy, Run: func() tea.Cmd { return w.openPolicy(server) }})
		}
	}
	own = append(own, info.Action{Do: keymap.NeverPlain, Label: safe.Own(words.NeverPlainKey(l.Set.NeverPlain)), Run: func() tea.Cmd { return w.toggleNeverPlain(s, l) }})
	if l.HasKey {
		own = append(own, info.Action{Do: keymap.RotateKey, Run: func() tea.Cmd { w.openRotate(s, id); return nil }})
	}
	return append(own, out...)
}

// roomAction does an action of the channel's sheet from elsewhere: it opens the sheet's question for the channel meant.
func (w *window) roomAction(a keymap.Action) tea.Cmd {
	r := w.target()
	if r == nil || w.back.Trust == nil {
		w.say(words.Disabled("room"), true)
		return nil
	}
	switch a {
	case keymap.RoomPolicy:
		if !r.Encrypted && r.Type != chat.RoomSpace {
			w.say(words.NoKeysHere, false)
			return nil
		}
		return w.openPolicy(r.ID)
	case keymap.ServerPolicy:
		server := w.list.ServerOf(r.ID, w.side.Server())
		if server == "" {
			w.say(words.NotInServer, true)
			return nil
		}
		return w.openPolicy(server)
	case keymap.RotateKey, keymap.NeverPlain:
		return w.openRoomInfo(r) // the sheet says what holds now, and has the key
	}
	return nil
}

// openPolicy chooses who gets the keys of a channel, or of all channels of a server.
func (w *window) openPolicy(room chat.RoomID) tea.Cmd {
	trust := w.back.Trust
	return query(w, askPolicy, networkLimit, func(ctx context.Context) (chat.RoomLock, error) {
		return trust.Lock(ctx, room)
	}, func(l chat.RoomLock, err error) tea.Cmd {
		r := w.list.Room(room)
		switch {
		case err != nil:
			w.sayProblem(problemOf(err))
		case r != nil:
			w.showPolicy(r, l)
		}
		return nil
	})
}

func (w *window) showPolicy(r *chat.Room, l chat.RoomLock) {
	room, set := r.ID, l.Set
	alone := r.Type == chat.RoomSpace || w.list.ServerOf(room, "") == "" // nothing to inherit from
	var items []dialog.Item
	for i, p := range []chat.Policy{chat.PolicyAll, chat.PolicySigned, chat.PolicyVerified, chat.PolicyInherit} {
		if p == chat.PolicyInherit && alone {
			continue
		}
		it := dialog.Item{
			Title: safe.Own(words.PolicyName(p)), Detail: safe.Own(string(rune('1' + i))),
			Do: func() tea.Cmd {
				return w.setPolicy(room, chat.RoomPolicy{Share: p, NeverPlain: set.NeverPlain}, words.PolicySaved)
			},
		}
		if p == set.Share || p == chat.PolicyAll && set.Share == chat.PolicyInherit && alone {
			it.Mark = w.theme.Glyphs.Check
		} else {
			it.Mark = ' '
		}
		items = append(items, it)
	}
	menu := dialog.NewMenu(dialogPolicy, safe.Lit(words.PolicyTitle), items)
	menu.Intro = []safe.Text{safe.Own(words.PolicyFor(roomTitle(r)))}
	for _, p := range []chat.Policy{chat.PolicySigned, chat.PolicyVerified} {
		menu.Intro = append(menu.Intro, safe.Own(words.PolicyName(p)+": "+words.PolicyWhy(p)))
	}
	menu.Intro = append(menu.Intro, safe.Lit(" "))
	w.show(menu)
}

// setPolicy saves a decision, says so and reads again what follows from it.
func (w *window) setPolicy(room chat.RoomID, p chat.RoomPolicy, done string) tea.Cmd {
	trust := w.back.Trust
	return query(w, askAct, networkLimit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, trust.SetPolicy(ctx, room, p)
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		w.say(done, false)
		w.info.lockStale = true
		return w.sheetsAgain()
	})
}

func (w *window) toggleNeverPlain(s *info.Sheet, l *chat.RoomLock) tea.Cmd {
	p := l.Set
	p.NeverPlain = !p.NeverPlain
	s.Say("", info.Plain)
	return w.setPolicy(l.Room, p, words.PolicySaved)
}

func (w *window) openRotate(s *info.Sheet, room chat.RoomID) {
	trust := w.back.Trust
	w.show(&dialog.Confirm{
		Name: dialogRotate, Head: safe.Lit(words.RoomKeys), Question: safe.Lit(words.RotateQuestion),
		Yes: func() tea.Cmd {
			return w.act(s, words.Rotated, func(ctx context.Context) error { return trust.Rotate(ctx, room) })
		},
	})
}
