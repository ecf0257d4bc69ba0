package chat

import (
	"fmt"
	"time"
)

// ProblemKind classes everything that can go wrong, for words and next steps.
type ProblemKind uint8

// Problem kinds.
const (
	ProblemUnknown ProblemKind = iota
	ProblemOffline             // no route, connection refused or reset
	ProblemNoHost              // the host name does not resolve
	ProblemTLS                 // certificate or handshake
	ProblemTimeout
	ProblemNotMatrix  // the answer is not the API's (HTML, wrong path, bad JSON)
	ProblemHomeserver // 5xx
	ProblemRateLimit  // 429: see RetryAfter
	ProblemPassword   // wrong user or password
	ProblemNoPassword // the homeserver offers no password login: Detail lists its flows
	ProblemSignedOut  // token refused
	ProblemForbidden  // not allowed there
	ProblemNotFound
	ProblemTooLarge
	ProblemInsecure // refused by us: plain http to a host that is not loopback, plaintext to an encrypted room
	ProblemDiskFull
	ProblemReadOnly
	ProblemCorrupt  // a file of ours is damaged
	ProblemNewer    // a file of ours was written by a newer hubbub
	ProblemKeyGone  // crypto.db is there, its key is not
	ProblemLocked   // another hubbub has the account: Detail names the process
	ProblemBadInput // what the person typed cannot be used
	ProblemCrypto   // encryption failed
	ProblemCancelled
	ProblemAuth        // the homeserver asks who it is: see Auth
	ProblemSecret      // the recovery key or passphrase is not the right one
	ProblemSecretShape // what was typed has not the shape of a recovery key
	ProblemExists      // there is an identity, backup or secret storage already, and it is not overwritten
	ProblemNoIdentity  // there is no cross-signing identity
	ProblemNoRecovery  // there is no secret storage, or it lacks what was asked for: Detail names it
	ProblemUntrusted   // keys or a backup are not signed by who should have: nothing was taken or given
	ProblemIdentity    // somebody's identity changed and was not acknowledged: Detail names who
	ProblemNobody      // the room's policy leaves nobody who could read it
	ProblemFile        // a file has not the expected format, or is cut off
	ProblemMismatch    // what was compared is not the same
	ProblemOldKeys     // crypto.db is an older copy: to encrypt with it would use keys twice
	ProblemUnverified  // this session is not verified itself, and cannot vouch for others
	ProblemPlain       // nothing readable may go to the channel, and it is not encrypted
	ProblemInternal    // a bug of ours: the goroutine that did it panicked
	problemKinds       // their number
)

// Problem is an error in terms the screen can explain: a kind, a hint for
// trying again, and a technical detail for the log and the details view.
type Problem struct {
	Kind       ProblemKind
	Detail     string        // raw; may come from the homeserver
	Code       string        // Matrix errcode, or ""
	RetryAfter time.Duration // when the homeserver or we know, else 0
	Retry      bool          // trying again may help
	Auth       *AuthNeeded   // with ProblemAuth
	Err        error         // underlying error, for errors.Is; may be nil
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Code != "" {
		return fmt.Sprintf("%s: %s (%s)", p.Kind, p.Detail, p.Code)
	}
	if p.Detail == "" {
		return p.Kind.String()
	}
	return fmt.Sprintf("%s: %s", p.Kind, p.Detail)
}

// Valid reports whether k is one of the kinds: one that was stored by another version may not be.
func (k ProblemKind) Valid() bool { return k < problemKinds }

// Unwrap returns the underlying error.
func (p *Problem) Unwrap() error { return p.Err }

// String returns a stable technical word for logs and --json.
func (k ProblemKind) String() string {
	return [...]string{
		"unknown", "offline", "no_host", "tls", "timeout", "not_matrix", "homeserver", "rate_limit", "password",
		"no_password_login", "signed_out", "forbidden", "not_found", "too_large", "insecure", "disk_full", "read_only",
		"corrupt", "newer", "key_gone", "locked", "bad_input", "crypto", "cancelled",
		"auth", "secret", "secret_shape", "exists", "no_identity", "no_recovery", "untrusted", "identity", "nobody", "file", "mismatch", "old_keys", "unverified", "plain",
		"internal",
	}[k]
}
