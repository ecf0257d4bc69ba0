package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/crypto"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

const (
	me   = storetest.Me
	room = chat.RoomID("!r:x")
	// now is the clock of the tests, after every event of them.
	now = 2_000_000_000_000
)

// rig is an Ingest over a real store, fed with JSON as a homeserver sends it.
type rig struct {
	t      testing.TB
	store  *store.Store
	ingest *Ingest
	keys   *keys
	n      int
	feed   *store.Feed
}

// keys is a decrypter that knows sessions by name: the ciphertext is the clear JSON.
type keys struct {
	known   map[string]bool
	refused map[string]string // code by session
	court   *court            // may be nil
}

func (k *keys) Decrypt(_ context.Context, _ chat.RoomID, raw jsontext.Value) (crypto.Clear, *crypto.Undecryptable) {
	session, _ := convert.String(convert.Get(raw, "content", "session_id"))
	if code := k.refused[session]; code != "" {
		return crypto.Clear{}, &crypto.Undecryptable{Cause: chat.CauseWithheld, SessionID: session, SenderKey: "curve", WithheldCode: code}
	}
	if !k.known[session] {
		return crypto.Clear{}, &crypto.Undecryptable{Cause: chat.CauseUnknownSession, SessionID: session, SenderKey: "curve"}
	}
	clear, _ := convert.String(convert.Get(raw, "content", "ciphertext"))
	out := crypto.Clear{Raw: jsontext.Value(clear), Session: session}
	if k.court != nil {
		out.Verdict = k.court.says[session]
	}
	return out, nil
}

func newRig(t testing.TB) *rig {
	r := &rig{t: t, store: storetest.New(t), keys: &keys{known: map[string]bool{}}}
	r.feed = r.store.Subscribe()
	r.ingest = New(Options{Store: r.store, User: me, Decrypter: r.keys, Now: func() time.Time { return time.UnixMilli(now) }})
	return r
}

// sync takes in a response with parts of rooms, each "kind room json".
func (r *rig) sync(first bool, account string, parts ...part) {
	r.t.Helper()
	if err := r.take(first, account, parts...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) take(first bool, account string, parts ...part) error {
	in, err := r.ingest.Begin(r.t.Context(), first)
	if err != nil {
		return err
	}
	in.Account([]byte("[" + account + "]"))
	for _, p := range parts {
		if _, err := in.Add(r.t.Context(), in.Prepare(r.t.Context(), Section{Room: p.room, Membership: p.is, Raw: []byte(p.json)})); err != nil {
			return err
		}
	}
	r.n++
	return in.Finish(r.t.Context(), fmt.Sprintf("s%d", r.n), nil)
}

type part struct {
	room chat.RoomID
	is   chat.Membership
	json string
}

func join(json string) part { return part{room, chat.MemberJoined, json} }

// timeline is a joined part with these events.
func timeline(events ...string) part {
	return join(`{"timeline":{"events":[` + strings.Join(events, ",") + `]}}`)
}

// text is a message event.
func text(n int, sender chat.UserID, body string, more ...string) string {
	content := append([]string{`"msgtype":"m.text"`, fmt.Sprintf(`"body":%q`, body)}, more...)
	return event(n, sender, "m.room.message", "{"+strings.Join(content, ",")+"}")
}

func event(n int, sender chat.UserID, typ, content string) string {
	return fmt.Sprintf(`{"event_id":"$%d","type":%q,"sender":%q,"origin_server_ts":%d,"content":%s}`, n, typ, sender, 1_000_000+n, content)
}

func state(n int, sender chat.UserID, typ, key, content string) string {
	return strings.TrimSuffix(event(n, sender, typ, content), "}") + fmt.Sprintf(`,"state_key":%q}`, key)
}

// sealed is an encrypted message whose key is called session.
func sealed(n int, sender chat.UserID, session, clear string) string {
	return event(n, sender, "m.room.encrypted", fmt.Sprintf(`{"algorithm":"m.megolm.v1.aes-sha2","session_id":%q,"ciphertext":%q}`, session, clear))
}

func (r *rig) room() store.Room { return r.roomOf(room) }

func (r *rig) roomOf(id chat.RoomID) store.Room {
	r.t.Helper()
	got, _, err := r.store.Room(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

func (r *rig) items() []chat.Message { return storetest.Page(r.t, r.store, room, 200).Items }

// bodies is what the room shows, oldest first, gaps as "~".
func (r *rig) bodies() string {
	var all []string
	for _, m := range r.items() {
		switch m.Kind {
		case chat.KindGap:
			all = append(all, "~")
		case chat.KindState:
			all = append(all, "<"+m.State.Type+">")
		case chat.KindUndecrypted, chat.KindUnreadable, chat.KindRedacted, chat.KindUnknown:
			all = append(all, fmt.Sprintf("<%d %s>", m.Kind, m.Problem))
		default:
			all = append(all, m.Body)
		}
	}
	return strings.Join(all, " ")
}

func (r *rig) alerts() []chat.Alert {
	r.t.Helper()
	set, err := r.feed.Next(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return set.Alerts
}

func (r *rig) wantBodies(want string) {
	r.t.Helper()
	if got := r.bodies(); got != want {
		r.t.Errorf("room shows\n %s\nwant\n %s", got, want)
	}
}
