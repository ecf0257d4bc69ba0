package words

import (
	"strconv"

	"hubbub/store/chat"
)

// Words of the commands about trust.
const (
	CLIDoctorShort = "Check keys, backup, sessions and connection"
	CLIDoctorLong  = `Check what is set up for end-to-end encryption, the connection and the files of the account, and name what repairs
what is broken. A line is how it is, what it is about, and a sentence. Exit code 1 says that something is broken.`
	CLIVerifyShort = "Verify this session, another one, or a person"
	CLIVerifyLong  = `Verify this session with another of yours or, with USER, a person: answer their request, or send one and wait.
Both sides compare emoji and say whether they are the same. With --show-code this side shows a QR code, and its text, for
the other side to scan; with --scan it takes in a picture of the code that the other side shows, or its text, from a file
or, as "-", from standard input.`
	CLIRecoveryShort = "Verify this session with the recovery key"
	CLIRecoveryLong  = `Verify this session with the recovery key or its passphrase, and connect the key backup. It is asked for without being
shown; without a terminal it is the first line of standard input. It is never taken from the command line.`
	CLIKeysShort          = "Message keys: backup, export, import"
	CLIBackupShort        = "The key backup at the homeserver"
	CLIBackupStatusShort  = "Say how the key backup is"
	CLIBackupRestoreShort = "Fetch every key of the key backup"
	CLIExportShort        = "Write all message keys to a file, protected by a passphrase"
	CLIExportLong         = `Write all message keys to FILE, which must not exist yet. The passphrase that protects it is asked for without being
shown; without a terminal it is the first line of standard input. Whoever has both can read your messages.`
	CLIImportShort = "Take in message keys from a file"
	CLIImportLong  = `Take in message keys from a FILE that hubbub or another program exported. Its passphrase is asked for without being
shown; without a terminal it is the first line of standard input.`

	CLIFlagShowCode = "show a code for the other side to scan"
	CLIFlagScan     = `take in the code that the other side shows: a picture, or text, in a file or on standard input ("-")`
	CLIFlagASCII    = "draw the code with # only"

	CLIAskRecovery    = "Recovery key or passphrase: "
	CLIAskPassphrase  = "Passphrase of the file: "
	CLIAskNewPhrase   = "Passphrase for the file: "
	CLIAskPhraseAgain = "The same again: "
	CLINoSecret       = "There is nothing on standard input: give the secret on its first line."
	CLIPhrasesDiffer  = "The two are not the same. Nothing was written."
	CLIFileThere      = "There is a file of that name already; it was left alone. Give another name."
	CLIFileTooLarge   = "That file is too large to be one of keys."
	CLINotAFile       = "That is not an ordinary file."
	CLIAskCode        = "Text of the code: "
	CLIOneWay         = "Use one of --show-code and --scan."
	CLINeedAnswer     = "Comparing needs a terminal, or the answer (y or n) on standard input."
	CLIBadCode        = "No code was found there. Give a picture (PNG or JPEG), or the text that the other side shows."
	CLINoShow         = "The other side cannot scan a code."
	CLINoScan         = "The other side does not show a code."
	CLINoOther        = "There is no other session to verify with. Open one, or use: hubbub recovery"
	CLINotAUser       = "USER is a full id, such as @ada:example.org."

	CLIRecovered     = "This session is verified with your identity."
	CLIVerifyWaits   = "Waiting: accept the request on the other side."
	CLIVerifyTakes   = "Accepting the request of the other side."
	CLIVerifyShow    = "Let the other side scan this code, or give it this text:"
	CLIVerifyScanned = "Does the other side say that it worked? [y/n] "
	CLIVerifySame    = "Does the other side show the same, in the same order? [y/n] "
	CLIVerifyWaitsOn = "Confirmed. Waiting for the other side."
	CLIVerified      = "Verified."
	CLISecretsCame   = "The private keys and the key backup are here."
	CLIStaying       = "Staying for a moment, to give the other session what it asks for."
	CLISecretsLater  = "What the other session keeps has not come yet; it is asked for when hubbub runs again."
)

// CLIAskFile asks for the moment at which a file holds the code.
func CLIAskFile(path string) string {
	return "Press Enter when " + path + " holds the code of the other side: "
}

// CLIFinding is a line of `hubbub doctor`.
func CLIFinding(f *chat.Finding) string {
	s := "[" + FindingState(f.State) + "] " + FindingName(f.Topic) + ": " + Finding(f)
	if fix := FixCommand(f.Fix); fix != "" && f.State != chat.FindingGood {
		s += " Repair: " + fix + "."
	}
	return s
}

// CLIBackup says how the key backup is.
func CLIBackup(b *chat.Backup) string {
	s := BackupWord(b.State)
	if b.Version != "" {
		s += ", version " + b.Version
	}
	if b.Total > 0 && b.State == chat.BackupOn {
		s += ", " + strconv.Itoa(b.Saved) + " of " + Count(b.Total, "key", "keys") + " saved"
	}
	if b.Problem != nil {
		s += ": " + ProblemLine(b.Problem)
	}
	return s
}

// BackupWord says how the key backup is, in a few words.
func BackupWord(b chat.BackupState) string {
	switch b {
	case chat.BackupNone:
		return "There is no key backup"
	case chat.BackupNoKey:
		return "There is a key backup that this session is not connected to (connect it with: hubbub recovery)"
	case chat.BackupUntrusted:
		return "There is a key backup that nobody you trust has signed"
	case chat.BackupUnsupported:
		return "There is a key backup of a kind that hubbub does not know"
	case chat.BackupOn:
		return "The key backup is connected"
	case chat.BackupFailed:
		return "The key backup does not work"
	case chat.BackupUnknown:
	}
	return "It is not known yet whether there is a key backup"
}

// CLIRestored says how many keys came from the backup.
func CLIRestored(n int) string { return Count(n, "key", "keys") + " restored." }

// CLIImported says how many keys of a file were new.
func CLIImported(n, total int) string {
	return strconv.Itoa(n) + " of " + Count(total, "key", "keys") + " were new and are here now."
}

// CLIEmoji is the line that is compared, with the names for those who see no emoji.
func CLIEmoji(v *chat.Verification) string {
	s := ""
	for i, e := range v.Emoji {
		if i > 0 {
			s += ", "
		}
		s += e.Symbol + " " + e.Name
	}
	if v.Decimals != [3]int{} {
		if s != "" {
			s += "   "
		}
		s += strconv.Itoa(v.Decimals[0]) + " " + strconv.Itoa(v.Decimals[1]) + " " + strconv.Itoa(v.Decimals[2])
	}
	return s
}
