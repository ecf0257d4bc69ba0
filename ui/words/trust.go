package words

import (
	"strconv"

	"hubbub/store/chat"
)

// Thousands returns a number with commas: "12,000".
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Feet of pages.
const (
	WalkKeys     = "letter, or ↑↓ and Enter"
	PageKeys     = "letter, or ↑↓ and Enter · Esc close"
	SubpageKeys  = "letter, or ↑↓ and Enter · Esc back"
	EnterKeys    = "Enter go on · Esc back"
	EnterEnd     = "Enter close"
	SecretKeys   = "Enter go on · Ctrl+R show or hide · Esc back"
	SecretsKeys  = "Enter go on · Tab next · Ctrl+R show or hide · Esc back"
	BackWord     = "Back"
	CloseWord    = "Close"
	LaterWord    = "Later"
	LaterNote    = "The status line keeps saying so; nothing will ask again."
	CancelWord   = "Cancel"
	StillBusy    = "That is under way already; wait until it has ended."
	BusyWord     = "Please wait…"
	TrustMissing = "This account offers no encryption settings."
)

// Walk through trust after the sign-in.
const (
	WalkTitle       = "Security"
	WalkForeign     = "This session is not verified yet."
	WalkForeignWhy  = "Until it is, people cannot be sure that it is yours, and older messages stay locked."
	WalkNone        = "Your account has no identity yet."
	WalkNoneWhy     = "With one, people can be sure that it is you, and you get a recovery key that opens your messages in any new session."
	WalkReplaced    = "Your account has another identity than the one this session was verified with."
	WalkReplacedWhy = "If you set it up anew yourself, verify this session again. If you did not, somebody else may have: change your password first."
	WalkPart        = "This session is verified, but not everything is set up."
	WalkDone        = "This session is verified and everything is set up."
	WalkUnknown     = "Your homeserver has not been asked yet."
	WalkVerify      = "Verify with another session"
	WalkVerifyNote  = "Compare emoji, or scan a code."
	WalkVerifyNone  = "No other session of yours is verified."
	WalkRecover     = "Recovery key or passphrase"
	WalkRecoverNone = "No recovery key is set up for this account."
	WalkSetUp       = "Set up now"
	WalkSetUpRest   = "Set up what is missing"
	WalkAnswer      = "Answer: another session of yours wants to verify"
	WalkReset       = "Set up a new identity"
	WalkResetNote   = "When nothing else is left: it has consequences."
	WalkNewKey      = "New recovery key"
	WalkRestore     = "Restore from the key backup"
	WalkNewBackup   = "New key backup"
	WalkLock        = "Lock the secrets"
	WalkVerifyOther = "Verify another session"
)

// TrustBadge is what the status line says while trust is not complete, or "".
func TrustBadge(t chat.Trust, key string) string {
	what := ""
	switch {
	case t.Identity == chat.IdentityNone:
		what = "encryption not set up"
	case t.Identity == chat.IdentityForeign:
		what = "not verified"
	case t.Identity == chat.IdentityReplaced:
		what = "identity replaced"
	case t.Identity != chat.IdentityOwn, t.Complete():
		return ""
	case !t.PrivateKeys, t.Recovery == chat.RecoveryNone, t.Recovery == chat.RecoveryIncomplete:
		what = "recovery incomplete"
	default:
		if what = backupBadge(t.Backup.State); what == "" {
			return ""
		}
	}
	return withKey(what, key)
}

func backupBadge(s chat.BackupState) string {
	switch s {
	case chat.BackupNone, chat.BackupNoKey:
		return "no key backup"
	case chat.BackupUntrusted, chat.BackupUnsupported, chat.BackupFailed:
		return "key backup stopped"
	}
	return ""
}

func withKey(what, key string) string {
	if key == "" {
		return what
	}
	return what + " · " + key
}

// BackupProgress says how far the backup is, or "".
func BackupProgress(b chat.Backup) string {
	switch {
	case b.Restoring && b.RestoreTotal > 0:
		return "restoring " + Thousands(b.Restored) + "/" + Thousands(b.RestoreTotal)
	case b.Restoring:
		return "restoring keys"
	case b.State == chat.BackupOn && b.Saved < b.Total:
		return "backing up " + Thousands(b.Saved) + "/" + Thousands(b.Total)
	}
	return ""
}

// IdentityLine says how this session stands to the account's identity.
func IdentityLine(s chat.IdentityState) string {
	switch s {
	case chat.IdentityNone:
		return "There is no identity."
	case chat.IdentityForeign:
		return "This session is not verified."
	case chat.IdentityOwn:
		return "This session is verified."
	case chat.IdentityReplaced:
		return "The identity was replaced."
	}
	return "The identity is not known yet."
}

// PrivateKeysLine says whether the private identity keys are here.
func PrivateKeysLine(here bool) string {
	if here {
		return "The identity's keys are here: this session can verify others."
	}
	return "The identity's keys are not here: this session cannot verify others."
}

// RecoveryLine says how recovery stands.
func RecoveryLine(s chat.RecoveryState, passphrase bool) string {
	switch s {
	case chat.RecoveryNone:
		return "No recovery key is set up."
	case chat.RecoveryIncomplete:
		return "The recovery key does not open everything yet."
	case chat.RecoveryReady:
		if passphrase {
			return "Recovery is set up, with a passphrase."
		}
		return "Recovery is set up, with a recovery key."
	}
	return "Recovery is not known yet."
}

// BackupLine says how the key backup stands.
func BackupLine(b chat.Backup) string {
	switch b.State {
	case chat.BackupNone:
		return "There is no key backup."
	case chat.BackupNoKey:
		return "There is a key backup, but its key is not here."
	case chat.BackupUntrusted:
		return "The key backup on the homeserver is not yours: nothing is saved to it."
	case chat.BackupUnsupported:
		return "The key backup is of a kind that hubbub does not know."
	case chat.BackupFailed:
		return "The key backup has stopped."
	case chat.BackupOn:
		if b.Total == 0 {
			return "The key backup is on; there is no key to save yet."
		}
		if b.Saved < b.Total {
			return "Key backup: " + Thousands(b.Saved) + " of " + Thousands(b.Total) + " keys are saved."
		}
		return "Key backup: all " + Thousands(b.Total) + " keys are saved."
	}
	return "The key backup is not known yet."
}

// UnlockedLine says until when the secrets are unlocked.
func UnlockedLine(clock string) string { return "The recovery key is unlocked until " + clock + "." }

// SignOutUnsaved warns before a sign-out that loses keys; key leads to what helps.
func SignOutUnsaved(key string) string {
	return withKey("Not all keys are saved in a backup that your recovery key opens: first look at Security", key) + "."
}
