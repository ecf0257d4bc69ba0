package matrix_test

import (
	"context"
	"slices"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// verifier follows the verifications of a core.
type verifier struct {
	*core
	feed func() []chat.Verification
	past map[string]bool // those whose end was seen
}

func (k *core) verifier() *verifier { return &verifier{k, k.verifications(), map[string]bool{}} }

// one waits for the newest verification to be in a phase.
func (v *verifier) one(phase chat.VerificationPhase) chat.Verification {
	v.t.Helper()
	var out chat.Verification
	v.wait("verification in phase "+string('0'+rune(phase)), func(context.Context) (bool, error) {
		out = chat.Verification{}
		for _, c := range v.feed() {
			if !v.past[c.ID] && !c.At.Before(out.At) {
				out = c
			}
		}
		if out.Phase == chat.VerifyCancelled && phase != chat.VerifyCancelled && !out.At.IsZero() {
			v.t.Fatalf("it was cancelled with %q by us %t: %v", out.Reason, out.ByUs, out.Problem)
		}
		return out.Phase == phase && !out.At.IsZero(), nil
	})
	v.past[out.ID] = !out.Open()
	return out
}

// person waits until somebody is trusted as wanted.
func (k *core) person(user chat.UserID, want chat.PersonTrust) {
	k.t.Helper()
	k.wait("trust in "+string(user), func(ctx context.Context) (bool, error) {
		p, err := k.Trust().Person(ctx, user)
		return p.Trust == want, err
	})
}

// sameAs compares what a core and the reference client show.
func sameAs(t *testing.T, ours chat.Verification, theirs matrixtest.PeerSAS) {
	t.Helper()
	var names []string
	for _, e := range ours.Emoji {
		names = append(names, e.Name)
	}
	if !slices.Equal(names, theirs.Names) || !slices.Equal(ours.Decimals[:], theirs.Decimal) {
		t.Fatalf("we show %v %v, they %+v", names, ours.Decimals, theirs)
	}
}

// Two people verify each other in their direct message, which is made for it;
// a request outlives a restart, and another session of theirs stands back.
func TestVerifyAPersonByEmoji(t *testing.T) {
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	boDir := t.TempDir()
	ada, bo := signIn(t, hs, adaAccount, t.TempDir()), signIn(t, hs, boAccount, boDir)
	ada.setUp(adaAccount.Password)
	bo.setUp(boAccount.Password)
	tablet := signIn(t, hs, boAccount, t.TempDir())

	atAda := ada.verifier()
	ada.Trust().Verify(bo.Account().User, "")
	room := atAda.one(chat.VerifyRequested).Room
	bo.room(room, chat.MemberInvited)
	bo.made(func() string { return bo.Join(string(room)) })
	asked := bo.verifier().one(chat.VerifyRequested)
	if !asked.Incoming || asked.User != ada.Account().User || asked.Device != ada.Account().Device || asked.Room != room {
		t.Fatalf("bo is asked %+v", asked)
	}
	atTablet := tablet.verifier()
	bo.stop()
	bo = start(t, boAccount.UserID, boDir)
	atBo := bo.verifier()
	bo.Trust().AcceptVerification(atBo.one(chat.VerifyRequested).ID)
	ada.Trust().CompareEmoji(atAda.one(chat.VerifyReady).ID)
	va, vb := atAda.one(chat.VerifyCompare), atBo.one(chat.VerifyCompare)
	if !slices.Equal(va.Emoji, vb.Emoji) || va.Decimals != vb.Decimals {
		t.Fatalf("they see %v %v and %v %v", va.Emoji, va.Decimals, vb.Emoji, vb.Decimals)
	}
	ada.Trust().ConfirmVerification(va.ID)
	bo.Trust().ConfirmVerification(vb.ID)
	atAda.one(chat.VerifyDone)
	atBo.one(chat.VerifyDone)
	ada.person(bo.Account().User, chat.PersonVerified)
	bo.person(ada.Account().User, chat.PersonVerified)
	for _, v := range atTablet.feed() {
		if v.Open() {
			t.Errorf("the other session still has %+v", v)
		}
	}
}

// A person who uses the reference client, in an encrypted room, each asking
// once; the room's policy keeps keys from people who are not verified.
func TestVerifyAPersonWithTheReferenceClient(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	ada := signIn(t, hs, account, t.TempDir())
	ada.setUp(account.Password)
	bo := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	bo.SetUpTrust()
	room := bo.CreateRoom("harbour", true, account.UserID)
	ada.room(chat.RoomID(room), chat.MemberInvited)
	ada.made(func() string { return ada.Join(room) })
	bo.WaitMember(room, account.UserID, "join")
	bo.WaitIdentity(account.UserID)
	if err := ada.Trust().SetPolicy(t.Context(), chat.RoomID(room), chat.RoomPolicy{Share: chat.PolicyVerified}); err != nil {
		t.Fatal(err)
	}
	atAda := ada.verifier()

	// They ask, and say that it is different.
	theirs := bo.RequestRoomVerification(room, account.UserID)
	ada.Trust().AcceptVerification(atAda.one(chat.VerifyRequested).ID)
	ada.Trust().CompareEmoji(atAda.one(chat.VerifyReady).ID)
	theirs.AcceptSAS()
	sameAs(t, atAda.one(chat.VerifyCompare), theirs.SAS())
	theirs.MismatchSAS()
	if v := atAda.one(chat.VerifyCancelled); v.Reason != "m.mismatched_sas" || v.ByUs {
		t.Errorf("it ended with %+v", v)
	}

	// They ask again, and it is the same.
	theirs = bo.RequestRoomVerification(room, account.UserID)
	ada.Trust().AcceptVerification(atAda.one(chat.VerifyRequested).ID)
	theirs.StartSAS()
	ours := atAda.one(chat.VerifyCompare)
	sameAs(t, ours, theirs.SAS())
	ada.Trust().ConfirmVerification(ours.ID)
	theirs.ConfirmSAS()
	theirs.WaitDone()
	atAda.one(chat.VerifyDone)
	ada.person(chat.UserID(bo.UserID), chat.PersonVerified)
	matrixtest.Wait(t, limit, "their signature", func() bool {
		bo.QueryKeys(account.UserID)
		return bo.UserTrust(account.UserID).Verified
	})
	// What the policy kept from them before goes to them now.
	ada.say(chat.RoomID(room), "now you can read this")
	bo.WaitMessage(room, "now you can read this")
}

// A code that one own session shows and the other takes in; after it all
// secrets are there. What was under way when one of them stopped is cancelled.
func TestVerifyASecondSessionByCode(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account, dir := hs.NewAccount(t, "ada"), t.TempDir()
	first := signIn(t, hs, account, dir)
	first.setUp(account.Password)
	second := signIn(t, hs, account, t.TempDir())
	second.trust("the identity is seen", func(tr chat.Trust) bool { return tr.Identity == chat.IdentityForeign && tr.CanVerify > 0 })
	atFirst, atSecond := first.verifier(), second.verifier()
	second.Trust().Verify(second.Account().User, first.Account().Device)
	first.Trust().AcceptVerification(atFirst.one(chat.VerifyRequested).ID)
	atSecond.one(chat.VerifyReady)
	first.stop()
	first = start(t, account.UserID, dir)
	if v := atSecond.one(chat.VerifyCancelled); v.ByUs {
		t.Errorf("it ended with %+v", v)
	}

	atFirst = first.verifier()
	first.Trust().Verify(first.Account().User, second.Account().Device)
	second.Trust().AcceptVerification(atSecond.one(chat.VerifyRequested).ID)
	shown := atFirst.one(chat.VerifyReady)
	if !shown.CanShow || len(shown.Code) == 0 {
		t.Fatalf("no code: %+v", shown)
	}
	taking := atSecond.one(chat.VerifyReady)
	second.Trust().TakeCode(taking.ID, shown.Code[:40])
	second.wait("a word about the cut code", func(context.Context) (bool, error) { return atSecond.one(chat.VerifyReady).Problem != nil, nil })
	second.Trust().TakeCode(taking.ID, shown.Code)
	first.Trust().ConfirmVerification(atFirst.one(chat.VerifyScanned).ID)
	atFirst.one(chat.VerifyDone)
	atSecond.one(chat.VerifyDone)
	second.trust("the secrets came", chat.Trust.Complete)
}

// A session that has just been signed in asks before the homeserver has its
// keys: the request waits for them, or nobody could tell whose it is.
func TestVerifyRequestWaitsForOwnKeys(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	first := signIn(t, hs, account, t.TempDir())
	first.setUp(account.Password)
	proxy, behind := hs.Before(t)
	gate := matrixtest.NewGate(t)
	proxy.On(matrixtest.Match{Method: "POST", Path: "**/keys/upload"}, matrixtest.HoldRequest(gate))
	second := signIn(t, behind, account, t.TempDir())
	second.trust("the identity is seen", func(tr chat.Trust) bool { return tr.Identity == chat.IdentityForeign && tr.CanVerify > 0 })
	atFirst := first.verifier()
	second.Trust().Verify(second.Account().User, "")
	second.verifier().one(chat.VerifyRequested)
	gate.Open()
	if v := atFirst.one(chat.VerifyRequested); v.Device != second.Account().Device {
		t.Errorf("asked by %q", v.Device)
	}
}
