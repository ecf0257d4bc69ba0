package verify

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

var trusted = matrixtest.PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true}

// sameStrings compares what the two sides show.
func sameStrings(t *testing.T, ours chat.Verification, theirs matrixtest.PeerSAS) {
	t.Helper()
	var symbols, names []string
	for _, e := range ours.Emoji {
		symbols, names = append(symbols, e.Symbol), append(names, e.Name)
	}
	if !slices.Equal(symbols, theirs.Symbols) || !slices.Equal(names, theirs.Names) || !slices.Equal(ours.Decimals[:], theirs.Decimal) {
		t.Fatalf("we show %v %v %v, they %+v", symbols, names, ours.Decimals, theirs)
	}
}

// TestNewSessionVerifiedByReferenceClient: our new session of an account whose identity another client made.
func TestNewSessionVerifiedByReferenceClient(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	for name, way := range map[string]func(t *testing.T, s *session, peer *matrixtest.Peer){
		"we ask, we begin": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			s.m.Request(chat.UserID(s.UserID), "", "")
			theirs := peer.WaitVerification(s.UserID)
			theirs.Accept()
			s.m.StartSAS(s.wait(chat.VerifyReady).ID)
			theirs.AcceptSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			s.m.Confirm(ours.ID)
			s.wait(chat.VerifyConfirmed)
			theirs.ConfirmSAS()
			theirs.WaitDone()
		},
		"they ask, they begin": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			theirs := peer.RequestDeviceVerification(s.UserID, s.DeviceID)
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			theirs.StartSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			theirs.ConfirmSAS()
			s.m.Confirm(ours.ID)
			theirs.WaitDone()
		},
		"we ask, both begin": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			s.m.Request(chat.UserID(s.UserID), chat.DeviceID(peer.DeviceID), "")
			theirs := peer.WaitVerification(s.UserID)
			theirs.Accept()
			s.m.StartSAS(s.wait(chat.VerifyReady).ID)
			theirs.StartSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			s.m.Confirm(ours.ID)
			theirs.ConfirmSAS()
			theirs.WaitDone()
		},
		"they scan our code": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			theirs := peer.RequestDeviceVerification(s.UserID, s.DeviceID)
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			theirs.ScanQR(s.wait(chat.VerifyReady).Code)
			s.m.Confirm(s.wait(chat.VerifyScanned).ID)
			theirs.WaitDone()
		},
		"we scan their code": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			s.m.Request(chat.UserID(s.UserID), "", "")
			theirs := peer.WaitVerification(s.UserID)
			theirs.Accept()
			s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
			theirs.WaitQRScanned()
			theirs.ConfirmQR()
			theirs.WaitDone()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := signIn(t, hs, account)
			peer.WaitDevice(s.UserID, s.DeviceID)
			way(t, s, peer)
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
	for name, way := range map[string]func(t *testing.T, s *session, peer *matrixtest.Peer){
		"they ask, emoji": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			theirs := peer.RequestOwnVerification()
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			s.m.StartSAS(s.wait(chat.VerifyReady).ID)
			theirs.AcceptSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			s.m.Confirm(ours.ID)
			theirs.ConfirmSAS()
			theirs.WaitDone()
		},
		"we scan their code": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			s.m.Request(chat.UserID(s.UserID), chat.DeviceID(peer.DeviceID), "")
			theirs := peer.WaitVerification(s.UserID)
			theirs.Accept()
			s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
			theirs.WaitQRScanned()
			theirs.ConfirmQR()
			theirs.WaitDone()
		},
		"they scan our code": func(t *testing.T, s *session, peer *matrixtest.Peer) {
			theirs := peer.RequestOwnVerification()
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			theirs.ScanQR(s.wait(chat.VerifyReady).Code)
			s.m.Confirm(s.wait(chat.VerifyScanned).ID)
			theirs.WaitDone()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			peer := matrixtest.StartPeer(t, hs, account)
			peer.WaitIdentity(s.UserID)
			peer.WaitDevice(s.UserID, s.DeviceID)
			way(t, s, peer)
			s.done()
			peer.WaitDeviceTrust(s.UserID, s.DeviceID, trusted)
			p, err := s.crypto.SessionTrust(t.Context(), chat.UserID(s.UserID), chat.DeviceID(peer.DeviceID))
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
		way       func(t *testing.T, s *session, peer *matrixtest.Peer, room string)
	}{
		"we ask, emoji": {true, func(t *testing.T, s *session, peer *matrixtest.Peer, room string) {
			s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
			theirs := peer.WaitRoomVerification(room, s.UserID)
			theirs.Accept()
			theirs.StartSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			s.m.Confirm(ours.ID)
			theirs.ConfirmSAS()
			theirs.WaitDone()
		}},
		"they ask, emoji": {true, func(t *testing.T, s *session, peer *matrixtest.Peer, room string) {
			theirs := peer.RequestRoomVerification(room, s.UserID)
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			s.m.StartSAS(s.wait(chat.VerifyReady).ID)
			theirs.AcceptSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			theirs.ConfirmSAS()
			s.m.Confirm(ours.ID)
			theirs.WaitDone()
		}},
		"in clear": {false, func(t *testing.T, s *session, peer *matrixtest.Peer, room string) {
			s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
			theirs := peer.WaitRoomVerification(room, s.UserID)
			theirs.Accept()
			s.m.StartSAS(s.wait(chat.VerifyReady).ID)
			theirs.AcceptSAS()
			ours := s.wait(chat.VerifyCompare)
			sameStrings(t, ours, theirs.SAS())
			s.m.Confirm(ours.ID)
			theirs.ConfirmSAS()
			theirs.WaitDone()
		}},
		"they scan our code": {true, func(t *testing.T, s *session, peer *matrixtest.Peer, room string) {
			theirs := peer.RequestRoomVerification(room, s.UserID)
			s.m.Accept(s.wait(chat.VerifyRequested).ID)
			theirs.ScanQR(s.wait(chat.VerifyReady).Code)
			s.m.Confirm(s.wait(chat.VerifyScanned).ID)
			theirs.WaitDone()
		}},
		"we scan their code": {true, func(t *testing.T, s *session, peer *matrixtest.Peer, room string) {
			s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
			theirs := peer.WaitRoomVerification(room, s.UserID)
			theirs.Accept()
			s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
			theirs.WaitQRScanned()
			theirs.ConfirmQR()
			theirs.WaitDone()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, peer, room := strangers(t, hs, c.encrypted)
			c.way(t, s, peer, room)
			s.done()
			if got := s.verdicts(); len(got) != 1 || got[0].MasterKey != peer.IdentityKeys(peer.UserID).Master {
				t.Errorf("signed %+v", got)
			}
			matrixtest.Wait(t, waitLimit, "their signature", func() bool {
				peer.QueryKeys(s.UserID)
				return peer.UserTrust(s.UserID).Verified
			})
			p, err := s.crypto.People(t.Context(), chat.UserID(peer.UserID))
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
	ask := func() *matrixtest.PeerVerification {
		s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
		return peer.WaitRoomVerification(room, s.UserID)
	}
	// They decline.
	theirs := ask()
	theirs.Cancel()
	s.cancelled(codeUser, false)
	// We take it back.
	theirs = ask()
	s.m.Cancel(s.wait(chat.VerifyRequested).ID)
	s.cancelled(codeUser, true)
	if code, by := theirs.WaitCancelled(); code != codeUser || by != s.UserID {
		t.Errorf("they see %s by %s", code, by)
	}
	// We decline.
	theirs = peer.RequestRoomVerification(room, s.UserID)
	s.m.Cancel(s.wait(chat.VerifyRequested).ID)
	s.cancelled(codeUser, true)
	if code, by := theirs.WaitCancelled(); code != codeUser || by != s.UserID {
		t.Errorf("they see %s by %s", code, by)
	}
	// They say that it is different.
	theirs = ask()
	theirs.Accept()
	s.m.StartSAS(s.wait(chat.VerifyReady).ID)
	theirs.AcceptSAS()
	ours := s.wait(chat.VerifyCompare)
	s.m.Confirm(ours.ID)
	theirs.MismatchSAS()
	s.cancelled(codeSAS, false)
	// We say so.
	theirs = peer.RequestRoomVerification(room, s.UserID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	theirs.StartSAS()
	ours = s.wait(chat.VerifyCompare)
	theirs.ConfirmSAS()
	s.m.Deny(ours.ID)
	s.cancelled(codeSAS, true)
	if code, by := theirs.WaitCancelled(); code != codeSAS || by != s.UserID {
		t.Errorf("they see %s by %s", code, by)
	}
	// They do not find our scan.
	theirs = ask()
	theirs.Accept()
	s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
	theirs.WaitQRScanned()
	theirs.RejectQR()
	s.cancelled(codeUser, false)
	// Nor do we find theirs.
	theirs = peer.RequestRoomVerification(room, s.UserID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
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
	theirs := peer.RequestRoomVerification(room, s.UserID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	theirs.StartSAS()
	s.wait(chat.VerifyCompare)
	s.skip(timeLimit)
	s.cancelled(codeTimeout, true)
	if code, by := theirs.WaitCancelled(); code != codeTimeout || by != s.UserID {
		t.Errorf("they see %s by %s", code, by)
	}
	s.skip(-timeLimit)

	s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
	theirs = peer.WaitRoomVerification(room, s.UserID)
	theirs.Accept()
	s.m.StartSAS(s.wait(chat.VerifyReady).ID)
	theirs.AcceptSAS()
	s.m.Confirm(s.wait(chat.VerifyCompare).ID)
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
	s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
	theirs := peer.WaitRoomVerification(room, s.UserID)
	theirs.Accept()
	s.m.StartSAS(s.wait(chat.VerifyReady).ID)
	theirs.AcceptSAS()
	ours := s.wait(chat.VerifyCompare)
	sameStrings(t, ours, theirs.SAS())
	s.m.Confirm(ours.ID)
	theirs.ConfirmSAS()
	theirs.WaitDone()
	s.done()

	second := signIn(t, hs, s.account)
	second.m.Request(chat.UserID(s.UserID), "", "")
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
			s.m.Request(chat.UserID(s.UserID), "", "")
			theirs := peer.WaitVerification(s.UserID)
			theirs.Accept()
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
