package matrixtest

import (
	"encoding/json"
	"testing"
)

// NewDevice starts a second peer on the same account, as a new device.
func (p *Peer) NewDevice(t testing.TB) *Peer {
	t.Helper()
	return StartPeer(t, p.hs, p.account)
}

// CreateRoom creates a private room, encrypted or not, and invites users.
func (p *Peer) CreateRoom(name string, encrypted bool, invite ...string) (roomID string) {
	p.t.Helper()
	var room struct{ RoomID string }
	p.Command("createRoom", map[string]any{"name": name, "encrypted": encrypted, "invite": invite}, &room)
	return room.RoomID
}

// Invite invites a user. A peer whose device is verified by its identity first shares the keys of the history that the
// room lets them see with those of the user's devices that are signed by their identity.
//
// MSC4268
func (p *Peer) Invite(roomID, userID string) {
	p.t.Helper()
	p.Command("invite", map[string]any{"roomId": roomID, "userId": userID}, nil)
}

// WaitInvite waits until sync shows an invitation.
func (p *Peer) WaitInvite(roomID string) {
	p.t.Helper()
	p.WaitMember(roomID, p.UserID, "invite")
}

// Join joins by id or address, and waits until sync shows the room. After an invitation that sync has shown
// ([Peer.WaitInvite]) it takes the keys that the inviter shares, now or when they come.
//
// MSC4268
func (p *Peer) Join(roomID string) string {
	p.t.Helper()
	var room struct{ RoomID string }
	p.Command("join", map[string]any{"roomId": roomID}, &room)
	return room.RoomID
}

// Leave leaves a room.
func (p *Peer) Leave(roomID string) {
	p.t.Helper()
	p.Command("leave", map[string]any{"roomId": roomID}, nil)
}

// WaitMember waits until sync shows a user with a membership ("join", "leave" …): only then does the peer share keys
// with them, or stops to.
func (p *Peer) WaitMember(roomID, userID, membership string) {
	p.t.Helper()
	p.Command("waitMember", map[string]any{"roomId": roomID, "userId": userID, "membership": membership}, nil)
}

// WaitEncrypted waits until the peer would encrypt in the room.
func (p *Peer) WaitEncrypted(roomID string) {
	p.t.Helper()
	p.Command("waitEncrypted", map[string]any{"roomId": roomID}, nil)
}

// WaitDevice waits until the peer knows a device of a user.
func (p *Peer) WaitDevice(userID, deviceID string) {
	p.t.Helper()
	p.Command("waitDevice", map[string]any{"userId": userID, "deviceId": deviceID}, nil)
}

// SendText sends a message, encrypted if the room is.
func (p *Peer) SendText(roomID, body string) (eventID string) {
	p.t.Helper()
	return p.Send(roomID, "m.room.message", map[string]any{"msgtype": "m.text", "body": body})
}

// Send sends an event, encrypted if the room is.
func (p *Peer) Send(roomID, eventType string, content any) (eventID string) {
	p.t.Helper()
	var sent struct{ EventID string }
	p.Command("send", map[string]any{"roomId": roomID, "type": eventType, "content": content}, &sent)
	return sent.EventID
}

// WaitMessage waits until the room shows a readable message with this body.
func (p *Peer) WaitMessage(roomID, body string) PeerMessage {
	p.t.Helper()
	var m PeerMessage
	p.Command("waitMessage", map[string]any{"roomId": roomID, "body": body}, &m)
	return m
}

// WaitEvent waits until the room shows this event, decrypted if it came encrypted.
func (p *Peer) WaitEvent(roomID, eventID string) PeerMessage {
	p.t.Helper()
	var m PeerMessage
	p.Command("waitMessage", map[string]any{"roomId": roomID, "eventId": eventID}, &m)
	return m
}

// WaitFailure waits until the room shows this event and that it cannot be read, and says why.
func (p *Peer) WaitFailure(roomID, eventID string) PeerMessage {
	p.t.Helper()
	var m PeerMessage
	p.Command("waitFailure", map[string]any{"roomId": roomID, "eventId": eventID}, &m)
	return m
}

// Messages lists what the peer holds of a room, oldest first, after scrolling back until it has atLeast events, or all.
func (p *Peer) Messages(roomID string, atLeast int) []PeerMessage {
	p.t.Helper()
	var list []PeerMessage
	p.Command("messages", map[string]any{"roomId": roomID, "backTo": atLeast}, &list)
	return list
}

// Rotate discards the outbound session: the next message begins a new one.
func (p *Peer) Rotate(roomID string) {
	p.t.Helper()
	p.Command("rotate", map[string]any{"roomId": roomID}, nil)
}

// Logout ends the session on the homeserver. The peer has no further use.
func (p *Peer) Logout() {
	p.t.Helper()
	p.Command("logout", nil, nil)
}

// Eval runs the body of an async JavaScript function with the names client (the MatrixClient), sdk (the module), args,
// until(limitMS, what, probe) and peer (peer.api: the module's crypto-api, peer.wasm: the Rust crypto), and returns what it returns, for what has no method here.
func (p *Peer) Eval(source string, args any) json.RawMessage {
	p.t.Helper()
	result, err := p.Try("eval", map[string]any{"source": source, "args": args})
	if err != nil {
		p.t.Fatalf("js peer %s: %v\nin %s", p.account.UserID, err, source)
	}
	return result
}
