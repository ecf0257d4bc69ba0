package matrixtest

import (
	"reflect"
	"testing"
)

// verify takes two sides of a request through emoji to the end.
func verify(t *testing.T, asks, answers *PeerVerification) {
	t.Helper()
	answers.Accept()
	asks.StartSAS()
	answers.AcceptSAS()
	ours, theirs := asks.SAS(), answers.SAS()
	if !reflect.DeepEqual(ours, theirs) || len(ours.Symbols) != 7 || len(ours.Names) != 7 || len(ours.Decimal) != 3 {
		t.Fatalf("the sides show %+v and %+v", ours, theirs)
	}
	asks.ConfirmSAS()
	answers.ConfirmSAS()
	asks.WaitDone()
	answers.WaitDone()
}

func TestPeersVerifyEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, hs *Homeserver) {
		ada := StartPeer(t, hs, hs.NewAccount(t, "ada"))
		ada.SetUpTrust()

		// Emoji, asked of all devices.
		second := ada.NewDevice(t)
		second.WaitIdentity(ada.UserID)
		request := second.RequestOwnVerification()
		verify(t, request, ada.WaitVerification(ada.UserID))
		second.WaitDeviceTrust(ada.UserID, second.DeviceID, own)
		second.WaitSecrets()
		ada.WaitDeviceTrust(ada.UserID, second.DeviceID, own)
		if state := request.State(); !state.Self || !state.InitiatedByMe || state.DeviceID != ada.DeviceID || state.Phase != "done" {
			t.Fatalf("at the end: %+v", state)
		}

		// A code, scanned by the device that is verified already; the other side starts from the device list.
		third := ada.NewDevice(t)
		third.WaitIdentity(ada.UserID)
		ada.WaitDevice(ada.UserID, third.DeviceID)
		asks := ada.RequestDeviceVerification(ada.UserID, third.DeviceID)
		answers := third.WaitVerification(ada.UserID)
		answers.Accept()
		code := answers.ShowQR()
		if string(code[:6]) != "MATRIX" {
			t.Fatalf("the code begins with %q", code[:6])
		}
		if _, err := asks.Try("scanQR", map[string]any{"bytes": []byte("MATRIX")}); err == nil {
			t.Fatal("a cut code is taken")
		}
		asks.ScanQR(code)
		answers.WaitQRScanned()
		answers.ConfirmQR()
		asks.WaitDone()
		answers.WaitDone()
		ada.WaitDeviceTrust(ada.UserID, third.DeviceID, own)
		third.WaitDeviceTrust(ada.UserID, third.DeviceID, own)
	})
}

func TestPeersCancelVerification(t *testing.T) {
	hs := Synapse(t)
	ada := StartPeer(t, hs, hs.NewAccount(t, "ada"))
	ada.SetUpTrust()
	second := ada.NewDevice(t)
	second.WaitIdentity(ada.UserID)
	begin := func() (asks, answers *PeerVerification) {
		asks = second.RequestOwnVerification()
		return asks, ada.WaitVerification(ada.UserID)
	}
	cancelled := func(v *PeerVerification, want string) {
		t.Helper()
		if code, by := v.WaitCancelled(); code != want || by != ada.UserID {
			t.Fatalf("cancelled with %s by %s, want %s", code, by, want)
		}
	}

	second.SetVerificationMethods("m.sas.v1")
	asks, answers := begin()
	if methods := answers.State().TheirMethods; !reflect.DeepEqual(methods, []string{"m.sas.v1"}) {
		t.Fatalf("offered are %v, want m.sas.v1", methods)
	}
	answers.Cancel()
	cancelled(asks, "m.user")
	if _, err := asks.Try("verificationPhase", map[string]any{"phase": "done"}); err == nil {
		t.Fatal("a cancelled verification comes to its end")
	}

	asks, answers = begin()
	answers.Accept()
	answers.StartSAS()
	asks.AcceptSAS()
	asks.SAS()
	answers.MismatchSAS()
	cancelled(asks, "m.mismatched_sas")

	// Both start at once; one start wins.
	asks, answers = begin()
	answers.Accept()
	asks.WaitPhase("ready")
	both := make(chan error, 2)
	for _, v := range []*PeerVerification{asks, answers} {
		go func() {
			_, err := v.Try("startSAS", nil)
			both <- err
		}()
	}
	for range 2 {
		if err := <-both; err != nil {
			t.Fatal(err)
		}
	}
	if ours, theirs := asks.SAS(), answers.SAS(); !reflect.DeepEqual(ours, theirs) {
		t.Fatalf("the sides show %+v and %+v", ours, theirs)
	}
	asks.Cancel()
	cancelled(answers, "m.user")
	if list := second.Verifications(); len(list) != 3 || list[0].Phase != "cancelled" {
		t.Fatalf("all verifications: %+v", list)
	}
}
