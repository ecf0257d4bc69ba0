package store

import (
	"encoding/json"
	"time"

	"hubbub/store/chat"
)

// Relation types that the store knows. Any other is kept and ignored.
//
// Spec: client-server-api#forming-relationships-between-events
const (
	RelReplace    = "m.replace"
	RelAnnotation = "m.annotation"
	RelThread     = "m.thread"
	// RelReply is used for an event that has no other relation than m.in_reply_to.
	RelReply = "m.in_reply_to"
	// relRedaction stands in the relation columns of an m.room.redaction event.
	relRedaction = "m.room.redaction"
)

// Event is one event as it is written: what the homeserver sent, and what was
// read from it once, so that showing it parses nothing.
type Event struct {
	// ID is "" for a local echo only. A received event without one gets an id made from its content.
	ID     chat.EventID
	Txn    chat.TxnID // from unsigned.transaction_id, or the echo's own
	Sender chat.UserID
	Time   time.Time
	Type   string  // of the decrypted event if there is one
	State  *string // state key of a state event

	Kind       chat.MessageKind
	Body, HTML string // of an edit: of its m.new_content
	Mention    bool
	Extra      Extra

	// RelType, RelTarget and RelKey are the one relation of the event. ReplyTo
	// is set besides when the event answers another (also inside a thread).
	RelType   string
	RelTarget chat.EventID
	RelKey    string // of a reaction
	ReplyTo   chat.EventID
	// Redacts is set for m.room.redaction events: their target is emptied, now or when it comes.
	Redacts chat.EventID
	// RedactedBy is set for an event that arrived redacted (unsigned.redacted_because); Reason goes with it,
	// or is the reason that a redaction event gives.
	RedactedBy chat.UserID
	Reason     string

	// Hidden keeps an event that turns out to be nothing to read, such as a step of a verification, out of the timeline.
	Hidden bool

	Encrypted bool // came encrypted
	Plain     bool // came in clear though the room is encrypted
	Cause     chat.UndecryptedCause
	SessionID string // Megolm session of an encrypted event

	Raw   []byte // JSON as received; nil for a local echo
	Clear []byte // decrypted JSON, or nil
}

// Extra is what only some kinds of events need. It is kept as JSON.
type Extra struct {
	Media        *chat.Media       `json:"media,omitempty"`
	State        *chat.StateChange `json:"state,omitempty"`
	ReplyTo      chat.EventID      `json:"reply,omitempty"` // filled from Event.ReplyTo
	Withheld     string            `json:"withheld,omitempty"`
	Problem      string            `json:"problem,omitempty"`
	ThreadCount  int               `json:"thread_count,omitempty"` // bundled summary of a thread's root
	ThreadSender chat.UserID       `json:"thread_sender,omitempty"`
	ThreadTime   int64             `json:"thread_time,omitempty"` // ms
}

// Put says what a write of an event did.
type Put struct {
	Key chat.ItemKey
	// New is false when the event was known already, or replaced a local echo.
	New bool
	// Echo says that the event was a local echo until now.
	Echo bool
	// Placed says that the event took its place in the timeline with this call.
	Placed bool
}

// Prepended says what Tx.Prepend did.
type Prepended struct {
	Added  int  // events that took a place
	Closed bool // the hole is closed: history met what was known
}

// Room is a room's row: the summary that viewers get, and what only ingest and crypto need.
type Room struct {
	chat.Room
	MembersComplete bool          // the whole member list is in the store
	Heroes          []chat.UserID // from the sync summary
}

// State is one piece of current room state. Members have their own rows: see Member.
type State struct {
	Type    string
	Key     string
	ID      chat.EventID
	Sender  chat.UserID
	Time    time.Time
	Content json.RawMessage // of the event; "{}" when redacted
}

// Member is the current m.room.member state of one person.
type Member struct {
	User       chat.UserID
	Membership chat.Membership
	Name       string
	Avatar     string
	Sender     chat.UserID
	Reason     string
	ID         chat.EventID
}

// Receipt is a read receipt. Thread is "" (unthreaded), "main", or the root of a thread.
//
// Spec: client-server-api#receipts
type Receipt struct {
	User    chat.UserID
	Thread  string
	Private bool
	Event   chat.EventID
	Time    time.Time
}

// Wanted is a Megolm session whose key is missing.
type Wanted struct {
	Room      chat.RoomID
	Session   string
	Sender    chat.UserID
	SenderKey string // may be ""
	Attempts  int
	NextTry   time.Time
}

// Pending is a row of the outbox.
type Pending struct {
	Key  chat.ItemKey // of the local echo
	Room chat.RoomID
	Txn  chat.TxnID
	// Out is what the person asked for.
	Out chat.Outgoing
	// Type and Content are the clear event; Content is nil until an upload that it needs is done.
	Type    string
	Content json.RawMessage
	// Upload is what the sender keeps about a file between tries, opaque here.
	Upload json.RawMessage
	// SentType and Sent are what goes over the wire, saved before the first try; nil until then.
	SentType  string
	Sent      json.RawMessage
	State     chat.SendState
	Problem   *chat.Problem
	Attempts  int
	NextTry   time.Time
	Created   time.Time
	DependsOn chat.ItemKey // row that must be sent before this one, or 0
}

// Undecrypted is an event that waits for a key.
type Undecrypted struct {
	Key chat.ItemKey
	ID  chat.EventID
	Raw []byte
	// Cause and Withheld say why, as shown now.
	Cause    chat.UndecryptedCause
	Withheld string
}

// MediaFile is a file in the media folder.
type MediaFile struct {
	URI      string // mxc URL, with a suffix for thumbnails
	File     string // name inside the media folder
	Size     int64  // bytes
	LastUsed time.Time
}

// SyncNextBatch is the key of Tx.PutSync under which the sync token lies.
const SyncNextBatch = "next_batch"
