package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestBrowse: who is in a server sees all its channels, and joins one that only the list names.
func TestBrowse(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	space := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "Harbour", Space: true, Public: true}) }))
	deck := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "Deck", Space: true, Public: true, Parent: space})
	}))
	channel := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "rigging", Topic: "ropes and knots", Parent: deck, Public: true})
	}))
	bo.made(func() string { return bo.Join(string(space)) })
	var found []chat.Listed
	bo.wait("the channels in the list", func(ctx context.Context) (bool, error) {
		var err error
		found, err = bo.Browse(ctx, space)
		return len(found) == 2, err
	})
	if d := found[0]; d.ID != deck || d.Parent != space || d.Type != chat.RoomSpace || d.Name != "Deck" {
		t.Errorf("category: %+v", d)
	}
	c := found[1]
	if c.ID != channel || c.Parent != deck || c.Name != "rigging" || c.Topic != "ropes and knots" || c.Members != 1 || c.JoinRule != "public" || len(c.Via) == 0 {
		t.Errorf("channel: %+v", c)
	}
	bo.made(func() string { return bo.Join("https://matrix.to/#/" + string(c.ID) + "?via=" + c.Via[0]) })
	bo.room(channel, chat.MemberJoined)
	var p *chat.Problem
	if _, err := bo.Browse(t.Context(), "!nowhere:example.org"); !errors.As(err, &p) {
		t.Errorf("a server that is not there: %v", err)
	}
}

// TestAnsweredMessageIsFetched: an answer to a message from long ago gets its preview.
func TestAnsweredMessageIsFetched(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay", Public: true}) }))
	first := ada.say(room, "long ago")
	for i := range 60 {
		ada.Send(chat.Outgoing{Room: room, Text: fmt.Sprint("meanwhile ", i)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := ada.SendWait(ctx, chat.Outgoing{Room: room, Text: "as I said", ReplyTo: first}); err != nil {
		t.Fatal(err)
	}
	bo.made(func() string { return bo.Join(string(room)) })
	m := bo.message(room, "as I said")
	if m.Reply == nil || m.Reply.Sender != "" {
		t.Fatalf("the answer is %+v", m.Reply)
	}
	feed := bo.Store().Subscribe()
	defer bo.Store().Unsubscribe(feed)
	feed.Watch(room)
	bo.FetchEvent(room, first)
	for {
		select {
		case <-feed.Wait():
		case <-ctx.Done():
			t.Fatal("the answer does not change")
		}
		set, err := feed.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if change := set.Timeline[room]; change != nil {
			for _, it := range change.Items {
				if it.Key == m.Key && it.Reply != nil && strings.Contains(it.Reply.Body, "long ago") && it.Reply.Sender == ada.Account().User {
					return
				}
			}
		}
	}
}
