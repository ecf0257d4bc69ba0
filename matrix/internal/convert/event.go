// Package convert turns Matrix events into the vocabulary of package chat, and
// what a person writes into event content.
//
// It is pure: no I/O, no state, no clock. It accepts events of any shape: what
// cannot be read becomes an item of kind KindUnreadable with the reason, and
// nothing in here panics on foreign bytes. Strings come out as they were sent,
// cut to limits but not sanitised.
package convert

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// Limits on what is taken over into columns. The raw event is kept whole.
const (
	// MaxID is the longest id or event type that is accepted, in bytes; the spec allows 255.
	MaxID = 512
	// MaxName is the most bytes of a display name, room name or alias.
	MaxName = 512
	// MaxTopic is the most bytes of a topic or reason.
	MaxTopic = 8 << 10
	// MaxBody is the most bytes of a body; the spec limits whole events to 64 KiB.
	MaxBody = 64 << 10
	// MaxHTML is the most bytes of a formatted body; a longer one is dropped in favour of the plain body.
	MaxHTML = 64 << 10
	// maxTS is the last millisecond of the year 9999.
	maxTS = 253402300799999
)

// Event is the envelope of an event, of a timeline or of state.
//
// Spec: client-server-api#room-event-format
type Event struct {
	ID      chat.EventID // never empty: made from the bytes when the event has none that can be used
	Type    string
	Sender  chat.UserID
	Room    chat.RoomID // as the event states it; "" in sync responses
	TS      int64       // origin_server_ts in milliseconds, clamped to 1970…9999
	IsState bool
	Key     string // state key
	Content []byte // a JSON object, `{}` when there is none
	Redacts chat.EventID
	Txn     chat.TxnID // of our own device, from unsigned
	Prev    []byte     // unsigned.prev_content, or nil
	// Redacted says that the homeserver delivered the event redacted.
	Redacted   bool
	RedactedBy chat.UserID
	RedactTS   int64
	Reason     string
	// Thread is the homeserver's summary of the thread that starts here, or nil.
	Thread *Thread
	// Replaced is the newest edit of the event as the homeserver knows it, or nil.
	Replaced []byte
	// Outside says that we were not in the room when it was sent, as the homeserver tells.
	Outside bool
	// Problem says why the event cannot be read; "" when it can.
	Problem string
	Raw     []byte
}

// Thread is a homeserver's summary of a thread.
//
// Spec: client-server-api#server-side-aggregation-of-mthread-relationships
type Thread struct {
	Count  int
	Sender chat.UserID // of the newest event
	TS     int64       // of the newest event, milliseconds
}

// Parse reads the envelope of an event. The slices of the result point into raw.
func Parse(raw []byte) Event {
	ev := Event{Raw: raw, Content: []byte("{}")}
	var content, unsigned, id, typ, sender []byte
	ok := Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "event_id":
			id = value
		case "type":
			typ = value
		case "sender":
			sender = value
		case "room_id":
			ev.Room = chat.RoomID(text(value))
		case "origin_server_ts":
			ev.TS = clampTS(value)
		case "state_key":
			ev.Key, ev.IsState = String(value)
		case "content":
			content = value
		case "redacts":
			ev.Redacts = chat.EventID(text(value))
		case "unsigned":
			unsigned = value
		}
		return true
	})
	ev.ID, ev.Type, ev.Sender = chat.EventID(text(id)), text(typ), chat.UserID(text(sender))
	if IsObject(content) {
		ev.Content = content
	}
	ev.parseUnsigned(unsigned)
	if ev.Redacts == "" && ev.Type == "m.room.redaction" {
		ev.Redacts = chat.EventID(text(Get(ev.Content, "redacts")))
	}
	ev.Problem = ev.check(ok, content)
	return ev
}

// check names the first thing that makes the event unreadable, and repairs what rows need.
func (ev *Event) check(ok bool, content []byte) string {
	problem := ""
	switch {
	case !ok:
		problem = "not a JSON object"
	case !jsontext.Value(ev.Raw).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)):
		problem = "not valid JSON"
	case ev.Type == "":
		problem = "no event type"
	case len(ev.Type) > MaxID:
		problem = "event type too long"
	case ev.Sender == "" || len(ev.Sender) > MaxID:
		problem = "no usable sender"
	case content == nil && !ev.Redacted:
		problem = "no content"
	case content != nil && !IsObject(content):
		problem = "content is not an object"
	case ev.ID == "" || len(ev.ID) > MaxID:
		problem = "no usable event id"
	case ev.IsState && len(ev.Key) > MaxID:
		problem = "state key too long"
	}
	if ev.ID == "" || len(ev.ID) > MaxID {
		ev.ID = madeID(ev.Raw)
	}
	if problem != "" {
		ev.Type, ev.Sender = Cut(ev.Type, MaxID), chat.UserID(Cut(string(ev.Sender), MaxID))
		ev.IsState, ev.Redacts, ev.Redacted = false, "", false
	}
	return problem
}

// madeID names an event without a usable id by its bytes, so that a repeat of it is the same event.
func madeID(raw []byte) chat.EventID {
	sum := sha256.Sum256(raw)
	return chat.EventID("$unreadable:" + base64.RawURLEncoding.EncodeToString(sum[:]))
}

func (ev *Event) parseUnsigned(unsigned []byte) {
	if unsigned == nil {
		return
	}
	Members(unsigned, func(key, value []byte) bool {
		switch string(key) {
		case "transaction_id":
			ev.Txn = chat.TxnID(Cut(text(value), MaxID))
		case "prev_content":
			if IsObject(value) {
				ev.Prev = value
			}
		case "redacted_because":
			if !IsObject(value) {
				return true
			}
			ev.Redacted = true
			Members(value, func(key, value []byte) bool {
				switch string(key) {
				case "sender":
					ev.RedactedBy = chat.UserID(Cut(text(value), MaxID))
				case "origin_server_ts":
					ev.RedactTS = clampTS(value)
				case "content":
					ev.Reason = Cut(text(Get(value, "reason")), MaxTopic)
				}
				return true
			})
		case "redacted_by":
			ev.Redacted = true
		case "membership", "io.element.msc4115.membership":
			// MSC4115 (unstable prefix io.element.msc4115)
			is := text(value)
			ev.Outside = is != "" && is != "join"
		case "m.relations":
			ev.parseBundle(value)
		}
		return true
	})
	if len(ev.Room) > MaxID {
		ev.Room = ""
	}
}

// parseBundle reads what the homeserver aggregated.
//
// Spec: client-server-api#aggregations-of-child-events
func (ev *Event) parseBundle(raw []byte) {
	if edit := Get(raw, RelReplace); IsObject(edit) && Get(edit, "content") != nil {
		ev.Replaced = edit
	}
	thread := Get(raw, RelThread)
	if !IsObject(thread) {
		return
	}
	n, _ := Int(Get(thread, "count"))
	latest := Get(thread, "latest_event")
	ev.Thread = &Thread{
		Count:  int(min(max(n, 0), 1<<30)),
		Sender: chat.UserID(Cut(text(Get(latest, "sender")), MaxID)),
		TS:     clampTS(Get(latest, "origin_server_ts")),
	}
}

func clampTS(raw []byte) int64 {
	n, _ := Int(raw)
	return min(max(n, 0), maxTS)
}

// Clear returns the event with the type and content of its decrypted form.
// clear is the decrypted JSON object (room_id, type, content). The relation
// stays that of the encrypted event, which the homeserver sees too. It deletes
// nothing, whatever it says: homeservers have not judged whether it may.
//
// Spec: client-server-api#mmegolmv1aes-sha2
func (ev Event) Clear(clear []byte) Event {
	var typ, content []byte
	ok := Members(clear, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			typ = value
		case "content":
			content = value
		}
		return true
	})
	ev.Type, ev.Content = text(typ), []byte("{}")
	ev.Problem, ev.Redacts = "", ""
	switch {
	case !ok, ev.Type == "", len(ev.Type) > MaxID, !IsObject(content):
		ev.Problem = "decrypted to something that is no event"
	default:
		ev.Content = content
	}
	return ev
}
