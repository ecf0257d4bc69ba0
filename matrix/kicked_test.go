package matrix_test

import (
	"context"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestPeopleWhoAreTakenOut: somebody who never said a word is kicked, somebody
// else banned; nobody counts as a member after it, though the homeserver names
// only who speaks. What is deleted may be the topic of the room.
func TestPeopleWhoAreTakenOut(t *testing.T) {
	t.Run("synapse", func(t *testing.T) { takenOut(t, matrixtest.Synapse(t)) })
	t.Run("dendrite", func(t *testing.T) { takenOut(t, matrixtest.Dendrite(t)) })
}

func takenOut(t *testing.T, hs *matrixtest.Homeserver) {
	t.Helper()
	f := newFeeder(t, hs)
	cy, dee := hs.NewClient(t, "cy"), hs.NewClient(t, "dee")
	cy.Join(string(f.room))
	dee.Join(string(f.room))
	f.ada.FetchMembers(f.room)
	is := func(who string, m chat.Membership) {
		t.Helper()
		f.ada.wait(who+" "+m.String(), func(ctx context.Context) (bool, error) {
			got, _, err := f.ada.Store().Member(ctx, f.room, chat.UserID(who))
			return got.Membership == m, err
		})
	}
	is(cy.UserID, chat.MemberJoined)
	is(dee.UserID, chat.MemberJoined)
	f.bo.Kick(string(f.room), cy.UserID, "")
	f.bo.Ban(string(f.room), dee.UserID, "")
	is(cy.UserID, chat.MemberLeft)
	is(dee.UserID, chat.MemberBanned)

	topic := f.bo.SendState(string(f.room), "m.room.topic", "", map[string]any{"topic": "rude"})
	shows := func(want string) {
		t.Helper()
		f.ada.wait("topic "+want, func(ctx context.Context) (bool, error) {
			r, _, err := f.ada.Store().Room(ctx, f.room)
			return r.Topic == want, err
		})
	}
	shows("rude")
	f.bo.Redact(string(f.room), topic, "")
	shows("")
	f.bo.SendText(string(f.room), "goes on")
	f.ada.message(f.room, "goes on")
}

// TestKickedWhileAMessageWaits: the message is shown as not sent, and goes when
// we are back and say so; what was said meanwhile can be read.
func TestKickedWhileAMessageWaits(t *testing.T) {
	f := newFeeder(t, matrixtest.Synapse(t))
	f.ada.message(f.room, "hello")
	f.proxy.Offline(true)
	f.ada.Send(chat.Outgoing{Room: f.room, Text: "waits"})
	f.bo.Kick(string(f.room), f.account.UserID, "out")
	f.proxy.Offline(false)
	f.ada.Reconnect()
	if r := f.ada.room(f.room, chat.MemberLeft); r.Reason != "out" || r.CanSend {
		t.Errorf("%+v", r)
	}
	var waits chat.Message
	f.ada.wait("refused message", func(ctx context.Context) (bool, error) {
		_, key, err := f.ada.Store().Unsent(ctx)
		if err != nil || key == 0 {
			return false, err
		}
		waits, err = f.ada.Store().Message(ctx, key)
		return true, err
	})
	if waits.Body != "waits" || waits.SendProblem == nil || waits.SendProblem.Kind != chat.ProblemForbidden {
		t.Errorf("%+v", waits)
	}
	f.bo.SendText(string(f.room), "while you were out")
	f.ada.made(func() string { return f.ada.Join(string(f.room)) })
	f.ada.room(f.room, chat.MemberJoined)
	f.ada.Retry(waits.Key)
	if m := f.ada.message(f.room, "waits"); m.Key != waits.Key {
		t.Errorf("%+v", m)
	}
	f.ada.fillGaps(f.room)
	f.ada.message(f.room, "while you were out")
	storetest.Check(t, f.ada.Store())
	if _, pending, err := f.ada.Store().NextPending(t.Context(), f.room); pending || err != nil {
		t.Errorf("still in the outbox: %v", err)
	}
}
