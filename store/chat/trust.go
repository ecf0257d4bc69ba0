package chat

import (
	"log/slog"
	"time"
)

// Secret is text that opens something: a recovery key, a passphrase, a
// password. It hides itself wherever it is printed or logged; string(s) is
// what it holds.
type Secret string

// String hides the text.
func (Secret) String() string { return "[secret]" }

// GoString hides the text.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText hides the text.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Auth is what the person gives when the homeserver wants to know again who
// asks (user-interactive authentication). The zero value gives nothing.
//
// Spec: client-server-api#user-interactive-authentication-api
type Auth struct {
	Password Secret
	// Done says that the person has confirmed at AuthNeeded.URL.
	Done bool
	// Session is AuthNeeded.Session of the answer that asked for it.
	Session string
}

// AuthNeeded says what a homeserver asks for before it does something: a
// Problem of kind ProblemAuth carries it. The same call with Auth goes on
// where the first one stopped.
type AuthNeeded struct {
	Password bool   // the password is enough
	URL      string // page to confirm at, in a browser, or ""
	Session  string
	Wrong    bool     // the password that was given is not right
	Flows    []string // what is asked for, when it is neither of the two
}

// IdentityState says what the account's cross-signing identity is to this session.
type IdentityState uint8

// Identity states.
const (
	IdentityUnknown  IdentityState = iota // not looked up yet
	IdentityNone                          // the account has none
	IdentityForeign                       // it has one, and this session is not verified with it
	IdentityOwn                           // this session is verified with it
	IdentityReplaced                      // it is another one than this session was verified with
)

// RecoveryState says whether the secrets lie on the homeserver, encrypted
// with the recovery key (secret storage, "4S").
//
// Spec: client-server-api#secret-storage
type RecoveryState uint8

// Recovery states.
const (
	RecoveryUnknown    RecoveryState = iota
	RecoveryNone                     // not set up
	RecoveryIncomplete               // set up, but a secret that is here is missing there
	RecoveryReady
)

// BackupState says how the key backup is.
//
// Spec: client-server-api#server-side-key-backups
type BackupState uint8

// Backup states.
const (
	BackupUnknown     BackupState = iota
	BackupNone                    // there is none
	BackupNoKey                   // there is one, whose key is not here
	BackupUntrusted               // there is one that nobody trusted has signed, and whose key is not ours
	BackupUnsupported             // there is one of an algorithm hubbub does not know
	BackupOn                      // keys are uploaded
	BackupFailed                  // uploading stopped: see Problem
)

// Backup is the key backup as this session sees it.
type Backup struct {
	State   BackupState
	Version string
	// Saved of Total room keys of this session are in the backup.
	Saved, Total int
	// Restoring says that keys are being fetched: Restored of RestoreTotal so far.
	Restoring              bool
	Restored, RestoreTotal int
	Problem                *Problem
}

// Trust is how the account is set up for end-to-end encryption.
type Trust struct {
	Identity IdentityState
	// MasterKey is the public master key (unpadded base64), or "".
	MasterKey string
	// PrivateKeys says that the private cross-signing keys are here.
	PrivateKeys bool
	Recovery    RecoveryState
	// Passphrase says that the recovery key was made from a passphrase, which opens it too.
	Passphrase bool
	// UnlockedUntil is when secrets that were unlocked are forgotten again, zero when they are locked.
	UnlockedUntil time.Time
	Backup        Backup
	// CanVerify counts own other sessions that are verified, so that they can verify this one.
	CanVerify int
	// Fresh lists own sessions that are not verified and that the person has not dismissed.
	Fresh []Session
}

// Complete reports whether there is nothing left to set up.
func (t Trust) Complete() bool {
	return t.Identity == IdentityOwn && t.PrivateKeys && t.Recovery == RecoveryReady && t.Backup.State == BackupOn
}

// SetUp asks for an identity, secret storage and backup: all that is missing.
type SetUp struct {
	// Passphrase makes the recovery key from a passphrase; "" makes a random one.
	Passphrase Secret
	// Reset replaces an identity that exists and cannot be used. Without it nothing is ever overwritten.
	Reset bool
	Auth  Auth
}

// SessionTrust says what is known about whose a session is.
type SessionTrust uint8

// Session trusts.
const (
	SessionUnsigned SessionTrust = iota // its owner has not confirmed it
	SessionSigned                       // confirmed by its owner, whom we know by first use
	SessionVerified                     // confirmed by its owner, whom we have verified (or who we are)
	SessionBlocked                      // never gets keys
	SessionRekeyed                      // its keys changed under the same id: never gets keys
	SessionGone                         // no longer listed by the homeserver
)

// Session is a device of somebody.
type Session struct {
	User        UserID
	ID          DeviceID
	Name        string // display name; raw
	Fingerprint string // Ed25519 key, unpadded base64, "" when it cannot encrypt
	Trust       SessionTrust
	Current     bool      // this one
	LastSeen    time.Time // own sessions only; zero when not known
	LastIP      string    // own sessions only, as the homeserver says
}

// PersonTrust says what is known about a person's cross-signing identity.
type PersonTrust uint8

// Person trusts.
const (
	PersonUnknown   PersonTrust = iota // no identity seen
	PersonPinned                       // the identity is the first one that was seen, or one that was acknowledged
	PersonVerified                     // verified by us
	PersonChanged                      // another identity than the pinned one: to be acknowledged
	PersonWithdrawn                    // was verified once, and now is another: to be verified again, or withdrawn
)

// Person is what is known about somebody's keys.
type Person struct {
	User      UserID
	Trust     PersonTrust
	MasterKey string // unpadded base64, or ""
	Sessions  []Session
}

// Policy says who gets the keys of messages.
type Policy uint8

// Policies.
const (
	PolicyInherit  Policy = iota // that of the server the channel stands in, or PolicyAll
	PolicyAll                    // every session of every member
	PolicySigned                 // only sessions that their owners have confirmed
	PolicyVerified               // only sessions of people whom we have verified
)

// RoomPolicy is what the person has decided for a room, or for a server and
// all channels in it.
type RoomPolicy struct {
	Share Policy
	// NeverPlain refuses to send anything readable by the homeserver there.
	NeverPlain bool
}

// RoomLock is what there is to know about the encryption of a room.
type RoomLock struct {
	Room      RoomID
	Encrypted bool
	Algorithm string
	Set       RoomPolicy // what was decided for this room
	Policy    RoomPolicy // what holds, Share is never PolicyInherit
	From      RoomID     // the server that Policy.Share is inherited from, or ""
	// HasKey says that there is an outbound session; then Age, Messages and their limits are of it.
	HasKey      bool
	Age         time.Duration
	MaxAge      time.Duration
	Messages    int
	MaxMessages int
	People      int // who can read what is sent now, ourselves included
	Sessions    int // how many sessions these have, without this one
	Unsigned    int // how many of them their owners have not confirmed
	// Excluded lists sessions that would not get the next message; at most 100.
	Excluded      []Session
	ExcludedCount int
	// Changed lists people whose identity changed and was not acknowledged.
	Changed []UserID
	// SharesHistory says that people who are invited get the keys of older messages (MSC4268).
	SharesHistory bool
}

// Shield is a reason to look twice at a message that was decrypted.
type Shield uint8

// Shields, from harmless to grave.
const (
	ShieldNone           Shield = iota
	ShieldUnknownOrigin         // the key came from a backup, a file or another session: who made it is not proven
	ShieldUnknownSession        // the session that sent it is not known (any more)
	ShieldUnsigned              // the session that sent it is not confirmed by its owner
	ShieldChanged               // its sender's identity is not the one that was pinned or verified
	ShieldMismatch              // the key belongs to another person than the sender claims to be
	ShieldPlain                 // it came in clear, in an encrypted room
)

// Grave reports whether the shield is a warning rather than a remark.
func (s Shield) Grave() bool { return s >= ShieldUnsigned }

// KeySource says where the key of a message came from.
type KeySource uint8

// Key sources.
const (
	KeyUnknown   KeySource = iota
	KeyDirect              // from the session that made it
	KeyForwarded           // from another own session
	KeyBackup              // from the key backup
	KeyImported            // from a file
	KeyShared              // from whoever invited us (MSC4268)
)

// MessageTrust is what there is to know about the encryption of a message.
type MessageTrust struct {
	Item    ItemKey
	Room    RoomID
	Shield  Shield
	Sender  UserID
	Session Session // the session that made the key; its ID is "" when it is not known
	KeyID   string  // Megolm session
	Source  KeySource
	From    UserID // who gave the key, when it was not the session itself
	// Of a message that cannot be read:
	Undecrypted  bool
	Cause        UndecryptedCause
	WithheldCode string
	Backup       BackupState // whether the backup can be asked
	Asked        bool        // own sessions have been asked for the key
	InBackup     bool        // the backup was asked, and does not have it
}

// VerificationPhase says how far a verification is.
type VerificationPhase uint8

// Phases.
const (
	VerifyRequested VerificationPhase = iota // asked for: waiting for the other side, or (Incoming) for us
	VerifyReady                              // both are there: choose how
	VerifyStarted                            // the two sides exchange keys
	VerifyCompare                            // emoji and numbers are there: same or different?
	VerifyConfirmed                          // we said they are the same; the other side has not yet
	VerifyScanned                            // the other side says it scanned our code: did it?
	VerifyDone
	VerifyCancelled // see Code
)

// Emoji is one picture of a short authentication string.
//
// Spec: client-server-api#sas-method-emoji
type Emoji struct {
	Symbol string
	Name   string // English
}

// Verification is one verification under way, or just ended.
type Verification struct {
	ID       string // names it for the intents; made here
	User     UserID
	Device   DeviceID // "" until a session of the other side has answered
	Own      bool     // with another session of this account
	Room     RoomID   // where it takes place, "" between own sessions
	Incoming bool
	Phase    VerificationPhase
	At       time.Time // when it was asked for
	Until    time.Time // when it ends by itself
	CanSAS   bool
	CanShow  bool // a code can be shown for the other side to scan
	CanScan  bool // the other side can show a code
	Emoji    []Emoji
	Decimals [3]int
	Code     []byte // with CanShow, once ready: the payload of the QR code
	// Of a cancelled one:
	Reason   string // cancel code of the specification, e.g. m.mismatched_sas
	ByUs     bool
	Problem  *Problem
	Verified []DeviceID // of a done one between own sessions: which
}

// Open reports whether it goes on.
func (v Verification) Open() bool { return v.Phase < VerifyDone }

// Finding is one line of a checkup.
type Finding struct {
	// Topic names what was looked at; see the Topic constants.
	Topic  string
	State  FindingState
	Detail string // a value worth showing: a version, a count, an id; raw
	Count  int
	// Fix names the repair, one of the Fix constants, or "".
	Fix     string
	Problem *Problem
}

// FindingState says how one thing is.
type FindingState uint8

// Finding states.
const (
	FindingGood FindingState = iota
	FindingInfo
	FindingWarning
	FindingBroken
)

// Topics of a checkup.
const (
	TopicHomeserver = "homeserver"  // reachable, its versions
	TopicClock      = "clock"       // our clock against the homeserver's
	TopicIdentity   = "identity"    // cross-signing
	TopicSession    = "session"     // this session: verified or not
	TopicSecrets    = "secrets"     // private keys here
	TopicRecovery   = "recovery"    // secret storage
	TopicBackup     = "backup"      // key backup: version, signature, lag
	TopicDeviceKeys = "device_keys" // own keys as the homeserver has them
	TopicOneTime    = "one_time"    // one-time and fallback keys
	TopicSessions   = "sessions"    // own other sessions
	TopicKeys       = "keys"        // room keys here
	TopicWaiting    = "waiting"     // messages that wait for a key
	TopicPeople     = "people"      // changed identities
	TopicStore      = "store"       // cache.db and crypto.db
	TopicKeyring    = "keyring"     // where the secrets are
	TopicTerminal   = "terminal"    // what the terminal can do; added by the window
	TopicLocale     = "locale"      // which text programs take the terminal to show; added where it is wrong
)

// Repairs that a finding may name.
const (
	FixVerify  = "verify"   // verify this session
	FixSetUp   = "set_up"   // set up an identity
	FixRecover = "recover"  // enter the recovery key
	FixRotate  = "rotate"   // make a new recovery key
	FixBackup  = "backup"   // make or join a backup
	FixSession = "sessions" // look at own sessions
	FixPerson  = "person"   // look at a person: Detail names who
	FixSignIn  = "sign_in"  // sign in again
	FixClock   = "clock"    // set the clock
)
