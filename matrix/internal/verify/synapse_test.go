package verify

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestNewSessionVerifiedByReferenceClient: our new session of an account whose identity another client made.
func TestNewSessionVerifiedByReferenceClient(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	for name, c := range map[string]struct {
		ask asking
		way way
	}{
		"we ask, we begin":     {weAskAll, weBegin},
		"they ask, they begin": {theyAskUs, theyBegin},
		"we ask, both begin":   {weAskThem, bothBegin},
		"they scan our code":   {theyAskUs, theyScan},
		"we scan their code":   {weAskAll, weScan},
	} {
		t.Run(name, func(t *testing.T) {
			s := signIn(t, hs, account)
			peer.WaitDevice(s.UserID, s.DeviceID)
			c.way(s, c.ask(s, peer))
			s.done()
			peer.WaitDeviceTrust(s.UserID, s.DeviceID, trusted)
			if own, err := s.Own(t.Context()); err != nil || !own.Trusted {
				t.Errorf("we trust the identity: %t, %v", own.Trusted, err)
			}
		})
	}
}

// TestReferenceClientVerifiedByUs: a new session of theirs on our account.
func TestReferenceClientVerifiedByUs(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	s := signIn(t, hs, account).setUp()
	for name, c := range map[string]struct {
		ask asking
		way way
	}{
		"they ask, emoji":    {theyAskAll, weBegin},
		"we scan their code": {weAskThem, weScan},
		"they scan our code": {theyAskAll, theyScan},
	} {
		t.Run(name, func(t *testing.T) {
			s.T = t
			peer := matrixtest.StartPeer(t, hs, account)
			peer.WaitIdentity(s.UserID)
			peer.WaitDevice(s.UserID, s.DeviceID)
			c.way(s, c.ask(s, peer))
			s.done()
			peer.WaitDeviceTrust(s.UserID, s.DeviceID, trusted)
			p, err := s.Machine.SessionTrust(t.Context(), s.User(), chat.DeviceID(peer.DeviceID))
			if err != nil || p.Trust != chat.SessionVerified {
				t.Errorf("their session is %d to us, %v", p.Trust, err)
			}
		})
	}
}

// TestPersonVerifiedInARoom: encrypted and not, each asking, each way.
func TestPersonVerifiedInARoom(t *testing.T) {
	hs := matrixtest.Synapse(t)
	for name, c := range map[string]struct {
		encrypted bool
		ask       func(room string) asking
		way       way
	}{
		"we ask, emoji":      {true, weAskIn, theyBegin},
		"they ask, emoji":    {true, theyAskIn, weBegin},
		"in clear":           {false, weAskIn, weBegin},
		"they scan our code": {true, theyAskIn, theyScan},
		"we scan their code": {true, weAskIn, weScan},
	} {
		t.Run(name, func(t *testing.T) {
			s, peer, room := strangers(t, hs, c.encrypted)
			c.way(s, c.ask(room)(s, peer))
			s.done()
			if got := s.verdicts(); len(got) != 1 || got[0].MasterKey != peer.IdentityKeys(peer.UserID).Master {
				t.Errorf("signed %+v", got)
			}
			matrixtest.Wait(t, waitLimit, "their signature", func() bool {
				peer.QueryKeys(s.UserID)
				return peer.UserTrust(s.UserID).Verified
			})
			p, err := s.Machine.People(t.Context(), chat.UserID(peer.UserID))
			if err != nil || p[0].Trust != chat.PersonVerified {
				t.Errorf("they are %+v to us, %v", p, err)
			}
		})
	}
}

// strangers are two people with identities in one room.
func strangers(t *testing.T, hs *matrixtest.Homeserver, encrypted bool) (*session, *matrixtest.Peer, string) {
	t.Helper()
	s := signIn(t, hs, hs.NewAccount(t, "ada")).setUp()
	peer := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	peer.SetUpTrust()
	room := peer.CreateRoom("harbour", encrypted, s.UserID)
	s.Join(room)
	peer.WaitMember(room, s.UserID, "join")
	if encrypted {
		peer.WaitEncrypted(room)
	}
	peer.WaitIdentity(s.UserID)
	return s, peer, room
}

// TestReferenceClientEndsIt: the other side declines, denies, and is denied, each way.
func TestReferenceClientEndsIt(t *testing.T) {
	hs := matrixtest.Synapse(t)
	s, peer, room := strangers(t, hs, true)
	// They decline.
	requested(s, peer, room).Cancel()
	s.cancelled(codeUser, false)
	// We take it back.
	theirs := requested(s, peer, room)
	s.m.Cancel(s.wait(chat.VerifyRequested).ID)
	s.cancels(theirs, codeUser)
	// We decline.
	theirs = peer.RequestRoomVerification(room, s.UserID)
	s.m.Cancel(s.wait(chat.VerifyRequested).ID)
	s.cancels(theirs, codeUser)
	// They say that it is different.
	theirs = weAskIn(room)(s, peer)
	s.m.Confirm(weStart(s, theirs).ID)
	theirs.MismatchSAS()
	s.cancelled(codeSAS, false)
	// We say so.
	theirs = theyAskIn(room)(s, peer)
	ours := theyStart(s, theirs)
	theirs.ConfirmSAS()
	s.m.Deny(ours.ID)
	s.cancels(theirs, codeSAS)
	// They do not find our scan.
	theirs = weAskIn(room)(s, peer)
	s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
	theirs.WaitQRScanned()
	theirs.RejectQR()
	s.cancelled(codeUser, false)
	// Nor do we find theirs.
	theirs = theyAskIn(room)(s, peer)
	theirs.ScanQR(s.wait(chat.VerifyReady).Code)
	s.m.Deny(s.wait(chat.VerifyScanned).ID)
	s.cancelled(codeUser, true)
	if got := s.verdicts(); len(got) > 0 {
		t.Errorf("signed %v", got)
	}
	if peer.UserTrust(s.UserID).Verified {
		t.Error("we are verified to them")
	}
}

// TestTimeRunsOut: for us, and for the reference client.
func TestTimeRunsOut(t *testing.T) {
	s, peer, room := strangers(t, matrixtest.Synapse(t), false)
	theirs := theyAskIn(room)(s, peer)
	theyStart(s, theirs)
	s.skip(timeLimit)
	s.cancels(theirs, codeTimeout)
	s.skip(-timeLimit)

	theirs = weAskIn(room)(s, peer)
	s.m.Confirm(weStart(s, theirs).ID)
	peer.SkipTime(timeLimit)
	s.cancelled(codeTimeout, false)
	if got := s.verdicts(); len(got) > 0 {
		t.Errorf("signed %v", got)
	}
}

// TestVerificationOnDendrite: the other homeserver, between sessions and in a room.
func TestVerificationOnDendrite(t *testing.T) {
	hs := matrixtest.Dendrite(t)
	s, peer, room := strangers(t, hs, true)
	weBegin(s, weAskIn(room)(s, peer))
	s.done()

	second := signIn(t, hs, s.account)
	second.m.Request(s.User(), "", "")
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	second.m.Scan(second.wait(chat.VerifyReady).ID, s.wait(chat.VerifyReady).Code)
	s.m.Confirm(s.wait(chat.VerifyScanned).ID)
	s.done()
	second.done()
}

// TestHomeserverInTheMiddle: it changes what goes between two sessions; the
// reference client or we notice, and nobody is verified.
func TestHomeserverInTheMiddle(t *testing.T) {
	hs := matrixtest.Synapse(t)
	for _, c := range []struct {
		name, typ, field string
		value            any
		theyBegin        bool
	}{
		{"methods of the start", typeStart, "message_authentication_codes", []string{macMethod}, false},
		{"promise", typeAccept, "commitment", encode(make([]byte, 32)), true},
		{"list of keys", typeMAC, "keys", encode(make([]byte, 32)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			account := hs.NewAccount(t, "ada")
			peer := matrixtest.StartPeer(t, hs, account)
			peer.SetUpTrust()
			s := signIn(t, hs, account)
			peer.WaitDevice(s.UserID, s.DeviceID)
			s.mu.Lock()
			s.change = func(sent string, raw jsontext.Value) jsontext.Value {
				var fields map[string]any
				if sent != c.typ || json.Unmarshal(raw, &fields) != nil {
					return raw
				}
				fields[c.field] = c.value
				out, err := json.Marshal(fields)
				if err != nil {
					t.Error(err)
				}
				return out
			}
			s.mu.Unlock()
			theirs := weAskAll(s, peer)
			ready := s.wait(chat.VerifyReady)
			if c.theyBegin {
				theirs.StartSAS()
			} else {
				s.m.StartSAS(ready.ID)
				theirs.AcceptSAS()
			}
			if c.typ == typeMAC {
				s.m.Confirm(s.wait(chat.VerifyCompare).ID)
				theirs.ConfirmSAS()
			}
			if v := s.over(); v.Phase != chat.VerifyCancelled {
				t.Errorf("it ended with %+v", v)
			}
			// Where our done crosses their cancel, the reference client shows the former as the phase.
			matrixtest.Wait(t, waitLimit, "the end for the other side", func() bool {
				state := theirs.State()
				return state.Phase == "cancelled" || state.Failure != ""
			})
			if got := s.verdicts(); len(got) > 0 {
				t.Errorf("signed %v", got)
			}
			if peer.DeviceTrust(s.UserID, s.DeviceID).Verified {
				t.Error("we are verified to them")
			}
		})
	}
}
