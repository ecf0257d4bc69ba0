package matrixtest

import (
	"encoding/json"
	"time"
)

// PeerVerification is one interactive verification, seen from a peer. Each step waits until it can be done, and fails
// the test when the verification ends before. With [PeerVerification.Try] a step returns its error: the commands are
// acceptVerification, cancelVerification, startSAS, acceptSAS, sas, confirmSAS, mismatchSAS, showQR, scanQR ({"bytes":
// base64}), waitQRScanned, confirmQR, rejectQR and verificationPhase ({"phase": …}).
type PeerVerification struct {
	ID   string // transaction id; of one in a room, the event id of the request
	peer *Peer
}

// PeerVerificationState is how far a verification has come.
type PeerVerificationState struct {
	ID            string   `json:"id"`
	RoomID        string   `json:"roomId"`   // of one in a room
	UserID        string   `json:"userId"`   // the other side
	DeviceID      string   `json:"deviceId"` // of the other side, when it is known
	InitiatedByMe bool     `json:"initiatedByMe"`
	Self          bool     `json:"self"`         // both sides are the same user
	Phase         string   `json:"phase"`        // "requested", "ready", "started", "done" or "cancelled"
	Phases        []string `json:"phases"`       // all that it has been in
	TheirMethods  []string `json:"theirMethods"` // of m.sas.v1, m.qr_code.scan.v1, m.qr_code.show.v1, m.reciprocate.v1
	CancelCode    string   `json:"cancelCode"`   // "m.user" …
	CancelReason  string   `json:"cancelReason"`
	CancelledBy   string   `json:"cancelledBy"` // user id
	Failure       string   `json:"failure"`     // how matrix-js-sdk's verifier ended, if not well
}

// PeerSAS is what a short authentication string shows.
// Spec: client-server-api#sas-method-emoji
type PeerSAS struct {
	Decimal []int    `json:"decimal"` // three numbers
	Symbols []string `json:"symbols"` // seven emoji, if both sides can show them
	Names   []string `json:"names"`   // of the emoji, in English
}

// SkipTime makes the peer's time limits run out earlier, by the time given.
func (p *Peer) SkipTime(d time.Duration) {
	p.t.Helper()
	p.Command("skipTime", map[string]any{"ms": d.Milliseconds()}, nil)
}

func (p *Peer) requestVerification(command string, args map[string]any) *PeerVerification {
	p.t.Helper()
	var state PeerVerificationState
	p.Command(command, args, &state)
	return &PeerVerification{ID: state.ID, peer: p}
}

// SetVerificationMethods sets what the peer offers from now on, of m.sas.v1, m.qr_code.scan.v1, m.qr_code.show.v1 and
// m.reciprocate.v1; at first it is all of them.
func (p *Peer) SetVerificationMethods(methods ...string) {
	p.t.Helper()
	p.Command("verificationMethods", map[string]any{"methods": methods}, nil)
}

// RequestOwnVerification asks all other devices of the account to verify the peer's.
func (p *Peer) RequestOwnVerification() *PeerVerification {
	p.t.Helper()
	return p.requestVerification("requestOwnVerification", nil)
}

// RequestDeviceVerification asks one device, of the peer's account or another's, by to-device message.
func (p *Peer) RequestDeviceVerification(userID, deviceID string) *PeerVerification {
	p.t.Helper()
	return p.requestVerification("requestDeviceVerification", map[string]any{"userId": userID, "deviceId": deviceID})
}

// RequestRoomVerification asks a user in a room, when their identity is known. In an encrypted room too, matrix-js-sdk
// sends its part of the conversation in clear.
func (p *Peer) RequestRoomVerification(roomID, userID string) *PeerVerification {
	p.t.Helper()
	return p.requestVerification("requestRoomVerification", map[string]any{"roomId": roomID, "userId": userID})
}

// WaitVerification waits for a request from a user that no call has returned yet.
func (p *Peer) WaitVerification(userID string) *PeerVerification {
	p.t.Helper()
	return p.requestVerification("waitVerification", map[string]any{"userId": userID})
}

// WaitRoomVerification is WaitVerification for a request in a room.
func (p *Peer) WaitRoomVerification(roomID, userID string) *PeerVerification {
	p.t.Helper()
	return p.requestVerification("waitVerification", map[string]any{"userId": userID, "roomId": roomID})
}

// Verifications lists all verifications that the peer has seen, those that have ended too.
func (p *Peer) Verifications() []PeerVerificationState {
	p.t.Helper()
	var list []PeerVerificationState
	p.Command("verifications", nil, &list)
	return list
}

// Try runs one step's command and returns its error.
func (v *PeerVerification) Try(command string, args map[string]any) (json.RawMessage, error) {
	return v.peer.Try(command, v.with(args))
}

func (v *PeerVerification) with(args map[string]any) map[string]any {
	all := map[string]any{"verification": v.ID}
	for key, value := range args {
		all[key] = value
	}
	return all
}

func (v *PeerVerification) do(command string, args map[string]any, into any) {
	v.peer.t.Helper()
	v.peer.Command(command, v.with(args), into)
}

// State tells how far the verification has come.
func (v *PeerVerification) State() PeerVerificationState {
	v.peer.t.Helper()
	var state PeerVerificationState
	v.do("verification", nil, &state)
	return state
}

// WaitPhase waits until the verification is or has been in a phase ("ready" …) and returns the present state.
func (v *PeerVerification) WaitPhase(phase string) PeerVerificationState {
	v.peer.t.Helper()
	var state PeerVerificationState
	v.do("verificationPhase", map[string]any{"phase": phase}, &state)
	return state
}

// WaitDone waits until both sides have said that they are done.
func (v *PeerVerification) WaitDone() {
	v.peer.t.Helper()
	v.WaitPhase("done")
}

// WaitCancelled waits until the verification is cancelled, and returns its code ("m.user" …) and who did it.
func (v *PeerVerification) WaitCancelled() (code, byUserID string) {
	v.peer.t.Helper()
	state := v.WaitPhase("cancelled")
	return state.CancelCode, state.CancelledBy
}

// Accept answers a request: the peer is ready.
func (v *PeerVerification) Accept() {
	v.peer.t.Helper()
	v.do("acceptVerification", nil, nil)
}

// Cancel cancels the verification at any point, with m.user.
func (v *PeerVerification) Cancel() {
	v.peer.t.Helper()
	v.do("cancelVerification", nil, nil)
}

// StartSAS begins to compare, once both sides are ready; if the other side's start is there already, it goes along.
func (v *PeerVerification) StartSAS() {
	v.peer.t.Helper()
	v.do("startSAS", nil, nil)
}

// AcceptSAS goes along with the other side's start. SAS, ConfirmSAS and MismatchSAS do so by themselves.
func (v *PeerVerification) AcceptSAS() {
	v.peer.t.Helper()
	v.do("acceptSAS", nil, nil)
}

// SAS waits for what there is to compare.
func (v *PeerVerification) SAS() PeerSAS {
	v.peer.t.Helper()
	var sas PeerSAS
	v.do("sas", nil, &sas)
	return sas
}

// ConfirmSAS says that both sides show the same.
func (v *PeerVerification) ConfirmSAS() {
	v.peer.t.Helper()
	v.do("confirmSAS", nil, nil)
}

// MismatchSAS says that they do not.
func (v *PeerVerification) MismatchSAS() {
	v.peer.t.Helper()
	v.do("mismatchSAS", nil, nil)
}

// ShowQR gives the bytes of the QR code that the peer shows, once both sides are ready.
// Spec: client-server-api#qr-code-format
func (v *PeerVerification) ShowQR() []byte {
	v.peer.t.Helper()
	var shown struct{ Bytes []byte }
	v.do("showQR", nil, &shown)
	return shown.Bytes
}

// ScanQR takes the bytes of the QR code that the other side shows.
func (v *PeerVerification) ScanQR(data []byte) {
	v.peer.t.Helper()
	v.do("scanQR", map[string]any{"bytes": data}, nil)
}

// WaitQRScanned waits until the other side has scanned what the peer shows.
func (v *PeerVerification) WaitQRScanned() {
	v.peer.t.Helper()
	v.do("waitQRScanned", nil, nil)
}

// ConfirmQR says that the other side says to have scanned the code: the person looks at its screen.
func (v *PeerVerification) ConfirmQR() {
	v.peer.t.Helper()
	v.do("confirmQR", nil, nil)
}

// RejectQR says that it does not.
func (v *PeerVerification) RejectQR() {
	v.peer.t.Helper()
	v.do("rejectQR", nil, nil)
}
