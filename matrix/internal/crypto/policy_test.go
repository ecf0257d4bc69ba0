package crypto

import (
	"path/filepath"
	"testing"

	"hubbub/store/chat"
)

const (
	channel  = chat.RoomID("!channel:x")
	category = chat.RoomID("!category:x")
	server   = chat.RoomID("!server:x")
	other    = chat.RoomID("!other:x")
)

// policies opens a machine whose channel stands in a category of a server.
func policies(t *testing.T) (*Machine, *book, Options) {
	t.Helper()
	o := options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1")
	b := o.Rooms.(*book)
	b.parents[channel] = []chat.RoomID{category}
	b.parents[category] = []chat.RoomID{server, channel} // a ring
	m := mustOpen(t, o)
	t.Cleanup(func() { mustClose(t, m) })
	return m, b, o
}

func decide(t *testing.T, m *Machine, room chat.RoomID, share chat.Policy, never bool) {
	t.Helper()
	if err := m.SetPolicy(t.Context(), room, chat.RoomPolicy{Share: share, NeverPlain: never}); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, m *Machine, room chat.RoomID, share chat.Policy, never bool, from chat.RoomID) {
	t.Helper()
	d, err := m.Policy(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	if d.Hold != (chat.RoomPolicy{Share: share, NeverPlain: never}) || d.From != from {
		t.Errorf("policy of %s is %+v from %q, want %v %v from %q", room, d.Hold, d.From, share, never, from)
	}
}

func TestPolicyOfTheNearestServerHolds(t *testing.T) {
	m, b, _ := policies(t)
	holds(t, m, channel, chat.PolicyAll, false, "")
	decide(t, m, server, chat.PolicyVerified, false)
	holds(t, m, channel, chat.PolicyVerified, false, server)
	decide(t, m, category, chat.PolicySigned, true)
	holds(t, m, channel, chat.PolicySigned, true, category)
	decide(t, m, channel, chat.PolicyAll, false)
	holds(t, m, channel, chat.PolicyAll, true, "")
	decide(t, m, channel, chat.PolicyInherit, false)
	b.parents[channel] = []chat.RoomID{category, other}
	decide(t, m, other, chat.PolicyVerified, false)
	holds(t, m, channel, chat.PolicyVerified, true, other)
}

// TestPolicyOutlivesTheServersList: a homeserver that takes a channel out of
// its server, or a restart without the cache, does not lift what was decided.
func TestPolicyOutlivesTheServersList(t *testing.T) {
	o := options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1")
	b := o.Rooms.(*book)
	b.parents[channel] = []chat.RoomID{server}
	m := mustOpen(t, o)
	decide(t, m, server, chat.PolicySigned, true)
	holds(t, m, channel, chat.PolicySigned, true, server)
	delete(b.parents, channel)
	holds(t, m, channel, chat.PolicySigned, true, server)
	mustClose(t, m)
	m = mustOpen(t, o)
	t.Cleanup(func() { mustClose(t, m) })
	holds(t, m, channel, chat.PolicySigned, true, server)
	if _, never, err := m.Secrecy(t.Context(), channel); err != nil || !never {
		t.Errorf("plaintext may go there: %v %v", never, err)
	}
	// What the person takes back is gone everywhere, and does not come back for rooms that have left.
	decide(t, m, server, chat.PolicyInherit, false)
	holds(t, m, channel, chat.PolicyAll, false, "")
	decide(t, m, server, chat.PolicyVerified, false)
	holds(t, m, channel, chat.PolicyAll, false, "")
}

func TestPolicyThatDoesNotExistIsRefused(t *testing.T) {
	m, _, _ := policies(t)
	if err := m.SetPolicy(t.Context(), channel, chat.RoomPolicy{Share: 9}); err == nil {
		t.Error("no error")
	}
	holds(t, m, channel, chat.PolicyAll, false, "")
}
