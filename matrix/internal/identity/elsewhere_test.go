package identity

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// A recovery key that another session makes while this one is asking for it is
// seen all the same: the answer that was on its way counts no longer than until
// the next one.
func TestRecoveryKeyMadeElsewhereWhileLooking(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "elsewhere")
	d := signIn(t, before, a)
	d.wait("no recovery key", func(t chat.Trust) bool { return t.Recovery == chat.RecoveryNone })
	e := signIn(t, hs, a)

	gate := matrixtest.NewGate(t)
	held := proxy.On(matrixtest.Match{Path: "**/account_data/" + defaultKeyType, Times: 1}, matrixtest.HoldAnswer(gate))
	d.i.StorageChanged() // the description of the new key has come by sync
	held.Wait(t, 1)
	e.setUp(chat.SetUp{})
	d.i.StorageChanged() // that it is the default key has come too
	gate.Open()
	d.wait("the recovery key", func(t chat.Trust) bool {
		return t.Recovery == chat.RecoveryReady || t.Recovery == chat.RecoveryIncomplete
	})
}

// A set-up that stopped before it made a recovery key does not replace the one
// that another session made since.
func TestSetUpKeepsARecoveryKeyMadeElsewhere(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "between")
	d := signIn(t, before, a)
	d.wait("no recovery key", func(t chat.Trust) bool { return t.Recovery == chat.RecoveryNone })

	broken := proxy.On(matrixtest.Match{Method: "PUT", Path: "**/account_data/**"}, matrixtest.Refuse(500, "M_UNKNOWN", nil))
	_, err := d.i.SetUp(t.Context(), chat.SetUp{})
	wantKind(t, "a set-up that stops in the middle", err, chat.ProblemHomeserver)
	broken.Off()
	d.wait("the identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn && t.PrivateKeys })

	e := signIn(t, hs, a)
	e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	verifyEach(t, d, e)
	e.wait("the private keys and the backup", func(t chat.Trust) bool { return t.PrivateKeys && t.Backup.State == chat.BackupOn })
	key := e.setUp(chat.SetUp{})

	if got, err := d.i.SetUp(t.Context(), chat.SetUp{}); err != nil || got != "" {
		t.Errorf("the set-up went on over the recovery key of the other session (%v)", err)
	}
	d.wait("the recovery key of the other session", complete)
	f := signIn(t, hs, a)
	f.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	if err := f.i.Recover(t.Context(), key); err != nil {
		t.Errorf("the recovery key of the other session: %v", err)
	}
}
