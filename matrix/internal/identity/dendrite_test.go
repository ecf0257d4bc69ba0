package identity

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// Another homeserver, which answers in its own way, is used as well.
func TestOnDendrite(t *testing.T) {
	hs := matrixtest.Dendrite(t)
	a := hs.NewAccount(t, "dendrite")
	d := signIn(t, hs, a)
	d.wait("no identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityNone && t.Recovery == chat.RecoveryNone })
	password := chat.Auth{Password: chat.Secret(a.Password)}
	key := d.setUp(chat.SetUp{Auth: password})
	first := d.wait("everything", complete)
	e := signIn(t, hs, a)
	if err := e.i.Recover(t.Context(), key); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	e.wait("everything", complete)
	_, err := d.i.SetUp(t.Context(), chat.SetUp{Reset: true, Auth: chat.Auth{Password: "wrong"}})
	if need := wantKind(t, "wrong password", err, chat.ProblemAuth).Auth; !need.Password || !need.Wrong {
		t.Errorf("asked for %+v", need)
	}
	d.setUp(chat.SetUp{Reset: true, Auth: password})
	if now := d.wait("everything", complete); now.MasterKey == first.MasterKey {
		t.Error("the identity is the old one")
	}
	e.wait("the replacement", func(t chat.Trust) bool { return t.Identity == chat.IdentityReplaced })
	e.Close()
	end := []chat.DeviceID{chat.DeviceID(e.DeviceID)}
	if need := wantKind(t, "no password", d.i.EndSessions(t.Context(), end, chat.Auth{}), chat.ProblemAuth).Auth; !need.Password {
		t.Errorf("asked for %+v", need)
	}
	if err := d.i.EndSessions(t.Context(), end, password); err != nil {
		t.Fatalf("EndSessions: %v", err)
	}
}
