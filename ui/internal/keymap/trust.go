package keymap

// Actions of trust: identity, recovery, key backup, verification.
const (
	Trust          Action = "trust"
	Verifications  Action = "verifications"
	VerifySession  Action = "verify-session"
	VerifyPerson   Action = "verify-person"
	Recover        Action = "recover"
	SetUpTrust     Action = "set-up-identity"
	NewRecoveryKey Action = "new-recovery-key"
	LockSecrets    Action = "lock-secrets"
	RestoreBackup  Action = "restore-backup"
	ResetBackup    Action = "reset-backup"
	ExportKeys     Action = "export-keys"
	ImportKeys     Action = "import-keys"
	// Reveal shows what a masked field holds.
	Reveal Action = "reveal"
)

// trust is identity, recovery, backup and verification.
func trust() []Entry {
	return []Entry{
		{Action: Trust, Keys: keys("alt+y")},
		{Action: Verifications, Keys: keys("alt+v")},
		{Action: VerifySession, Keys: keys("alt+shift+v")},
		{Action: Recover, Keys: keys("alt+shift+r")},
		{Action: SetUpTrust, Keys: keys("alt+shift+y")},
		{Action: NewRecoveryKey, Keys: keys("alt+shift+g")},
		{Action: LockSecrets, Keys: keys("alt+shift+l")},
		{Action: RestoreBackup, Keys: keys("alt+shift+b")},
		{Action: ResetBackup, Keys: keys("alt+shift+z")},
		{Action: ExportKeys, Keys: keys("alt+shift+e")},
		{Action: ImportKeys, Keys: keys("alt+shift+i")},
	}
}
