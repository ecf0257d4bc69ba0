package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

// TestMembersAtOnce: the number stands there before the list, and nothing says
// that it is being fetched unless the homeserver was asked for who is missing.
func TestMembersAtOnce(t *testing.T) {
	w := harbour()
	s := sit(t, w, 120, 30, nil)
	held := s.win.ask // the disk answers later
	var late []teaCmd
	s.win.ask = func(limit time.Duration, q func(ctx context.Context) teaMsg) teaCmd {
		late = append(late, held(limit, q))
		return nil
	}
	s.Key("alt+down")
	s.deliver(late[0]) // the page
	s.want("# infra", "MEMBERS — 12")
	s.wantNot("etching")
	s.win.ask = held
	for _, cmd := range late[1:] {
		s.deliver(cmd)
	}
	s.want("MEMBERS — 12", "ada", "fetching 9 more…")
	s.wantCall("members !i")

	for i := range 9 {
		w.people = append(w.people, chat.Member{User: chat.UserID("@p" + string(rune('0'+i)) + ":x"), Membership: chat.MemberJoined})
	}
	s.Send(feedMsg{changes: chat.ChangeSet{Timeline: map[chat.RoomID]*chat.RoomChange{"!i": {MembersChanged: true}}}})
	s.pass(10 * time.Millisecond)
	s.want("MEMBERS — 12", "@p8:x")
	s.wantNot("etching")
}

// TestMembersOfAChannelSeenBefore stand there at once when it is opened again.
func TestMembersOfAChannelSeenBefore(t *testing.T) {
	w := harbour()
	s := sit(t, w, 120, 30, nil)
	s.Key("alt+down")
	s.want("# infra", "ada")
	held := s.win.ask
	s.win.ask = func(time.Duration, func(ctx context.Context) teaMsg) teaCmd { return nil } // the disk never answers
	s.Key("alt+up")
	s.pass(time.Second)
	s.want("# general", "MODERATOR — 1", "ada")
	s.win.ask = held
	w.people = w.people[1:]
	s.Key("alt+down", "alt+up") // what has changed shows as soon as it is read
	s.wantNot("ADMIN — 1")
}

// TestMembersNotFetched: the list says so, and asks again when there is a connection.
func TestMembersNotFetched(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	failed := func() {
		t.Helper()
		for ref, f := range s.win.refs {
			if f.people != "" {
				s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{{Ref: ref, Room: "!g", Problem: &chat.Problem{Kind: chat.ProblemOffline}}}}})
			}
		}
	}
	s.want("fetching 9 more…")
	failed()
	s.want("9 more not fetched")
	s.wantNot("cannot be reached") // the connection says it
	s.world.took()
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.wantCall("members !g")
	s.want("fetching 9 more…")
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	if got := s.world.took(); strings.Contains(got, "members") {
		t.Errorf("asks twice:\n%s", got)
	}
	s.pass(fetchLimit)
	s.wantNot("etching") // nothing came of it: calm
}

// TestDeleteWhereItIsNotAllowed: what others wrote is offered to be deleted to
// those alone who may; the menu, the key and the help say why not.
func TestDeleteWhereItIsNotAllowed(t *testing.T) {
	w := harbour()
	w.power = chat.Power{Known: true, Own: 0, Redact: 50}
	s := sit(t, w, 120, 30, nil)
	s.Key("esc")
	s.want("d delete") // mine
	s.Key("k")
	s.wantNot("d delete")
	s.Key("d")
	s.want("Your role does not let you delete")
	s.wantNot("Delete this message")
	s.Key("enter", "d")
	s.wantNot("Delete this message")
	s.Key("esc")
	w.power.Own = 50 // one becomes a moderator
	s.Send(feedMsg{changes: chat.ChangeSet{Timeline: map[chat.RoomID]*chat.RoomChange{"!g": {MembersChanged: true}}}})
	s.pass(2 * membersWait)
	s.want("d delete")
	s.Key("d")
	s.want("Delete this message for everybody?")
	w.power = chat.Power{} // not known, as without the room's state: the homeserver decides
	s = sit(t, w, 120, 30, nil)
	s.Key("esc", "k")
	s.want("d delete")
}

// TestCreateWhereItIsHardlyAllowed: whom the server takes no channels from is told
// before, and gets one outside of it.
func TestCreateWhereItIsHardlyAllowed(t *testing.T) {
	w := harbour()
	w.power = chat.Power{Known: true, Own: 20, AddChannels: 50}
	s := sit(t, w, 120, 30, nil)
	s.Key("alt+shift+n")
	s.want("You may not add channels to Rust Harbour", "outside of it")
	s.wantNot("In Rust Harbour.")
	s.Type("pier")
	s.Key("enter")
	if got := w.took(); !strings.Contains(got, "pier") || !strings.Contains(got, "Parent: ") {
		t.Errorf("what is asked for: %s", got)
	}
	w.power.AddChannels = 20
	s = sit(t, w, 120, 30, nil)
	s.Key("alt+shift+n")
	s.want("In Rust Harbour.")
	s.wantNot("may not add")
}
