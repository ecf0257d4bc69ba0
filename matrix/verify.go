package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/ingest"
	"hubbub/matrix/internal/verify"
	"hubbub/store/chat"
)

// verifyNote names the value in crypto.db that keeps open requests over a restart.
const verifyNote = "verifications"

// verifyKeys implements verify.Keys and verify.Store.
type verifyKeys struct {
	m  *crypto.Machine
	me chat.Account
	// signed is called after own keys were confirmed.
	signed func()
}

// Own implements verify.Keys.
func (k verifyKeys) Own(ctx context.Context) (verify.Own, error) {
	// The other side drops a request of a session whose keys it cannot look up.
	if err := k.m.Announce(ctx); err != nil {
		return verify.Own{}, fmt.Errorf("announce own keys: %w", err)
	}
	ed, _ := k.m.Identity()
	people, err := k.m.People(ctx, k.me.User)
	if err != nil {
		return verify.Own{}, fmt.Errorf("load own keys: %w", err)
	}
	me := people[0]
	return verify.Own{
		User: k.me.User, Device: k.me.Device, Key: ed, Master: me.MasterKey, Trusted: me.Trust == chat.PersonVerified,
	}, nil
}

// Of implements verify.Keys.
func (k verifyKeys) Of(ctx context.Context, user chat.UserID, device chat.DeviceID) (verify.Person, error) {
	if err := k.m.Refresh(ctx, user); err != nil {
		return verify.Person{}, fmt.Errorf("load keys of %s: %w", user, err)
	}
	keys, err := k.m.KeysOf(ctx, user)
	if _, known := keys.Devices[device]; err == nil && !known && device != "" {
		if err = k.m.Reload(ctx, user); err == nil {
			keys, err = k.m.KeysOf(ctx, user)
		}
	}
	if err != nil {
		return verify.Person{}, fmt.Errorf("load keys of %s: %w", user, err)
	}
	p := verify.Person{Master: keys.Master, Devices: make(map[chat.DeviceID]string, len(keys.Devices))}
	for d, k := range keys.Devices {
		p.Devices[d] = k.Ed25519
	}
	return p, nil
}

// Confirm implements verify.Keys.
func (k verifyKeys) Confirm(ctx context.Context, v verify.Verified) error {
	if !v.Own {
		if v.MasterKey == "" {
			return nil // a person is verified as a whole
		}
		return k.m.SignPerson(ctx, v.User, v.MasterKey)
	}
	if v.MasterKey != "" {
		if err := k.m.TrustOwnMaster(ctx, v.MasterKey); err != nil {
			return err
		}
	}
	if v.DeviceKey != "" {
		// A session without the private keys has still learnt whose the identity is.
		err := k.m.SignSession(ctx, v.Device, v.DeviceKey)
		if err != nil && (v.MasterKey == "" || !errors.Is(err, crypto.ErrNoPrivateKey)) {
			return err
		}
	}
	k.signed()
	return nil
}

// Load implements verify.Store.
func (k verifyKeys) Load(ctx context.Context) ([]byte, error) { return k.m.Value(ctx, verifyNote) }

// Save implements verify.Store.
func (k verifyKeys) Save(ctx context.Context, note []byte) error {
	return k.m.SetValue(ctx, verifyNote, note)
}

// verifyPost implements verify.Transport.
type verifyPost struct {
	c *Client
	m *crypto.Machine
}

// ToDevice implements verify.Transport.
func (p verifyPost) ToDevice(ctx context.Context, _ string, user chat.UserID, devices []chat.DeviceID, eventType string, content jsontext.Value) error {
	return p.m.SendToDevice(ctx, eventType, content, user, devices, false)
}

// Room implements verify.Transport.
func (p verifyPost) Room(ctx context.Context, txn string, room chat.RoomID, eventType string, content jsontext.Value) (chat.EventID, error) {
	r, known, err := p.c.store.Room(ctx, room)
	if err != nil {
		return "", fmt.Errorf("verify in %s: %w", room, err)
	}
	if !known {
		return "", &chat.Problem{Kind: chat.ProblemNotFound, Detail: "the room is not known"}
	}
	if r.Encrypted || p.m.Encrypted(room) {
		if content, err = p.m.EncryptOnce(ctx, room, eventType, content); err != nil {
			return "", err
		}
		eventType = "m.room.encrypted"
	}
	var sent struct {
		ID chat.EventID `json:"event_id"`
	}
	url := p.c.http.BuildClientURL("v3", "rooms", id.RoomID(room), "send", eventType, txn)
	if _, err := p.c.http.MakeRequest(ctx, http.MethodPut, url, content, &sent); err != nil {
		return "", fmt.Errorf("verify in %s: %w", room, err)
	}
	return sent.ID, nil
}

// verifyStep passes a step that came in a room on.
func (t *Trust) verifyStep(ev ingest.VerificationEvent) {
	p := t.parts.Load()
	if p == nil {
		return
	}
	p.verify.HandleRoomEvent(verify.RoomEvent{
		Room: ev.Room, ID: ev.ID, Sender: ev.Sender, At: ev.Time, Type: ev.Type, Content: ev.Content, Relates: ev.Target,
	})
}

// Verify asks for a verification of an own session, or of a person in the
// direct message with them, which is created when there is none. Intent.
func (t *Trust) Verify(user chat.UserID, device chat.DeviceID) (ref string) {
	name := verify.NewID()
	t.c.lanes.add("verify", func(ctx context.Context, _ string) {
		p, room, err := t.meeting(ctx, user)
		if err == nil {
			p.verify.Begin(name, user, device, room)
			return
		}
		t.c.store.PublishVerifications([]chat.Verification{{
			ID: name, User: user, Device: device, Own: user == t.c.Account().User, Phase: chat.VerifyCancelled, ByUs: true, Problem: fault.From(err),
		}})
	})
	return name
}

// meeting returns where a verification with somebody takes place.
func (t *Trust) meeting(ctx context.Context, user chat.UserID) (*trustParts, chat.RoomID, error) {
	p, err := t.ready(ctx)
	if err != nil || user == t.c.Account().User {
		return p, "", err
	}
	// Nobody is written to for a verification that cannot be: a person without an identity has nothing to verify.
	if person, err := t.Person(ctx, user); err == nil && person.MasterKey == "" {
		return p, "", &chat.Problem{Kind: chat.ProblemNoIdentity, Detail: string(user)}
	}
	with := chat.NewRoom{Direct: true, Invite: []chat.UserID{user}}
	room, err := t.c.openDirect(ctx, with)
	if err == nil && room == "" {
		room, err = t.c.create(ctx, with)
	}
	return p, room, err
}

// steer does something with an open verification.
func (t *Trust) steer(do func(*verify.Manager)) {
	if p := t.parts.Load(); p != nil {
		do(p.verify)
	}
}

// AcceptVerification answers a request. Intent.
func (t *Trust) AcceptVerification(id string) { t.steer(func(m *verify.Manager) { m.Accept(id) }) }

// CompareEmoji starts the comparison of emoji and numbers. Intent.
func (t *Trust) CompareEmoji(id string) { t.steer(func(m *verify.Manager) { m.StartSAS(id) }) }

// TakeCode hands over the payload of a code that the other side shows. Intent.
func (t *Trust) TakeCode(id string, payload []byte) {
	t.steer(func(m *verify.Manager) { m.Scan(id, payload) })
}

// ConfirmVerification says that what is compared is the same. Intent.
func (t *Trust) ConfirmVerification(id string) { t.steer(func(m *verify.Manager) { m.Confirm(id) }) }

// DenyVerification says that it is different. Intent.
func (t *Trust) DenyVerification(id string) { t.steer(func(m *verify.Manager) { m.Deny(id) }) }

// CancelVerification ends it. Intent.
func (t *Trust) CancelVerification(id string) { t.steer(func(m *verify.Manager) { m.Cancel(id) }) }
