package verify

import (
	"slices"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

var trusted = matrixtest.PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true}

// asking has one side ask for a verification and the other one accept.
type asking func(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification

func weAskAll(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
	s.m.Request(s.User(), "", "")
	theirs := peer.WaitVerification(s.UserID)
	theirs.Accept()
	return theirs
}

func weAskThem(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
	s.m.Request(s.User(), chat.DeviceID(peer.DeviceID), "")
	theirs := peer.WaitVerification(s.UserID)
	theirs.Accept()
	return theirs
}

func theyAskUs(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
	theirs := peer.RequestDeviceVerification(s.UserID, s.DeviceID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	return theirs
}

func theyAskAll(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
	theirs := peer.RequestOwnVerification()
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	return theirs
}

// requested is our request in a room, as the other side sees it.
func requested(s *session, peer *matrixtest.Peer, room string) *matrixtest.PeerVerification {
	s.m.Request(chat.UserID(peer.UserID), "", chat.RoomID(room))
	return peer.WaitRoomVerification(room, s.UserID)
}

func weAskIn(room string) asking {
	return func(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
		theirs := requested(s, peer, room)
		theirs.Accept()
		return theirs
	}
}

func theyAskIn(room string) asking {
	return func(s *session, peer *matrixtest.Peer) *matrixtest.PeerVerification {
		theirs := peer.RequestRoomVerification(room, s.UserID)
		s.m.Accept(s.wait(chat.VerifyRequested).ID)
		return theirs
	}
}

// way brings a verification that both have accepted to its end on the other side.
type way func(s *session, theirs *matrixtest.PeerVerification)

// weStart begins the comparison, and returns what we show.
func weStart(s *session, theirs *matrixtest.PeerVerification) chat.Verification {
	s.m.StartSAS(s.wait(chat.VerifyReady).ID)
	theirs.AcceptSAS()
	return compared(s, theirs)
}

// theyStart is weStart for the other side.
func theyStart(s *session, theirs *matrixtest.PeerVerification) chat.Verification {
	theirs.StartSAS()
	return compared(s, theirs)
}

func compared(s *session, theirs *matrixtest.PeerVerification) chat.Verification {
	ours := s.wait(chat.VerifyCompare)
	sameStrings(s.T, ours, theirs.SAS())
	return ours
}

// weBegin: we confirm first.
func weBegin(s *session, theirs *matrixtest.PeerVerification) {
	s.m.Confirm(weStart(s, theirs).ID)
	s.wait(chat.VerifyConfirmed)
	theirs.ConfirmSAS()
	theirs.WaitDone()
}

// theyBegin: they confirm first.
func theyBegin(s *session, theirs *matrixtest.PeerVerification) {
	ours := theyStart(s, theirs)
	theirs.ConfirmSAS()
	s.m.Confirm(ours.ID)
	theirs.WaitDone()
}

func bothBegin(s *session, theirs *matrixtest.PeerVerification) {
	s.m.StartSAS(s.wait(chat.VerifyReady).ID)
	s.m.Confirm(theyStart(s, theirs).ID)
	theirs.ConfirmSAS()
	theirs.WaitDone()
}

func theyScan(s *session, theirs *matrixtest.PeerVerification) {
	theirs.ScanQR(s.wait(chat.VerifyReady).Code)
	s.m.Confirm(s.wait(chat.VerifyScanned).ID)
	theirs.WaitDone()
}

func weScan(s *session, theirs *matrixtest.PeerVerification) {
	s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
	theirs.WaitQRScanned()
	theirs.ConfirmQR()
	theirs.WaitDone()
}

// cancels waits until we have ended it and the other side knows why.
func (s *session) cancels(theirs *matrixtest.PeerVerification, reason string) {
	s.T.Helper()
	s.cancelled(reason, true)
	if code, by := theirs.WaitCancelled(); code != reason || by != s.UserID {
		s.T.Errorf("they see %s by %s", code, by)
	}
}

// sameStrings compares what the two sides show.
func sameStrings(t testing.TB, ours chat.Verification, theirs matrixtest.PeerSAS) {
	t.Helper()
	var symbols, names []string
	for _, e := range ours.Emoji {
		symbols, names = append(symbols, e.Symbol), append(names, e.Name)
	}
	if !slices.Equal(symbols, theirs.Symbols) || !slices.Equal(names, theirs.Names) || !slices.Equal(ours.Decimals[:], theirs.Decimal) {
		t.Fatalf("we show %v %v %v, they %+v", symbols, names, ours.Decimals, theirs)
	}
}
