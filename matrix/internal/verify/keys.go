package verify

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// Own is this session. Keys are Ed25519 in unpadded base64.
type Own struct {
	User   chat.UserID
	Device chat.DeviceID
	Key    string
	// Master is the account's published master key, or "" when it has no identity.
	Master string
	// Trusted says that this session is verified with Master: it may vouch for it to others.
	Trusted bool
}

// Person are somebody's keys as the homeserver tells them now, pins and trust
// aside. Keys are Ed25519 in unpadded base64; Master is "" when there is none.
type Person struct {
	Master  string
	Devices map[chat.DeviceID]string
}

// Verified are the keys that a verification has proven. At least one of
// DeviceKey and MasterKey is set.
type Verified struct {
	User chat.UserID
	// Own says that User is this account.
	Own bool
	// Device is the session that took part; DeviceKey is its key when that was verified, else "".
	Device    chat.DeviceID
	DeviceKey string
	// MasterKey is User's master key when that was verified, else "".
	MasterKey string
}

// Keys is where keys come from and where the outcome goes. Calls are made from
// several goroutines and may ask the homeserver.
type Keys interface {
	// Own returns this session's keys.
	Own(ctx context.Context) (Own, error)
	// Of returns the present keys of a user. With a device that is not known it asks the homeserver again before it answers.
	Of(ctx context.Context, user chat.UserID, device chat.DeviceID) (Person, error)
	// Confirm makes what was verified last: it signs the keys. It must refuse keys that are not the present ones.
	Confirm(ctx context.Context, v Verified) error
}

// Transport sends. The same txn is given again when a call is repeated after an error.
type Transport interface {
	// ToDevice sends an event to devices of a user, not encrypted.
	ToDevice(ctx context.Context, txn string, user chat.UserID, devices []chat.DeviceID, eventType string, content jsontext.Value) error
	// Room sends an event to a room, encrypted where the room is, to all
	// sessions of its members whatever the room's policy says about keys, and
	// returns its id. An m.relates_to in the content stays in the encrypted
	// part too: the other side hashes it.
	Room(ctx context.Context, txn string, room chat.RoomID, eventType string, content jsontext.Value) (chat.EventID, error)
}

// Store keeps one note over restarts.
type Store interface {
	// Load returns the last note, nil when there is none.
	Load(ctx context.Context) ([]byte, error)
	// Save replaces the note; nil removes it.
	Save(ctx context.Context, note []byte) error
}

// pins are the keys of both sides, fixed when a verification begins.
type pins struct {
	own     Own
	device  string // the other session's key
	master  string // the other person's master key, or ""
	trouble bool   // a device's id is a master key
}

func pinsOf(own Own, they Person, user chat.UserID, device chat.DeviceID) pins {
	p := pins{own: own, device: they.Devices[device], master: they.Master}
	if user == own.User {
		p.master = own.Master
	}
	// Ids of device keys and master keys share a name space: a device that is
	// called like a master key could stand in for it.
	// Spec: client-server-api#key-and-signature-security
	for _, master := range []string{p.own.Master, p.master} {
		if _, taken := they.Devices[chat.DeviceID(master)]; master != "" && (taken || string(own.Device) == master) {
			p.trouble = true
		}
	}
	return p
}

// same reports whether now are the keys that were pinned.
func (p pins) same(now pins) bool {
	return !now.trouble && p.device == now.device && p.master == now.master &&
		p.own.Key == now.own.Key && p.own.Master == now.own.Master
}

// String says what was verified, without the keys.
func (v Verified) String() string {
	return fmt.Sprintf("%s %s device=%t master=%t", v.User, v.Device, v.DeviceKey != "", v.MasterKey != "")
}

// LogValue says what was verified, without the keys.
func (v Verified) LogValue() slog.Value { return slog.StringValue(v.String()) }
