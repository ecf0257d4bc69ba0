package matrix_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// pair signs two people in.
func pair(t *testing.T, hs *matrixtest.Homeserver) (ada, bo *core) {
	t.Helper()
	return signIn(t, hs, hs.NewAccount(t, "ada"), t.TempDir()), signIn(t, hs, hs.NewAccount(t, "bo"), t.TempDir())
}

func TestDirectMessage(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	adaID, boID := ada.Account().User, bo.Account().User
	dm := chat.NewRoom{Direct: true, Invite: []chat.UserID{boID}}
	room := chat.RoomID(ada.made(func() string { return ada.Create(dm) }))
	if r := bo.room(room, chat.MemberInvited); !r.Direct || r.Inviter != adaID {
		t.Errorf("invite: %+v", r)
	}
	bo.made(func() string { return bo.Join(string(room)) })
	for who, with := range map[*core]chat.UserID{ada: boID, bo: adaID} {
		who.wait("direct message", func(ctx context.Context) (bool, error) {
			r, _, err := who.Store().Room(ctx, room)
			return r.Direct && r.DirectWith == with && r.Encrypted, err
		})
	}
	ada.say(room, "just us")
	bo.message(room, "just us")
	if n := ada.notice(func() string { return ada.Create(dm) }); n.Room != room || n.Done != "" {
		t.Errorf("asked again: %+v", n)
	}
}

func TestServerWithChannels(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	space := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "Harbour", Space: true, Public: true}) }))
	channel := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "general", Parent: space}) }))
	voice := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "lounge", Parent: space, Voice: true}) }))
	public := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "square", Public: true}) }))
	ada.wait("edges", func(ctx context.Context) (bool, error) {
		s, err := ada.Store().Sidebar(ctx)
		return slices.ContainsFunc(s.Edges, func(e chat.SpaceEdge) bool { return e.Parent == space && e.Child == channel }) &&
			slices.ContainsFunc(s.Edges, func(e chat.SpaceEdge) bool { return e.Parent == space && e.Child == voice }), err
	})
	for id, want := range map[chat.RoomID]struct {
		kind      chat.RoomType
		encrypted bool
	}{space: {chat.RoomSpace, false}, channel: {chat.RoomText, true}, voice: {chat.RoomVoice, true}, public: {chat.RoomText, false}} {
		if r := ada.room(id, chat.MemberJoined); r.Type != want.kind || r.Encrypted != want.encrypted {
			t.Errorf("%s: type %d, encrypted %t", r.Name, r.Type, r.Encrypted)
		}
	}
	// Who is in the server may come into its channels without an invite.
	if n := bo.notice(func() string { return bo.Join(string(channel)) }); n.Problem == nil {
		t.Error("joined a channel from outside")
	}
	bo.made(func() string {
		return bo.Join("https://matrix.to/#/" + string(space) + "?via=" + bo.Account().User.Homeserver())
	})
	bo.room(space, chat.MemberJoined)
	bo.made(func() string { return bo.Join(string(channel)) })
	bo.room(channel, chat.MemberJoined)
	ada.say(channel, "welcome")
	bo.message(channel, "welcome")
	bo.made(func() string { return bo.Leave(channel) })
	bo.wait("to be out", func(ctx context.Context) (bool, error) {
		r, ok, err := bo.Store().Room(ctx, channel)
		return !ok || r.Membership == chat.MemberLeft, err
	})
}

func TestInviteDeclinedAndRefused(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	room := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "quay"}) }))
	ada.made(func() string { return ada.Invite(room, bo.Account().User) })
	bo.room(room, chat.MemberInvited)
	bo.made(func() string { return bo.Leave(room) })
	bo.wait("no invite", func(ctx context.Context) (bool, error) {
		r, ok, err := bo.Store().Room(ctx, room)
		return !ok || r.Membership != chat.MemberInvited, err
	})
	for what, c := range map[string]struct {
		intent func() string
		kind   chat.ProblemKind
	}{
		"no address":       {func() string { return bo.Join("general") }, chat.ProblemBadInput},
		"no such room":     {func() string { return bo.Join("#nowhere") }, chat.ProblemNotFound},
		"not invited":      {func() string { return bo.Join(string(room)) }, chat.ProblemForbidden},
		"not a member":     {func() string { return bo.Invite(room, "@x:y.org") }, chat.ProblemForbidden},
		"not a user":       {func() string { return bo.Invite(room, "x") }, chat.ProblemBadInput},
		"no name":          {func() string { return bo.Create(chat.NewRoom{Name: " "}) }, chat.ProblemBadInput},
		"direct with none": {func() string { return bo.Create(chat.NewRoom{Direct: true}) }, chat.ProblemBadInput},
		"no space of ours": {func() string { return bo.Create(chat.NewRoom{Name: "x", Public: true, Parent: room}) }, chat.ProblemUnknown},
	} {
		n := bo.notice(c.intent)
		if c.kind != chat.ProblemUnknown && (n.Problem == nil || n.Problem.Kind != c.kind) {
			t.Errorf("%s: %+v", what, n)
		}
	}
}

// Intents of one room keep their order, those of different rooms do not wait
// for each other.
func TestIntentsOfARoomKeepTheirOrder(t *testing.T) {
	hs := matrixtest.Stack(t)
	proxy, behind := hs.Before(t)
	ada := signIn(t, behind, hs.NewAccount(t, "ada"), t.TempDir())
	bo := hs.NewClient(t, "bo")
	slow := bo.CreateRoom(map[string]any{"preset": "public_chat"})
	quick := bo.CreateRoom(map[string]any{"preset": "public_chat"})
	gate := matrixtest.NewGate(t)
	proxy.On(matrixtest.Match{Method: "POST", Path: "**/join/*", Where: func(r matrixtest.Record) bool {
		return strings.Contains(r.Path, strings.TrimPrefix(slow, "!")) || strings.Contains(r.Path, slow)
	}}, matrixtest.HoldRequest(gate))
	feed := ada.Store().Subscribe()
	defer ada.Store().Unsubscribe(feed)
	joinSlow, leaveSlow := ada.Join(slow), ada.Leave(chat.RoomID(slow))
	joinQuick := ada.Join(quick)
	var order []string
	for len(order) < 3 {
		<-feed.Wait()
		set, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range set.Notices {
			if n.Problem != nil {
				t.Errorf("%s: %v", n.Ref, n.Problem)
			}
			order = append(order, n.Ref)
		}
		gate.Open()
	}
	if want := []string{joinQuick, joinSlow, leaveSlow}; !slices.Equal(order, want) {
		t.Errorf("came back as %v, want %v", order, want)
	}
}
