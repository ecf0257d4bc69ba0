package chat

import "time"

// RoomType tells what a room is for.
type RoomType uint8

// Room types. An unknown `m.room.create` type counts as RoomText.
const (
	RoomText  RoomType = iota
	RoomSpace          // m.space: a server, or a category inside one
	RoomVoice          // org.matrix.msc3417.call: a voice channel
)

// Membership is the own membership of a room.
type Membership uint8

// Memberships.
const (
	MemberNone Membership = iota
	MemberJoined
	MemberInvited
	MemberKnocked
	MemberLeft
	MemberBanned
)

// String returns the Matrix word ("join", "invite", "knock", "leave", "ban", or "").
func (m Membership) String() string {
	return [...]string{"", "join", "invite", "knock", "leave", "ban"}[m]
}

// ParseMembership is the inverse of String; anything unknown is MemberNone.
func ParseMembership(s string) Membership {
	switch s {
	case "join":
		return MemberJoined
	case "invite":
		return MemberInvited
	case "knock":
		return MemberKnocked
	case "leave":
		return MemberLeft
	case "ban":
		return MemberBanned
	}
	return MemberNone
}

// NotifyLevel is what a room may notify about, from the account's push rules.
type NotifyLevel uint8

// Notify levels.
const (
	NotifyDefault  NotifyLevel = iota
	NotifyAll                  // every message
	NotifyMentions             // mentions and keywords only
	NotifyMuted                // nothing
)

// Room is the summary of a room: one row of the sidebar. Everything in it is
// kept in columns, so that listing 3,000 rooms parses no event.
type Room struct {
	ID         RoomID
	Name       string // display name as of the spec's calculation, never empty
	Topic      string
	Alias      string // canonical alias, or ""
	Avatar     string // mxc URL, or ""
	Type       RoomType
	Membership Membership
	Inviter    UserID // who invited, while Membership is MemberInvited
	Reason     string // reason of the invite, kick or ban

	Direct     bool
	DirectWith UserID // the other person of a direct message, or ""
	Encrypted  bool   // latched: never becomes false again
	Version    string // room version
	JoinRule   string // public, invite, knock, restricted, …
	History    string // history visibility
	Successor  RoomID // from m.room.tombstone, or ""

	Joined  int // members joined, from the sync summary
	Invited int // members invited

	Unread     int  // notifying messages since the read receipt (homeserver's count, healed locally)
	Mentions   int  // highlights since the read receipt
	HasUnread  bool // any message after the read receipt, notifying or not
	Marked     bool // m.marked_unread
	Notify     NotifyLevel
	Favourite  bool // m.favourite
	LowPrio    bool // m.lowpriority
	LastActive time.Time
	LastKey    ItemKey // newest item that counts as activity
	FullyRead  EventID // m.fully_read marker
	ReadUpTo   EventID // own unthreaded or main-timeline receipt

	CanSend bool // the own power level allows m.room.message
}

// SpaceEdge says that Child stands in space Parent. Edges come from
// `m.space.child` of joined spaces; cycles are possible, since homeservers do
// not prevent them, and viewers must survive them.
type SpaceEdge struct {
	Parent, Child RoomID
	Order         string // `order` of the child event, or ""
	Suggested     bool
	Via           []string
}

// Listed is a room of a space as its homeserver lists it, joined or not.
type Listed struct {
	ID       RoomID
	Parent   RoomID // space that lists it
	Name     string // "" when it has none
	Topic    string
	Alias    string
	Type     RoomType
	Members  int
	JoinRule string
	Via      []string // homeservers that know it
}

// Member is a person in a room.
type Member struct {
	User       UserID
	Name       string // display name, or "" when none is set
	Ambiguous  bool   // another member has the same name: show the user id too
	Avatar     string
	Membership Membership
	Power      int // power level; room version 12 creators have PowerCreator
}

// Power is what the account may do in a room, as far as the room's power levels are known.
//
// Spec: client-server-api#mroompower_levels
type Power struct {
	Known       bool
	Own         int // own level
	AddChannels int // level that it takes to put a channel into a space
	Redact      int // level that it takes to delete what others wrote
}

// CanAddChannels reports whether the account may put a channel into the space.
// What is not known is not denied.
func (p Power) CanAddChannels() bool { return !p.Known || p.Own >= p.AddChannels }

// PowerCreator is the power level of a creator of a room of version 12 or later, who is above every number.
const PowerCreator = 1 << 60

// Unread is where reading stopped in a room, as far as the store has it.
type Unread struct {
	First   EventID   // oldest message of somebody else that is not read; "" when there is none, or the place is not known
	Since   time.Time // of First
	Count   int       // messages of others from First on
	Mention EventID   // oldest of them that mentions me, or ""
}

// Draft is unsent text of a room. It survives everything but being sent.
type Draft struct {
	Room    RoomID
	Text    string
	Cursor  int     // byte offset into Text
	ReplyTo EventID // message being answered, or ""
	Edit    EventID // own message being edited, or ""
}

// Sidebar is what the tree and the home list are built from.
type Sidebar struct {
	Rooms []Room
	Edges []SpaceEdge
}

// Device is one session of an account.
type Device struct {
	ID   DeviceID
	Name string
}

// Account is the signed-in account.
type Account struct {
	User       UserID
	Device     DeviceID
	Name       string // display name, or ""
	Homeserver string // base URL
}
