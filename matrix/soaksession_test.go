package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// soakSession is a session of somebody in the soak. Its flags change between rounds only.
type soakSession struct {
	soak    *soak
	who     *soaker
	number  int
	js      bool
	dir     string
	device  string
	core    *core            // while it runs, of hubbub
	peer    *matrixtest.Peer // while it runs, of the reference client
	running bool
	known   bool // everybody has seen it
	moving  bool // signing in or out right now
}

// session adds a session to somebody, which is not there yet.
func (s *soak) session(p *soaker, js bool) *soakSession {
	s.moment++
	one := &soakSession{soak: s, who: p, number: s.moment, js: js, dir: s.t.TempDir(), running: true}
	p.sessions = append(p.sessions, one)
	return one
}

// running returns one of the sessions that run.
func (p *soaker) running(n int) *soakSession {
	var found []*soakSession
	for _, one := range p.sessions {
		if one.running {
			found = append(found, one)
		}
	}
	return found[n%len(found)]
}

// String names the session in the output of the test.
func (one *soakSession) String() string {
	kind := "hubbub"
	if one.js {
		kind = "js"
	}
	return fmt.Sprintf("%s/%s%d", one.who.name, kind, one.number)
}

func (one *soakSession) signIn() {
	s := one.soak
	if one.js {
		one.peer = matrixtest.StartPeerIn(s.t, s.hs, one.who.account, one.dir)
		one.device = one.peer.DeviceID
	} else {
		one.core = signIn(s.t, s.hs, one.who.account, one.dir)
		one.device = string(one.core.Account().Device)
	}
	user := one.who.account.UserID
	matrixtest.Wait(s.t, limit, "keys of "+one.String(), func() bool {
		ask := map[string]any{"device_keys": map[string]any{user: []string{one.device}}}
		status, answer, err := s.keeper.Do(s.t.Context(), http.MethodPost, "/_matrix/client/v3/keys/query", ask)
		var got struct {
			Keys map[string]map[string]json.RawMessage `json:"device_keys"`
		}
		return err == nil && status == http.StatusOK && json.Unmarshal(answer, &got) == nil && got.Keys[user][one.device] != nil
	})
}

// setUp makes an identity, recovery and a backup for its owner.
func (one *soakSession) setUp() {
	if one.js {
		one.peer.SetUpTrust()
		return
	}
	one.core.setUp(one.who.account.Password)
}

func (one *soakSession) halt() {
	if one.js {
		one.peer.Stop()
		one.peer = nil
		return
	}
	one.core.stop()
	one.core = nil
}

func (one *soakSession) resume() {
	s := one.soak
	one.running = true
	if one.js {
		one.peer = matrixtest.StartPeerIn(s.t, s.hs, one.who.account, one.dir)
		for _, p := range s.people { // it keeps its keys, but not how far it had come with sessions of others
			one.peer.QueryKeys(p.account.UserID)
		}
		return
	}
	one.core = start(s.t, one.who.account.UserID, one.dir)
}

func (one *soakSession) signOut() {
	if one.js {
		one.peer.Logout()
		one.peer.Stop()
		return
	}
	if err := one.core.Logout(one.soak.t.Context()); err != nil {
		one.soak.t.Errorf("sign %s out: %v", one, err)
	}
	one.core.stop()
}

func (one *soakSession) join() {
	if one.js {
		one.peer.Join(string(one.soak.room))
		return
	}
	one.core.made(func() string { return one.core.Join(string(one.soak.room)) })
}

func (one *soakSession) leave() {
	if one.js {
		one.peer.Leave(string(one.soak.room))
		return
	}
	one.core.made(func() string { return one.core.Leave(one.soak.room) })
}

func (one *soakSession) invite(p *soaker) {
	if one.js {
		one.peer.Invite(string(one.soak.room), p.account.UserID)
		return
	}
	one.core.made(func() string { return one.core.Invite(one.soak.room, chat.UserID(p.account.UserID)) })
}

// send says a message of the model.
func (one *soakSession) send(m *soaked) {
	s := one.soak
	var id chat.EventID
	if one.js {
		id = chat.EventID(one.peer.SendText(string(s.room), m.text))
	} else {
		id = one.core.say(s.room, m.text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.id = id
}

// sees waits until the session has taken in what came before a topic.
func (one *soakSession) sees(topic string) {
	s := one.soak
	if one.js {
		one.peer.Eval(`await until(30000, args.topic, () => client.getRoom(args.room)?.getMyMembership() === "join" &&
			client.getRoom(args.room).currentState.getStateEvents("m.room.topic", "")?.getContent().topic === args.topic)`,
			map[string]any{"room": s.room, "topic": topic})
		return
	}
	one.core.wait(topic, func(ctx context.Context) (bool, error) {
		r, ok, err := one.core.Store().Room(ctx, s.room)
		return ok && r.Membership == chat.MemberJoined && r.Topic == topic, err
	})
}

// knows waits until a session of the reference client has fetched another one's
// keys. hubbub gets no such help: it must do so by itself before it sends.
func (one *soakSession) knows(other *soakSession) {
	if one.js {
		one.peer.WaitDevice(other.who.account.UserID, other.device)
	}
}

// sight is a message as a session shows it.
type sight struct {
	body   string
	locked bool // it cannot be read
	why    string
}

// reads fails the test unless the session shows, in some time, all that it
// must, and nothing that it must not.
func (one *soakSession) reads(said []*soaked) {
	t := one.soak.t
	var shown map[chat.EventID]sight
	missing := func() (all []string) {
		for _, m := range said {
			if got := shown[m.id]; m.must[one] && got.body != m.text {
				all = append(all, fmt.Sprintf("%q %s: %+v", m.text, m.id, got))
			}
		}
		return all
	}
	deadline := time.Now().Add(limit / 2)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		shown = one.shown()
		if len(missing()) == 0 {
			break
		}
		if time.Now().After(deadline) {
			all := missing()
			t.Errorf("%s (session %s) cannot read %d messages that are for it, such as %s", one, one.device, len(all), all[:min(len(all), 8)])
			break
		}
		<-tick.C
	}
	for _, m := range said {
		if got := shown[m.id]; !m.must[one] && !m.may[one] && got.body != "" {
			t.Errorf("%s reads %q, which was not for it", one, m.text)
		}
	}
}

// jsShown reads all encrypted messages of a room, whatever stretches of it the
// reference client happens to hold.
const jsShown = `
	const all = [], map = client.getEventMapper({preventReEmit: true});
	for (let from = null; ; ) {
		const page = await client.createMessagesRequest(args, from, 200, "b");
		for (const raw of page.chunk.filter((e) => e.type === "m.room.encrypted")) {
			const event = map(raw);
			await client.decryptEventIfNeeded(event);
			const failed = event.isDecryptionFailure();
			all.push({eventId: event.getId(), body: failed ? "" : event.getContent().body ?? "", failure: failed ? String(event.decryptionFailureReason) : ""});
		}
		if (!page.end || !page.chunk.length) return all;
		from = page.end;
	}`

// shown returns what the session shows of the room, back to its beginning.
func (one *soakSession) shown() map[chat.EventID]sight {
	s, out := one.soak, map[chat.EventID]sight{}
	if one.js {
		var all []matrixtest.PeerMessage
		if err := json.Unmarshal(one.peer.Eval(jsShown, string(s.room)), &all); err != nil {
			s.t.Errorf("%s: %v", one, err)
		}
		for _, m := range all {
			out[chat.EventID(m.EventID)] = sight{body: m.Body, locked: m.Failure != "", why: m.Failure}
		}
		return out
	}
	for q := (chat.PageQuery{Room: s.room, Limit: 500}); ; {
		page, err := one.core.Store().Page(s.t.Context(), q)
		if err != nil {
			s.t.Errorf("%s: %v", one, err)
			return out
		}
		for _, m := range page.Items {
			switch {
			case m.Kind == chat.KindGap:
				one.core.FillGap(s.room, m.GapToken)
			case m.Kind == chat.KindUndecrypted:
				out[m.ID] = sight{locked: true, why: fmt.Sprintf("cause %d %s key %s", m.Cause, m.WithheldCode, m.SessionID)}
			case m.Encrypted:
				out[m.ID] = sight{body: m.Body}
			}
		}
		if page.AtStart || len(page.Items) == 0 || page.Items[0].Seq == q.Before {
			return out
		}
		q.Before = page.Items[0].Seq
	}
}

// jsonField is a text in a JSON object, or "".
func jsonField(data []byte, name string) string {
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return ""
	}
	text, _ := all[name].(string)
	return text
}
