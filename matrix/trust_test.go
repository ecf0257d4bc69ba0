package matrix_test

import (
	"context"
	"errors"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// trust waits until the account's set-up is as done wants it.
func (k *core) trust(what string, done func(chat.Trust) bool) chat.Trust {
	k.t.Helper()
	var out chat.Trust
	k.wait(what, func(ctx context.Context) (bool, error) {
		t, err := k.Trust().Trust(ctx)
		out = t
		return err == nil && done(t), err
	})
	return out
}

// setUp makes an identity, recovery and a backup, and returns the recovery key.
func (k *core) setUp(password string) chat.Secret {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	key, err := k.Trust().SetUp(ctx, chat.SetUp{})
	var p *chat.Problem
	if errors.As(err, &p) && p.Kind == chat.ProblemAuth && p.Auth.Password {
		key, err = k.Trust().SetUp(ctx, chat.SetUp{Auth: chat.Auth{Password: chat.Secret(password), Session: p.Auth.Session}})
	}
	if err != nil || key == "" {
		k.t.Fatalf("set up: %q %v", string(key), err)
	}
	k.trust("everything is set up", chat.Trust.Complete)
	return key
}

// verification waits until there is one with somebody that is as done wants it.
func (k *core) verification(feed func() []chat.Verification, what string, done func(chat.Verification) bool) chat.Verification {
	k.t.Helper()
	var out chat.Verification
	k.wait(what, func(context.Context) (bool, error) {
		for _, v := range feed() {
			if done(v) {
				out = v
				return true, nil
			}
		}
		return false, nil
	})
	return out
}

// verifications follows the feed and returns every verification's last state.
func (k *core) verifications() func() []chat.Verification {
	feed := k.Store().Subscribe()
	k.t.Cleanup(func() { k.Store().Unsubscribe(feed) })
	last := map[string]chat.Verification{}
	return func() []chat.Verification {
		cs, err := feed.Next(k.t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		for _, v := range cs.Verifications {
			last[v.ID] = v
		}
		out := make([]chat.Verification, 0, len(last))
		for _, v := range last {
			out = append(out, v)
		}
		return out
	}
}

// Somebody moves here from the reference client: with the recovery key the
// session is verified, and what was said before can be read.
func TestMoveWithTheRecoveryKey(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	old := matrixtest.StartPeerIn(t, hs, account, t.TempDir())
	recovery := old.SetUpTrust()
	room := old.CreateRoom("logbook", true)
	old.WaitEncrypted(room)
	old.SendText(room, "before hubbub")
	old.WaitBackedUp(1)

	ada := signIn(t, hs, account, t.TempDir())
	ada.trust("the identity is seen", func(tr chat.Trust) bool {
		return tr.Identity == chat.IdentityForeign && tr.Recovery == chat.RecoveryReady && tr.Backup.State == chat.BackupNoKey
	})
	ada.wait("an unreadable message", func(ctx context.Context) (bool, error) {
		page, err := ada.Store().Page(ctx, chat.PageQuery{Room: chat.RoomID(room), Limit: 50})
		for _, m := range page.Items {
			if m.Kind == chat.KindUndecrypted {
				return true, err
			}
		}
		return false, err
	})
	var p *chat.Problem
	if err := ada.Trust().Recover(t.Context(), "EsTx not the key"); !errors.As(err, &p) || p.Kind != chat.ProblemSecret && p.Kind != chat.ProblemSecretShape {
		t.Fatalf("wrong key: %v", err)
	}
	if err := ada.Trust().Recover(t.Context(), chat.Secret(recovery)); err != nil {
		t.Fatalf("recover: %v", err)
	}
	ada.trust("everything is set up", chat.Trust.Complete)
	ada.message(chat.RoomID(room), "before hubbub")
	old.WaitDeviceTrust(account.UserID, string(ada.Account().Device), matrixtest.PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true})
}

// A second session is verified by the first with emoji; then it has all secrets.
func TestVerifyASecondSessionByEmoji(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	first := signIn(t, hs, account, t.TempDir())
	first.setUp(account.Password)
	second := signIn(t, hs, account, t.TempDir())
	second.trust("the identity is seen", func(tr chat.Trust) bool { return tr.Identity == chat.IdentityForeign && tr.CanVerify > 0 })

	atFirst, atSecond := first.verifications(), second.verifications()
	id := second.Trust().Verify(second.Account().User, "")
	asked := first.verification(atFirst, "request", func(v chat.Verification) bool { return v.Incoming && v.Phase == chat.VerifyRequested })
	first.Trust().AcceptVerification(asked.ID)
	second.verification(atSecond, "ready", func(v chat.Verification) bool { return v.ID == id && v.Phase == chat.VerifyReady })
	second.Trust().CompareEmoji(id)
	compare := func(v chat.Verification) bool { return v.Phase == chat.VerifyCompare }
	a := first.verification(atFirst, "emoji", compare)
	b := second.verification(atSecond, "emoji", compare)
	if len(a.Emoji) != 7 || a.Decimals != b.Decimals || a.Decimals[0] < 1000 {
		t.Fatalf("emoji %v %v, numbers %v %v", a.Emoji, b.Emoji, a.Decimals, b.Decimals)
	}
	for i := range a.Emoji {
		if a.Emoji[i] != b.Emoji[i] || a.Emoji[i].Name == "" {
			t.Fatalf("emoji %v %v", a.Emoji, b.Emoji)
		}
	}
	first.Trust().ConfirmVerification(a.ID)
	second.Trust().ConfirmVerification(b.ID)
	done := func(v chat.Verification) bool { return v.Phase == chat.VerifyDone }
	first.verification(atFirst, "done", done)
	second.verification(atSecond, "done", done)
	second.trust("the secrets came", chat.Trust.Complete)
	first.trust("no session is strange", func(tr chat.Trust) bool { return len(tr.Fresh) == 0 && tr.CanVerify == 1 })
}
