package ui

import (
	"context"

	"hubbub/store/chat"
)

// Trust is the account's end-to-end encryption: identities, recovery, backup,
// sessions, verification. Errors are *chat.Problem. Where one is of kind
// ProblemAuth the homeserver asks who it is: the same call with the auth that
// the problem describes goes on.
type Trust interface {
	Recovery
	Verifier

	// Trust returns how the account is set up. Query, from memory.
	Trust(ctx context.Context) (chat.Trust, error)
	// Person returns what is known about somebody's keys. Query; may ask the homeserver for a list that is out of date.
	Person(ctx context.Context, user chat.UserID) (chat.Person, error)
	// Acknowledge accepts the identity of somebody that has this master key, the one that was shown, as the one to go on with. Where it had been verified this withdraws the verification. Query.
	Acknowledge(ctx context.Context, user chat.UserID, master string) error
	// Block says that a session never gets keys, or may get them again. Query.
	Block(ctx context.Context, user chat.UserID, session chat.DeviceID, block bool) error

	// Sessions lists the account's own sessions, this one first, then by when they were last seen. Query.
	Sessions(ctx context.Context) ([]chat.Session, error)
	// RenameSession gives an own session a name. Query.
	RenameSession(ctx context.Context, session chat.DeviceID, name string) error
	// EndSessions signs own other sessions out. Query.
	EndSessions(ctx context.Context, sessions []chat.DeviceID, auth chat.Auth) error
	// DismissSession ends the alert about a new own session that is not verified. Query.
	DismissSession(ctx context.Context, session chat.DeviceID) error

	// Lock returns what there is to know about a room's encryption. Query.
	Lock(ctx context.Context, room chat.RoomID) (chat.RoomLock, error)
	// SetPolicy decides who gets keys in a room, or in a server and its channels. Query.
	SetPolicy(ctx context.Context, room chat.RoomID, policy chat.RoomPolicy) error
	// Rotate gives up the room's outbound session: the next message has a new key. Query.
	Rotate(ctx context.Context, room chat.RoomID) error
	// Message returns what there is to know about the encryption of a message. Query.
	Message(ctx context.Context, item chat.ItemKey) (chat.MessageTrust, error)
	// RetryKey looks for the key of a message again: in the backup, then with own sessions. Query; the message changes on the feed.
	RetryKey(ctx context.Context, item chat.ItemKey) error

	// Checkup looks at everything. Query; asks the homeserver.
	Checkup(ctx context.Context) ([]chat.Finding, error)
}

// Recovery is secret storage, the identity and the key backup. Queries that ask the homeserver.
type Recovery interface {
	// SetUp makes what is missing: an identity, secret storage, a backup. It returns the new recovery key, which is shown
	// once and kept nowhere. Without Reset an identity that exists is a Problem of kind ProblemExists.
	SetUp(ctx context.Context, want chat.SetUp) (chat.Secret, error)
	// Recover opens secret storage with the recovery key or passphrase: this session becomes verified, the private keys and the
	// backup's key come here. A wrong one is ProblemSecret, found out before anything else happens.
	Recover(ctx context.Context, secret chat.Secret) error
	// NewRecoveryKey puts a new recovery key (or passphrase) in the place of the present one and returns it.
	NewRecoveryKey(ctx context.Context, passphrase chat.Secret) (chat.Secret, error)
	// LockSecrets forgets what is unlocked.
	LockSecrets(ctx context.Context) error
	// RestoreBackup fetches every key of the backup; progress is on the feed.
	RestoreBackup(ctx context.Context) (restored int, err error)
	// ResetBackup makes a new version of the backup, whose key goes to secret storage when that is unlocked.
	ResetBackup(ctx context.Context) error
	// ExportKeys returns all room keys in the standard file format.
	ExportKeys(ctx context.Context, passphrase chat.Secret) ([]byte, error)
	// ImportKeys takes in such a file.
	ImportKeys(ctx context.Context, file []byte, passphrase chat.Secret) (imported, total int, err error)
}

// Verifier runs verifications; what becomes of them is on the feed. Intents.
type Verifier interface {
	// Verify asks for a verification: of an own session (device may be "": any), or of a person, in the direct message with them.
	Verify(user chat.UserID, device chat.DeviceID) (id string)
	// AcceptVerification answers a request.
	AcceptVerification(id string)
	// CompareEmoji starts the comparison of emoji and numbers.
	CompareEmoji(id string)
	// TakeCode hands over the payload of a code that the other side shows.
	TakeCode(id string, payload []byte)
	// ConfirmVerification says that what is compared is the same, or that the other side has scanned the code.
	ConfirmVerification(id string)
	// DenyVerification says that it is different.
	DenyVerification(id string)
	// CancelVerification ends it.
	CancelVerification(id string)
}
