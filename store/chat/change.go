package chat

import "time"

// ConnState is the state of the connection to the homeserver.
type ConnState uint8

// Connection states.
const (
	ConnIdle       ConnState = iota // not started
	ConnConnecting                  // first request under way
	ConnFirstSync                   // taking in the account; see Progress
	ConnOnline
	ConnOffline   // will try again by itself: see Problem and RetryAt
	ConnSignedOut // the homeserver refused the token: see Problem
	ConnFailed    // needs the person: see Problem
)

// Connection is what the status line shows.
type Connection struct {
	State    ConnState
	Problem  *Problem
	RetryAt  time.Time // next try by itself, zero if none
	Progress int       // rooms taken in so far, during the first sync
}

// Typing lists who types in a room, not counting ourselves.
type Typing struct {
	Room  RoomID
	Users []UserID
	Names []string
}

// Seen is a read receipt: User has read up to Event.
type Seen struct {
	User  UserID
	Name  string
	Event EventID
	Time  time.Time
}

// RoomChange is what changed in the timeline of a watched room.
type RoomChange struct {
	// Items hold the present state of every item that was added or changed.
	Items []Message
	// Gone lists items that no longer exist (a discarded local echo, a filled gap).
	Gone []ItemKey
	// Reload says that too much changed: read the page again.
	Reload bool
	// MembersChanged says that the member list should be read again if it is shown.
	MembersChanged bool
	// Seen holds receipts that moved.
	Seen []Seen
}

// ChangeSet is what happened since the subscriber last asked, merged: its
// size is bounded by what changed, not by how often.
type ChangeSet struct {
	Rooms    []Room                 // present summaries of rooms that changed
	Gone     []RoomID               // rooms that left the list
	Edges    bool                   // space edges changed: read the sidebar again
	Reload   bool                   // everything changed: read all again
	Timeline map[RoomID]*RoomChange // watched rooms only
	Typing   []Typing
	Conn     *Connection
	Outbox   *OutboxState
	Notices  []Notice
	// Trust is how the account is set up, when that changed.
	Trust *Trust
	// Verifications are all that are open, and those that have ended since, when anything changed; nil: nothing did.
	Verifications []Verification
	// People are those whose identity or sessions changed: what is shown about them should be read again.
	People []UserID
	// Alerts are new messages that should ring (mention, direct message, invite).
	Alerts []Alert
}

// OutboxState counts what has not reached the homeserver.
type OutboxState struct {
	Pending int // sending or waiting
	Failed  int // need the person
}

// Alert is a reason to ring.
type Alert struct {
	Room    RoomID
	Item    ItemKey
	Mention bool
	Direct  bool
	Invite  bool
}

// Notice is the outcome of an intent that has no other place on the screen.
type Notice struct {
	// Ref is the key that the intent returned, or "".
	Ref     string
	Room    RoomID   // room it concerns, or ""
	Problem *Problem // nil: it worked
	Done    string   // what worked: one of the words below
	Value   string   // what it yielded: a room id, a file name
}

// What worked, in Notice.Done.
const (
	DoneJoined  = "joined"
	DoneLeft    = "left"
	DoneCreated = "created"
	// DoneCreatedOutside is a room that was to stand in a space which did not take it.
	DoneCreatedOutside = "created_outside"
	DoneInvited        = "invited"
	DoneSaved          = "saved"
	// DoneSecretsInFile says once that the account's secrets are in the file
	// that Value names, because there is no keyring.
	DoneSecretsInFile = "secrets_in_file"
)
