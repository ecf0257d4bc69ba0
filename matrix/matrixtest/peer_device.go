package matrixtest

import "encoding/json"

// PeerDeviceKeys are a peer's public device keys, in base64.
type PeerDeviceKeys struct {
	Ed25519    string `json:"ed25519"`
	Curve25519 string `json:"curve25519"`
}

// PeerDevice is one of the account's devices.
type PeerDevice struct {
	DeviceID string `json:"deviceId"`
	Name     string `json:"name"`
}

// PeerShield is the mark that matrix-js-sdk puts on a message. Colour and Reason are empty for what is not encrypted or
// cannot be read; the names of the reasons are those of its EventShieldReason (UNVERIFIED_IDENTITY, UNSIGNED_DEVICE,
// UNKNOWN_DEVICE, AUTHENTICITY_NOT_GUARANTEED, VERIFICATION_VIOLATION, MISMATCHED_SENDER …).
type PeerShield struct {
	Encrypted bool   `json:"encrypted"`
	Failure   string `json:"failure"` // why the message cannot be read
	Colour    string `json:"colour"`  // "none", "grey" or "red"
	Reason    string `json:"reason"`
}

// PeerToDevice is a to-device message that has arrived, after decryption.
type PeerToDevice struct {
	Type           string          `json:"type"`
	Sender         string          `json:"sender"`
	Content        json.RawMessage `json:"content"`
	Encrypted      bool            `json:"encrypted"`
	SenderDevice   string          `json:"senderDevice"` // of an encrypted one
	SenderVerified bool            `json:"senderVerified"`
}

// PeerIsolation says from and to which devices a peer takes and gives keys.
type PeerIsolation int

// The ways to treat devices. With OnlySignedDevices the peer neither writes to nor reads devices that their owner's
// identity has not signed; with AllDevicesStrict it refuses to send when a verified user has an unsigned device or has
// changed identity.
//
// MSC4153
const (
	AllDevices PeerIsolation = iota
	AllDevicesStrict
	OnlySignedDevices
)

// OwnKeys gives the peer's public device keys.
func (p *Peer) OwnKeys() PeerDeviceKeys {
	p.t.Helper()
	var keys PeerDeviceKeys
	p.Command("ownKeys", nil, &keys)
	return keys
}

// Devices lists the account's devices.
func (p *Peer) Devices() []PeerDevice {
	p.t.Helper()
	var devices []PeerDevice
	p.Command("devices", nil, &devices)
	return devices
}

// DeleteDevice signs one of the account's devices out.
func (p *Peer) DeleteDevice(deviceID, password string) {
	p.t.Helper()
	p.Command("deleteDevice", map[string]any{"deviceId": deviceID, "password": password}, nil)
}

// CrossSignDevice signs one of the account's devices with the identity, unasked.
func (p *Peer) CrossSignDevice(deviceID string) {
	p.t.Helper()
	p.Command("crossSignDevice", map[string]any{"deviceId": deviceID}, nil)
}

// SetDeviceVerified marks a device by hand, on this peer only.
func (p *Peer) SetDeviceVerified(userID, deviceID string, verified bool) {
	p.t.Helper()
	p.Command("setDeviceVerified", map[string]any{"userId": userID, "deviceId": deviceID, "verified": verified}, nil)
}

// Isolate sets how the peer treats devices from now on.
func (p *Peer) Isolate(mode PeerIsolation) {
	p.t.Helper()
	p.Command("isolate", map[string]any{"onlySigned": mode == OnlySignedDevices, "strict": mode == AllDevicesStrict}, nil)
}

// BlockUnverified withholds message keys from devices that the peer has not verified, or stops to.
func (p *Peer) BlockUnverified(block bool) {
	p.t.Helper()
	p.Command("blockUnverified", map[string]any{"block": block}, nil)
}

// AnswerKeyRequests makes the peer ask its account's other devices for message keys and answer them; matrix-js-sdk does
// neither unless told to.
func (p *Peer) AnswerKeyRequests(answer bool) {
	p.t.Helper()
	p.Command("answerKeyRequests", map[string]any{"answer": answer}, nil)
}

// Shield tells how the peer marks a message.
func (p *Peer) Shield(roomID, eventID string) PeerShield {
	p.t.Helper()
	return p.shield(roomID, eventID, nil)
}

// WaitShield waits until the peer marks a message exactly so.
func (p *Peer) WaitShield(roomID, eventID string, want PeerShield) {
	p.t.Helper()
	p.shield(roomID, eventID, want)
}

func (p *Peer) shield(roomID, eventID string, want any) PeerShield {
	p.t.Helper()
	var shield PeerShield
	p.Command("shield", map[string]any{"roomId": roomID, "eventId": eventID, "want": want}, &shield)
	return shield
}

// SendToDevice sends a to-device message in clear, as it is; deviceID "*" is all devices.
func (p *Peer) SendToDevice(userID, deviceID, eventType string, content any) {
	p.t.Helper()
	p.Command("sendToDevice", map[string]any{"userId": userID, "deviceId": deviceID, "type": eventType, "content": content}, nil)
}

// SendToDeviceEncrypted sends a to-device message with Olm to a device that the peer knows.
func (p *Peer) SendToDeviceEncrypted(userID, deviceID, eventType string, content any) {
	p.t.Helper()
	p.Command("sendToDevice", map[string]any{
		"userId": userID, "deviceId": deviceID, "type": eventType, "content": content, "encrypted": true,
	}, nil)
}

// WaitToDevice waits for a to-device message of a type that no call has returned yet. What matrix-js-sdk cannot decrypt,
// it drops.
func (p *Peer) WaitToDevice(eventType string) PeerToDevice {
	p.t.Helper()
	var message PeerToDevice
	p.Command("waitToDevice", map[string]any{"type": eventType}, &message)
	return message
}
