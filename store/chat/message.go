package chat

import "time"

// MessageKind says how an item is drawn.
type MessageKind uint8

// Message kinds.
const (
	KindText MessageKind = iota // m.text and unknown msgtypes with a body
	KindEmote
	KindNotice
	KindImage
	KindVideo
	KindAudio
	KindFile
	KindSticker
	KindLocation
	KindPoll        // m.poll.start, drawn as its question
	KindState       // a state change: see State; viewers fold runs of them
	KindUndecrypted // m.room.encrypted that could not be decrypted: see Undecrypted
	KindUnreadable  // an event of a shape that cannot be read: see Problem
	KindRedacted    // deleted: see RedactedBy
	KindGap         // not an event: history between the neighbours is missing
	KindUnknown     // an event type that hubbub does not know
)

// SendState is the state of a message of our own on its way to the homeserver.
type SendState uint8

// Send states.
const (
	Sent      SendState = iota // has an event id, or is somebody else's
	Sending                    // a request is under way
	Waiting                    // will be tried again: no network, rate limit, homeserver trouble
	SendError                  // will not be tried again by itself: see SendProblem
)

// UndecryptedCause says why a message cannot be read.
type UndecryptedCause uint8

// Causes.
const (
	CauseUnknownSession UndecryptedCause = iota // the key has not arrived
	CauseWithheld                               // the sender refused the key: see WithheldCode
	CauseUnknownIndex                           // the key arrived, but for later messages only
	CauseBeforeJoin                             // sent before we were in the room
	CauseCorrupt                                // the ciphertext is damaged, or not what it claims to be
	CauseUnsupported                            // an algorithm hubbub does not know
)

// Message is one timeline item with everything that folds into it: edits,
// reactions, the preview of what it answers. All text is raw.
type Message struct {
	Key    ItemKey
	Seq    Seq
	Room   RoomID
	ID     EventID // "" for a local echo
	Txn    TxnID   // of our own messages, or ""
	Sender UserID
	// SenderName and SenderAmbiguous are as of now, from the room's state.
	SenderName      string
	SenderAmbiguous bool
	Own             bool
	Time            time.Time // origin_server_ts, clamped to 1970…9999
	Type            string    // Matrix event type, of the decrypted event if there is one
	Kind            MessageKind

	Body    string // plain text (of the newest valid edit)
	HTML    string // org.matrix.custom.html, or "" (of the newest valid edit)
	Edited  bool
	Mention bool // highlights me

	Encrypted bool // came encrypted
	// Plain is set for a plaintext message in an encrypted room: shown with a warning.
	Plain bool
	// Shield is a reason to look twice at a decrypted message, as known now.
	Shield Shield

	Reply      *ReplyPreview
	ThreadRoot EventID // root of the thread that this message stands in, or ""
	Thread     *ThreadSummary
	Reactions  []Reaction
	Media      *Media
	State      *StateChange

	RedactedBy UserID
	// RedactedByName is the name of RedactedBy, as of now.
	RedactedByName string
	Reason         string // of the redaction

	Cause        UndecryptedCause
	WithheldCode string
	SessionID    string
	Problem      string // short technical reason for KindUnreadable

	// Send is the state of the message, or of an edit of it that is not sent yet: Retry and Discard take the key of the message for both.
	Send        SendState
	SendProblem *Problem // with Waiting and SendError
	GapToken    string   // with KindGap: names the gap for FillGap
	GapAtStart  bool     // with KindGap: older history of the room, not a hole
}

// ReplyPreview is what stands above an answer.
type ReplyPreview struct {
	ID         EventID
	Sender     UserID // "" while the message is not known
	SenderName string
	Body       string
	HTML       string // "" when there is only a plain body
	Kind       MessageKind
}

// ThreadSummary stands below a thread's root.
type ThreadSummary struct {
	Count      int
	LastSender UserID
	LastName   string
	LastTime   time.Time
}

// Reaction is one kind of reaction to a message.
type Reaction struct {
	Key     string // usually an emoji; any text
	Count   int
	Mine    EventID  // own reaction's event, or "" (a local echo has none yet: see MineKey)
	MineKey ItemKey  // own reaction's item, or 0
	Senders []UserID // first few, for details
}

// Media is a file of a message.
type Media struct {
	Name   string // file name
	Mime   string
	Size   int64 // bytes as claimed by the sender, 0 when unknown
	Width  int   // pixels, 0 when unknown
	Height int
	Length time.Duration // audio and video
	URL    string        // mxc URL
	// Keys is the `file` object of an encrypted attachment (EncryptedFile, as JSON), or nil.
	Keys []byte
}

// StateChange is a change of room state, as data: words are the viewer's.
type StateChange struct {
	Type     string // event type
	StateKey string
	// Of m.room.member:
	Target         UserID
	TargetName     string
	Membership     Membership
	PrevMembership Membership
	NameChanged    bool // display name differs from PrevName
	AvatarChanged  bool
	PrevName       string
	Reason         string
	// Of other types: the new value worth showing (name, topic, alias, join rule, …), or "".
	Value     string
	PrevValue string
}

// Page is a stretch of a room's timeline, oldest first. Gap rows are items.
type Page struct {
	Room     RoomID
	Items    []Message
	AtStart  bool // nothing older is known anywhere: the room begins here
	AtNewest bool // nothing newer is in the store
}

// PageQuery names the stretch to read. At most one of Before, After, Around is set; none: the newest.
type PageQuery struct {
	Room   RoomID
	Before Seq     // items older than this
	After  Seq     // items newer than this
	Around EventID // about half before and half after, this one included
	Limit  int     // items, 1…500
}
