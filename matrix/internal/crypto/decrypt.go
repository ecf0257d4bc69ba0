package crypto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// Clear is a decrypted event.
type Clear struct {
	Type    string         // event type inside
	Content jsontext.Value // content inside; relations of the outer event are copied into it
	Raw     jsontext.Value // {"type":…,"content":…,"room_id":…}
	Session string         // Megolm session id
	Verdict Verdict        // about the session and who sent with it, as known now
}

// Undecryptable says why an event cannot be read.
type Undecryptable struct {
	Cause        chat.UndecryptedCause
	SessionID    string // "" when the event names none
	SenderKey    string // as the event claims, or ""
	WithheldCode string // with CauseWithheld
	// Err is the underlying error. When the store failed (Store is set) the
	// cause is only a guess and the event should be tried again.
	Err   error
	Store bool
}

// Error implements error.
func (u *Undecryptable) Error() string { return fmt.Sprintf("undecryptable: %v", u.Err) }

// Unwrap returns the underlying error.
func (u *Undecryptable) Unwrap() error { return u.Err }

// wireEncrypted is a room event as received. It is read by the exact names of
// its members, each of which stands once: encoding/json takes other spellings
// too, so that who is shown as the sender and who the key is checked against
// could differ.
type wireEncrypted struct {
	ID      id.EventID     `json:"event_id"`
	Sender  id.UserID      `json:"sender"`
	Time    int64          `json:"origin_server_ts"`
	Content jsontext.Value `json:"content"`
}

// Decrypt decrypts an m.room.encrypted event of a room. It checks that the
// event belongs to the room, that its sender is who gave the key, and that no
// other event used the same place in the session.
//
// Spec: client-server-api#mmegolmv1aes-sha2
func (m *Machine) Decrypt(ctx context.Context, room chat.RoomID, raw jsontext.Value) (Clear, *Undecryptable) {
	var w wireEncrypted
	if err := jsonv2.Unmarshal(raw, &w); err != nil {
		return Clear{}, &Undecryptable{Cause: chat.CauseCorrupt, Err: err}
	}
	evt := &event.Event{
		ID: w.ID, Sender: w.Sender, RoomID: id.RoomID(room), Timestamp: w.Time,
		Type: event.EventEncrypted, Content: event.Content{VeryRaw: json.RawMessage(w.Content)},
	}
	if w.ID == "" || w.Sender == "" {
		return Clear{}, &Undecryptable{Cause: chat.CauseCorrupt, Err: errors.New("event lacks an id or a sender")}
	}
	// Read leniently first: what is reported about a broken event matters more than that it is broken.
	var head struct {
		Algorithm id.Algorithm `json:"algorithm"`
		Session   string       `json:"session_id"`
		SenderKey string       `json:"sender_key"`
	}
	_ = json.Unmarshal(w.Content, &head) // ParseRaw reports what is wrong with it
	u := &Undecryptable{SessionID: head.Session, SenderKey: head.SenderKey}
	if head.Algorithm != id.AlgorithmMegolmV1 {
		u.Cause, u.Err = chat.CauseUnsupported, mcrypto.ErrUnsupportedAlgorithm
		return Clear{}, u
	}
	eng, err := m.engine(ctx)
	if err != nil {
		u.Err, u.Store = err, true
		return Clear{}, u
	}
	dec, used, err := decryptMegolm(ctx, eng, evt)
	if err != nil {
		m.explain(u, err)
		m.lookForRefusal(ctx, u, room, w.Sender)
		// A key that was refused to this session may have been given to another own one.
		if u.Cause == chat.CauseUnknownSession && !u.Store || u.Cause == chat.CauseUnknownIndex || u.Cause == chat.CauseWithheld {
			m.want(room, head.Session, head.SenderKey)
		}
		return Clear{}, u
	}
	clear, fail := clearOf(room, head.Session, dec)
	if fail != nil || used == nil {
		return clear, fail
	}
	if clear.Verdict, err = m.examine(ctx, eng, used, evt); err != nil {
		u.Cause, u.Err, u.Store = chat.CauseUnknownSession, err, true
		return Clear{}, u
	}
	return clear, nil
}

// decryptMegolm returns what was inside and the session that opened it.
func decryptMegolm(ctx context.Context, eng *engine, evt *event.Event) (dec *event.Event, used *mcrypto.InboundGroupSession, err error) {
	p := &probe{sender: evt.Sender}
	err = guard(func() (err error) {
		if err := evt.Content.ParseRaw(evt.Type); err != nil {
			return err
		}
		dec, err = eng.mach.DecryptMegolmEvent(withProbe(ctx, p), evt)
		return err
	})
	return dec, p.used, err
}

// examine says what is to be said about a message that was decrypted.
func (m *Machine) examine(ctx context.Context, eng *engine, igs *mcrypto.InboundGroupSession, evt *event.Event) (Verdict, error) {
	if _, own := eng.mach.GetAccount().Keys(); igs.SenderKey == own && igs.KeySource == id.KeySourceDirect {
		if err := m.checkAhead(ctx, eng, evt.RoomID, igs.ID(), evt.Content.AsEncrypted().MegolmCiphertext); err != nil {
			return Verdict{}, err
		}
	}
	return m.judge(ctx, eng, igs, SessionUse{chat.RoomID(evt.RoomID), string(igs.ID()), chat.UserID(evt.Sender)})
}

// lookForRefusal turns a missing key into a refused one when the sender said so.
func (m *Machine) lookForRefusal(ctx context.Context, u *Undecryptable, room chat.RoomID, sender id.UserID) {
	if u.Store || u.Cause != chat.CauseUnknownSession || u.SessionID == "" {
		return
	}
	code, err := m.refusedBy(ctx, room, u.SessionID, sender)
	switch {
	case err != nil:
		u.Err, u.Store = err, true
	case code != "":
		u.Cause, u.WithheldCode = chat.CauseWithheld, code
	}
}

// clearOf builds the result. The payload is put together again so that only
// its three fields are kept.
func clearOf(room chat.RoomID, session string, dec *event.Event) (Clear, *Undecryptable) {
	c := Clear{Type: dec.Type.Type, Content: jsontext.Value(dec.Content.VeryRaw), Session: session}
	if len(c.Content) == 0 || c.Content.Kind() != '{' || c.Type == "" {
		return Clear{}, &Undecryptable{Cause: chat.CauseCorrupt, SessionID: session, Err: errors.New("payload is not an event")}
	}
	raw, err := json.Marshal(struct {
		Type    string          `json:"type"`
		Content json.RawMessage `json:"content"`
		Room    string          `json:"room_id"`
	}{c.Type, json.RawMessage(c.Content), string(room)})
	if err != nil {
		return Clear{}, &Undecryptable{Cause: chat.CauseCorrupt, SessionID: session, Err: err}
	}
	c.Raw = raw
	return c, nil
}

// explain translates the library's error.
func (m *Machine) explain(u *Undecryptable, err error) {
	u.Err = err
	switch {
	case isStoreError(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		u.Cause, u.Store, u.Err = chat.CauseUnknownSession, true, asDamage(err)
	case errors.Is(err, mcrypto.ErrNoSessionFound), errors.Is(err, mcrypto.ErrGroupSessionWithheld):
		u.Cause = chat.CauseUnknownSession
	case errors.Is(err, olm.ErrUnknownMessageIndex):
		u.Cause = chat.CauseUnknownIndex
	case errors.Is(err, mcrypto.ErrUnsupportedAlgorithm):
		u.Cause = chat.CauseUnsupported
	default:
		u.Cause = chat.CauseCorrupt
	}
}
