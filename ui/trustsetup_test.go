package ui

import (
	"testing"

	"hubbub/store/chat"
)

// TestSetUpThatMakesNoKey, since another session has made one meanwhile, says
// so: nobody is asked to save a key that does not exist, or trusts in a
// passphrase that opens nothing.
func TestSetUpThatMakesNoKey(t *testing.T) {
	v := newVault(chat.Trust{Identity: chat.IdentityOwn, PrivateKeys: true, Recovery: chat.RecoveryNone, Backup: chat.Backup{State: chat.BackupOn}})
	v.made = ""
	s := keep(t, v, 80, 24)
	s.Key("alt+y", "n", "k")
	s.wantNot("Your recovery key")
	s.want("it stays, and no new one was made")
}
