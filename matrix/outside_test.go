package matrix_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// A channel for a server that takes none from us is said beforehand to be one
// that cannot be put there, and afterwards to stand outside of it; it is there
// all the same.
func TestCreateInAServerThatTakesNoChannels(t *testing.T) {
	ada, bo := pair(t, matrixtest.Stack(t))
	space := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "Harbour", Space: true, Public: true}) }))
	bo.made(func() string {
		return bo.Join("https://matrix.to/#/" + string(space) + "?via=" + bo.Account().User.Homeserver())
	})
	bo.room(space, chat.MemberJoined)
	for who, may := range map[*core]bool{ada: true, bo: false} {
		p, err := who.Store().Power(t.Context(), space)
		if err != nil || !p.Known || p.CanAddChannels() != may {
			t.Errorf("%s: %+v, %v", who.Account().User, p, err)
		}
	}
	n := bo.notice(func() string { return bo.Create(chat.NewRoom{Name: "pier", Parent: space}) })
	if n.Problem != nil || n.Done != chat.DoneCreatedOutside || n.Value != string(n.Room) {
		t.Errorf("outcome: %+v", n)
	}
	bo.wait("the room", func(ctx context.Context) (bool, error) {
		r, _, err := bo.Store().Room(ctx, n.Room)
		return r.Name == "pier" && r.Encrypted && r.Membership == chat.MemberJoined, err
	})
}

// A channel stands in its server when it is said to be created, also when the
// homeserver failed for a moment in between.
func TestCreatedChannelStandsInItsServer(t *testing.T) {
	proxy, before := matrixtest.Stack(t).Before(t)
	ada := signIn(t, before, before.NewAccount(t, "ada"), t.TempDir())
	space := chat.RoomID(ada.made(func() string { return ada.Create(chat.NewRoom{Name: "Harbour", Space: true}) }))
	broken := proxy.On(matrixtest.Match{Method: http.MethodPut, Path: "**/state/m.space.child/*", Times: 1}, matrixtest.Refuse(http.StatusBadGateway, "M_UNKNOWN", nil))
	n := ada.notice(func() string { return ada.Create(chat.NewRoom{Name: "pier", Parent: space}) })
	in, err := ada.Store().Parents(t.Context(), n.Room)
	if err != nil || n.Done != chat.DoneCreated || !slices.Contains(in, space) || broken.Hits() != 1 {
		t.Errorf("outcome %+v, stands in %v, %v", n, in, err)
	}
}
