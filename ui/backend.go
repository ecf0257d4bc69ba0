package ui

import (
	"context"

	"hubbub/store/chat"
)

// Backend is everything the window needs from the rest of the program.
//
// Its methods are of two kinds. An intent is called from Update: it only
// touches memory, never blocks, keeps the order of the calls, and its outcome
// comes on the feed. A query takes a context, may read the disk or ask the
// homeserver, and is called only inside a command with a time limit.
type Backend struct {
	Account chat.Account
	Reader  Reader
	Sender  Sender
	Rooms   Rooms
	// Directory may be nil: then a server shows only what one is in.
	Directory Directory
	Media     Media
	Session   Session
	// Trust may be nil in tests.
	Trust Trust
	// Known may be nil: then the member list carries no marks of trust.
	Known Known
	// Feed waits for changes and returns them merged. One goroutine of [Run]
	// calls it again and again, with pauses that keep a stream of them to 40
	// batches a second (30 while the terminal has no focus). It ends with ctx, or with an error,
	// after which nothing changes on the screen any more: the error is shown.
	Feed func(ctx context.Context) (chat.ChangeSet, error)
}

// Reader reads the local store. All methods but Watch are queries that answer
// from disk in milliseconds; none goes to the network.
type Reader interface {
	// Sidebar returns all rooms, invites included, and the edges between spaces and rooms.
	Sidebar(ctx context.Context) (chat.Sidebar, error)
	// Page returns a stretch of a timeline, oldest first.
	Page(ctx context.Context, q chat.PageQuery) (chat.Page, error)
	// Members returns the known members of a room, joined first.
	Members(ctx context.Context, room chat.RoomID) ([]chat.Member, error)
	// People returns people of the joined rooms whose name or id has a word that
	// begins with a text, those met in the most rooms first.
	People(ctx context.Context, text string, limit int) ([]chat.Member, error)
	// Power returns what the account may do in a room.
	Power(ctx context.Context, room chat.RoomID) (chat.Power, error)
	// Receipts returns the newest receipt of every other person in a room.
	Receipts(ctx context.Context, room chat.RoomID) ([]chat.Seen, error)
	// Unread returns where reading stopped in a room.
	Unread(ctx context.Context, room chat.RoomID) (chat.Unread, error)
	// NextMention returns the next message of somebody else below another that mentions the account, "" when there is none.
	NextMention(ctx context.Context, room chat.RoomID, after chat.EventID) (chat.EventID, error)
	// Unsent returns the oldest message that was refused, item 0 when there is none.
	Unsent(ctx context.Context) (room chat.RoomID, item chat.ItemKey, err error)
	// Drafts returns all drafts.
	Drafts(ctx context.Context) ([]chat.Draft, error)
	// Source returns an event as JSON: as received, and decrypted if it was encrypted.
	Source(ctx context.Context, key chat.ItemKey) (raw, clear []byte, err error)
	// UIState returns a value saved with Sender.SaveUI, or nil.
	UIState(ctx context.Context, key string) ([]byte, error)
	// Watch names the rooms whose timelines the feed shall carry. Intent.
	Watch(rooms ...chat.RoomID)
}

// Sender takes what the person writes. All methods are intents.
type Sender interface {
	// Send queues a message, reaction or deletion; the echo comes on the feed.
	Send(out chat.Outgoing)
	// Retry tries a message in state SendError again.
	Retry(item chat.ItemKey)
	// Discard drops a message that has not been sent.
	Discard(item chat.ItemKey)
	// SaveDraft keeps the text of a room's composer; an empty one deletes the draft.
	SaveDraft(d chat.Draft)
	// SaveUI keeps a small value of the window (folded categories, last room).
	SaveUI(key string, value []byte)
	// MarkRead moves the read receipt and the fully-read marker.
	MarkRead(room chat.RoomID, event chat.EventID)
	// MarkUnread sets m.marked_unread.
	MarkUnread(room chat.RoomID, unread bool)
	// Typing tells the room that the person types, or stopped.
	Typing(room chat.RoomID, typing bool)
}

// Rooms changes which rooms there are and what is known of them. All methods
// are intents; where one returns a reference, the outcome is a chat.Notice with it.
type Rooms interface {
	// Join joins by room id, alias, matrix.to link or matrix: URI; also accepts an invite.
	Join(target string) (ref string)
	// Leave leaves a room, or declines an invite.
	Leave(room chat.RoomID) (ref string)
	// Create creates a room or direct message.
	Create(room chat.NewRoom) (ref string)
	// Invite invites a person.
	Invite(room chat.RoomID, user chat.UserID) (ref string)
	// FillGap fetches what a gap row stands for; the rows come on the feed. No notice when it worked.
	FillGap(room chat.RoomID, token string) (ref string)
	// FetchMembers asks the homeserver for the whole member list once; the feed says MembersChanged.
	FetchMembers(room chat.RoomID) (ref string)
	// FetchEvent fetches one message that another answers; when it comes the
	// answers change on the feed. No notice.
	FetchEvent(room chat.RoomID, event chat.EventID)
	// Reconnect ends a wait for the next try.
	Reconnect()
}

// Directory lists what one is not in. Queries that ask the homeserver.
type Directory interface {
	// Browse lists the channels and categories of a server, joined or not.
	Browse(ctx context.Context, server chat.RoomID) ([]chat.Listed, error)
}

// Media fetches and keeps files.
type Media interface {
	// Save downloads the file of an item, decrypts and verifies it, and writes
	// it into dir (the default download folder when empty) under a name that
	// does not exist yet. Intent; the notice carries the path.
	Save(item chat.ItemKey, dir string) (ref string)
}

// Session is the account's own upkeep.
type Session interface {
	// SignIn signs in again on the same device after a soft logout. Query.
	SignIn(ctx context.Context, password string) error
	// Logout signs out and removes the local data. Query.
	Logout(ctx context.Context) error
}

// Login signs in before there is an account. Queries.
type Login interface {
	// Discover finds the homeserver of a server name or URL and what it offers.
	Discover(ctx context.Context, address string) (chat.LoginOptions, error)
	// Login signs in and returns the backend of the new account.
	Login(ctx context.Context, req chat.LoginRequest) (*Backend, error)
}
