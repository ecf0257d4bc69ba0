package matrix_test

import (
	"slices"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// soakChange is something that happens in the soak: begin and end change the
// model, run does it, while others may talk.
type soakChange struct {
	what            string
	begin, run, end func()
}

// change picks something that can happen now.
func (s *soak) change() soakChange {
	var options []soakChange
	here := s.all(speaks)
	for _, p := range s.people {
		running := slices.ContainsFunc(p.sessions, func(one *soakSession) bool { return one.running })
		switch {
		case p.state == chat.MemberJoined && running && len(here) > len(p.sessions)+1:
			options = append(options, s.leaving(p))
		case p.state == chat.MemberLeft && running:
			options = append(options, s.joining(p), s.inviting(p, here[s.rng.IntN(len(here))]))
		case p.state == chat.MemberInvited && running:
			options = append(options, s.joining(p))
		}
		for _, one := range p.sessions {
			switch {
			case !one.running:
				options = append(options, s.returning(one), s.returning(one))
			case len(here) > 2 || !speaks(one):
				options = append(options, s.stopping(one))
				if len(p.sessions) > 1 {
					options = append(options, s.signingOut(one))
				}
			}
		}
		if len(p.sessions) < 2 && len(s.all(func(*soakSession) bool { return true })) < soakSessions {
			options = append(options, s.signingIn(p, s.rng.IntN(2) == 0))
		}
	}
	return options[s.rng.IntN(len(options))]
}

func (s *soak) leaving(p *soaker) soakChange {
	by, calm := p.running(s.rng.IntN(2)), s.rng.IntN(2) == 0
	return soakChange{
		what:  p.name + " leaves",
		begin: func() { p.moving = true },
		run: func() {
			if calm {
				by.reads(s.soFar())
			}
			by.leave()
			s.sees(p, "leave")
		},
		end: func() { p.moving, p.state = false, chat.MemberLeft },
	}
}

func (s *soak) joining(p *soaker) soakChange {
	by := p.running(s.rng.IntN(2))
	invited := p.state == chat.MemberInvited
	return soakChange{
		what:  p.name + " joins with " + by.String(),
		begin: func() { p.moving = !invited }, // who is invited reads before and after
		run: func() {
			by.join()
			s.sees(p, "join")
		},
		end: func() { p.moving, p.state = false, chat.MemberJoined },
	}
}

func (s *soak) inviting(p *soaker, by *soakSession) soakChange {
	return soakChange{
		what:  by.String() + " invites " + p.name,
		begin: func() { p.moving = true },
		run: func() {
			by.invite(p)
			s.sees(p, "invite")
		},
		end: func() { p.moving, p.state = false, chat.MemberInvited },
	}
}

// sees waits until the homeserver gives somebody that membership.
func (s *soak) sees(p *soaker, membership string) {
	path := "/_matrix/client/v3/rooms/" + string(s.room) + "/state/m.room.member/" + p.account.UserID
	matrixtest.Wait(s.t, limit, p.name+" with "+membership, func() bool {
		status, answer, err := s.keeper.Do(s.t.Context(), "GET", path, nil)
		return err == nil && status == 200 && jsonField(answer, "membership") == membership
	})
}

func (s *soak) stopping(one *soakSession) soakChange {
	return soakChange{
		what:  one.String() + " stops",
		begin: func() { one.running = false },
		run:   one.halt,
		end:   func() {},
	}
}

// returning starts a session again, which at once has something to say.
func (s *soak) returning(one *soakSession) soakChange {
	var word *soaked
	return soakChange{
		what: one.String() + " comes back",
		begin: func() {
			if one.known && one.who.state == chat.MemberJoined {
				word = s.write(one)
			}
		},
		run: func() {
			one.resume()
			if word != nil {
				one.send(word)
			}
		},
		end: func() { one.running = true },
	}
}

func (s *soak) signingIn(p *soaker, js bool) soakChange {
	one := s.session(p, js)
	p.sessions = p.sessions[:len(p.sessions)-1] // this may not be what happens
	return soakChange{
		what: p.name + " signs in as " + one.String(),
		begin: func() {
			p.sessions = append(p.sessions, one)
			one.moving = true
		},
		run: one.signIn,
		end: func() { one.moving = false },
	}
}

func (s *soak) signingOut(one *soakSession) soakChange {
	return soakChange{
		what:  one.String() + " signs out",
		begin: func() { one.moving = true },
		run: func() {
			if one.known && one.who.state == chat.MemberJoined {
				one.reads(s.soFar())
			}
			one.signOut()
		},
		end: func() {
			one.who.sessions = slices.DeleteFunc(one.who.sessions, func(other *soakSession) bool { return other == one })
		},
	}
}

// soFar returns what was sent up to now.
func (s *soak) soFar() []*soaked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.said), func(m *soaked) bool { return m.id == "" })
}
