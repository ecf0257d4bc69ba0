package identity

import (
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// An identity made here is one that the reference client can use, with the
// recovery key that we show.
func TestReferenceClientUsesOurIdentity(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "ours")
	d := signIn(t, hs, a)
	d.wait("no identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityNone && t.Recovery == chat.RecoveryNone })
	key := d.setUp(chat.SetUp{})
	if now := d.wait("everything set up", complete); now.Passphrase || now.UnlockedUntil.IsZero() {
		t.Errorf("after set-up: %+v", now)
	}

	p := matrixtest.StartPeer(t, hs, a)
	if _, err := p.Try("unlockSecrets", map[string]any{"secret": "EsT5 wrong"}); err == nil {
		t.Error("a wrong key opened the storage")
	}
	p.UnlockSecrets(string(key))
	if s := p.CrossSigning(); !s.Ready || !s.InSecretStorage || !s.StorageReady || !s.Master || !s.SelfSigning || !s.UserSigning {
		t.Errorf("the reference client sees %+v", s)
	}
	if got, want := p.IdentityKeys(a.UserID).Master, d.trust().MasterKey; got != want {
		t.Errorf("master key %s, want %s", got, want)
	}
	p.WaitDeviceTrust(a.UserID, d.DeviceID, matrixtest.PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true})
	d.wait("a session that can verify", func(t chat.Trust) bool { return t.CanVerify == 1 && len(t.Fresh) == 0 })

	// A new session is an alert until it is verified or dismissed.
	fresh := hs.Login(t, a)
	q := matrixtest.StartPeer(t, hs, a)
	now := d.wait("the alert", func(t chat.Trust) bool { return len(t.Fresh) == 1 })
	if now.Fresh[0].ID != chat.DeviceID(q.DeviceID) {
		t.Errorf("alert about %s, not %s (and not about %s, which has no keys)", now.Fresh[0].ID, q.DeviceID, fresh.DeviceID)
	}
	if err := d.i.DismissSession(t.Context(), chat.DeviceID(q.DeviceID)); err != nil {
		t.Fatal(err)
	}
	d.restart()
	d.wait("no alert", func(t chat.Trust) bool { return t.Complete() && len(t.Fresh) == 0 })
}

// What the reference client set up opens with its recovery key.
func TestWeUseTheReferenceClientsIdentity(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "theirs")
	p := matrixtest.StartPeer(t, hs, a)
	key := p.SetUpTrust()

	d := signIn(t, hs, a)
	d.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign && t.CanVerify == 1 })
	_, err := d.i.SetUp(t.Context(), chat.SetUp{})
	wantKind(t, "set-up over an identity", err, chat.ProblemExists)
	_, err = d.i.NewRecoveryKey(t.Context(), "")
	wantKind(t, "new key for somebody else's identity", err, chat.ProblemUntrusted)

	if err := d.i.Recover(t.Context(), chat.Secret("  "+key+"\n\t")); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	d.wait("everything", complete)
	p.WaitDeviceTrust(a.UserID, d.DeviceID, matrixtest.PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true})

	// A new recovery key is the only one from then on.
	second, err := d.i.NewRecoveryKey(t.Context(), "")
	if err != nil {
		t.Fatalf("NewRecoveryKey: %v", err)
	}
	d.wait("everything", complete)
	e := signIn(t, hs, a)
	wantKind(t, "the old key", e.i.Recover(t.Context(), chat.Secret(key)), chat.ProblemSecret)
	if got := e.trust(); got.Identity == chat.IdentityOwn {
		t.Errorf("a wrong key left %+v", got)
	}
	if err := e.i.Recover(t.Context(), second); err != nil {
		t.Fatalf("Recover with the new key: %v", err)
	}
	q := matrixtest.StartPeer(t, hs, a)
	if _, err := q.Try("unlockSecrets", map[string]any{"secret": key}); err == nil {
		t.Error("the old key still opens the storage")
	}
	q.UnlockSecrets(string(second))
}

// Passphrases open secret storage, whoever made it.
func TestPassphraseBothWays(t *testing.T) {
	hs := matrixtest.Synapse(t)
	const words = "correct horse battery staple, 蓄電池"
	a := hs.NewAccount(t, "words")
	d := signIn(t, hs, a)
	d.setUp(chat.SetUp{Passphrase: words})
	if now := d.wait("everything", complete); !now.Passphrase {
		t.Errorf("passphrase not seen: %+v", now)
	}
	matrixtest.StartPeer(t, hs, a).UnlockSecrets(words)

	b := hs.NewAccount(t, "theirwords")
	p := matrixtest.StartPeer(t, hs, b)
	p.BootstrapCrossSigning(b.Password)
	written := p.BootstrapSecretStorage(words)
	e := signIn(t, hs, b)
	wantKind(t, "wrong words", e.i.Recover(t.Context(), "wrong words"), chat.ProblemSecret)
	if err := e.i.Recover(t.Context(), words); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	f := signIn(t, hs, b)
	if err := f.i.Recover(t.Context(), chat.Secret(written)); err != nil {
		t.Fatalf("Recover with the key that the words make: %v", err)
	}
}

// A reset gives a new identity, which the other side sees as another one.
func TestReset(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "again")
	p := matrixtest.StartPeer(t, hs, a)
	first := p.SetUpTrust()
	d := signIn(t, hs, a)
	before := d.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign }).MasterKey

	_, err := d.i.SetUp(t.Context(), chat.SetUp{Reset: true})
	need := wantKind(t, "reset without a password", err, chat.ProblemAuth).Auth
	if need == nil || !need.Password || need.Wrong || need.Session == "" {
		t.Fatalf("asked for %+v", need)
	}
	_, err = d.i.SetUp(t.Context(), chat.SetUp{Reset: true, Auth: chat.Auth{Password: "wrong", Session: need.Session}})
	if need = wantKind(t, "reset with a wrong password", err, chat.ProblemAuth).Auth; !need.Password || !need.Wrong {
		t.Fatalf("asked for %+v", need)
	}
	p.QueryKeys(a.UserID)
	if got := p.IdentityKeys(a.UserID).Master; got != before {
		t.Error("the identity changed without a password")
	}
	second := d.setUp(chat.SetUp{Reset: true, Auth: chat.Auth{Password: chat.Secret(a.Password), Session: need.Session}})
	now := d.wait("everything", complete)
	if now.MasterKey == before {
		t.Error("the identity is the old one")
	}
	p.QueryKeys(a.UserID)
	if got := p.IdentityKeys(a.UserID).Master; got != now.MasterKey {
		t.Errorf("the reference client sees %s, want %s", got, now.MasterKey)
	}
	e := signIn(t, hs, a)
	wantKind(t, "the old recovery key", e.i.Recover(t.Context(), chat.Secret(first)), chat.ProblemSecret)
	if err := e.i.Recover(t.Context(), second); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	e.wait("everything", complete)

	// The session that made it the first time is told that the identity was replaced.
	matrixtest.StartPeer(t, hs, a).UnlockSecrets(string(second))
}

// Another session's reset is seen here, and the old private keys are used no more.
func TestIdentityReplacedByAnotherSession(t *testing.T) {
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, "replaced")
	d := signIn(t, hs, a)
	d.setUp(chat.SetUp{})
	d.wait("everything", complete)
	p := matrixtest.StartPeer(t, hs, a)
	p.ResetIdentity(a.Password)
	key := p.BootstrapSecretStorage("")
	now := d.wait("the replacement", func(t chat.Trust) bool { return t.Identity == chat.IdentityReplaced && !t.PrivateKeys })
	if now.Complete() {
		t.Errorf("complete: %+v", now)
	}
	finger, _ := d.Machine.Identity()
	if err := d.Machine.SignSession(t.Context(), chat.DeviceID(d.DeviceID), finger); err == nil {
		t.Error("signed with the old identity")
	}
	_, err := d.i.SetUp(t.Context(), chat.SetUp{})
	wantKind(t, "set-up over the new identity", err, chat.ProblemExists)
	if err := d.i.Recover(t.Context(), chat.Secret(key)); err != nil {
		t.Fatalf("Recover: %v", err)
	}
	d.wait("the new identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn && t.PrivateKeys })
}
