package words

// trustTexts are the actions of identity, recovery, key backup and verification.
func trustTexts() []actionText {
	return []actionText{
		{"trust", "Security of this account", "Show how this session is verified and what is set up, with what is missing"},
		{"verifications", "Verification requests", "Show the verifications that wait for you or are under way"},
		{"verify-session", "Verify with another session…", "Verify this session with another of yours, by emoji or code"},
		{"verify-person", "Verify the person…", "Compare emoji or scan a code with the person"},
		{"recover", "Enter the recovery key…", "Verify this session with the recovery key or its passphrase"},
		{"set-up-identity", "Set up a new identity…", "Make an identity, a recovery key and a key backup; one that exists is replaced only after a warning"},
		{"new-recovery-key", "New recovery key…", "Put a new recovery key, or one from a passphrase, in the place of the present one"},
		{"lock-secrets", "Lock the secrets", "Forget the recovery key that is unlocked for a while"},
		{"restore-backup", "Restore from the key backup", "Fetch every key of the backup, so that older messages can be read"},
		{"reset-backup", "New key backup…", "Start the key backup anew with another key"},
		{"export-keys", "Export keys to a file…", "Write all message keys to a file, protected by a passphrase"},
		{"import-keys", "Import keys from a file…", "Take in message keys from a file that hubbub or another program wrote"},
		{"reveal", "Show or hide", "Show what was typed into a masked field, or hide it again"},
	}
}
