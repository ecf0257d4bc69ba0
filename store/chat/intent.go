package chat

import "log/slog"

// OutgoingKind says what an Outgoing does.
type OutgoingKind uint8

// Outgoing kinds.
const (
	OutText     OutgoingKind = iota // markdown in Text
	OutEmote                        // /me
	OutNotice                       // for bots and scripts
	OutReaction                     // Key on Target; sent again it is the caller who redacts instead
	OutRedact                       // Target, or the local echo TargetKey; Text is the reason
	OutFile                         // Path, with Text as the caption
)

// Outgoing is something to send. The order of Outgoings of one room is the
// order in which the homeserver gets them.
type Outgoing struct {
	Room      RoomID
	Kind      OutgoingKind
	Text      string
	ReplyTo   EventID
	Edit      EventID // own message that this replaces
	Thread    EventID // root of the thread to send into
	Target    EventID
	TargetKey ItemKey
	Key       string // reaction key
	Path      string // file to send
	Plain     bool   // take Text as it is, no markdown
}

// NewRoom describes a room to create.
type NewRoom struct {
	Name   string
	Topic  string
	Parent RoomID // space to put it in, or ""
	Invite []UserID
	Direct bool // a direct message with Invite[0]
	Public bool // joinable by everybody; not encrypted unless Encrypted
	// Unencrypted switches off what is on by default for rooms that are not public.
	Unencrypted bool
	Encrypted   bool // for public rooms
	Space       bool
	Voice       bool
}

// LoginOptions is what a homeserver offers at sign-in.
type LoginOptions struct {
	Homeserver string   // base URL found by discovery
	Password   bool     // m.login.password
	Flows      []string // names of all flows, for an honest message when Password is false
	// Name is the server name that was looked up.
	Name string
}

// LoginRequest signs in.
type LoginRequest struct {
	Homeserver string // base URL, from LoginOptions
	User       string // localpart or full id
	Password   string
	DeviceName string
}

// String hides the password.
func (r LoginRequest) String() string { return "sign-in of " + r.User + " at " + r.Homeserver }

// GoString hides the password.
func (r LoginRequest) GoString() string { return r.String() }

// LogValue hides the password.
func (r LoginRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }
