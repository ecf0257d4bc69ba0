package words

// Entering the recovery key.
const (
	RecoverTitle    = "Recovery"
	RecoverIntro    = "Type or paste the recovery key. Spaces and line breaks do not matter."
	RecoverIntroTwo = "Type or paste the recovery key, or the passphrase it was made from. Spaces and line breaks of a key do not matter."
	RecoverField    = "Key"
	RecoverFieldTwo = "Key or passphrase"
	RecoverNeed     = "Type the recovery key."
	RecoverWait     = "Opening…"
	RecoverDone     = "This session is verified."
	RecoverDoneWhy  = "Keys of older messages come from the key backup when they are needed."
	RestoreNow      = "Fetch all keys now"
	GoOn            = "Go on"
	SecretsLocked   = "Locked: the recovery key is asked for again."
	RestoreStarted  = "Restoring from the key backup…"
	RestoreRunning  = "The key backup is being restored already."
	NewBackupTitle  = "New key backup"
	NewBackupAsk    = "Start the key backup anew? Keys that are only in the present backup, and not in this session, can no longer be fetched."
	NewBackupDone   = "A new key backup has begun."
)

// Restored says what a restore yielded.
func Restored(n int) string {
	if n == 0 {
		return "The key backup holds nothing that is not here."
	}
	return "Restored " + keys(n) + " from the key backup."
}

func keys(n int) string {
	if n == 1 {
		return "1 key"
	}
	return Thousands(n) + " keys"
}

// Setting up.
const (
	SetUpTitle      = "Set up"
	SetUpIntro      = "This makes your identity, a recovery key and a key backup, as far as they are missing."
	SetUpAnew       = "This makes a new identity, a new recovery key and a new key backup."
	SetUpKeyIntro   = "A new recovery key takes the place of the present one, which opens nothing any more."
	SetUpHow        = "How do you want to keep the recovery key?"
	SetUpRandom     = "Make a recovery key"
	SetUpRandomNote = "48 letters and digits, for a password manager or a sheet of paper. The safest."
	SetUpPhrase     = "Make it from a passphrase"
	SetUpPhraseNote = "Something you can remember. You get a recovery key as well."
	SetUpWait       = "Setting up…"
	NewKeyWait      = "Making a new recovery key…"
	PhraseTitle     = "Passphrase"
	PhraseIntro     = "Several words that do not belong together are good. It is not your account's password."
	PhraseField     = "Passphrase"
	PhraseAgain     = "Once more"
	PhraseNeed      = "Type a passphrase."
	PhraseWeak      = "That is too easy to guess: add words that do not belong together."
	PhraseDiffer    = "The two are not the same."
)

// Replacing an identity.
const (
	ResetTitle = "New identity"
	ResetIntro = "Your account has an identity already. A new one takes its place:"
	ResetOne   = "Your other sessions must be verified again."
	ResetTwo   = "People who have verified you see a warning."
	ResetThree = "Older messages whose keys are not in this session are lost, unless another session still has them."
	ResetFour  = "The present recovery key opens nothing any more."
	ResetWord  = "replace"
	ResetAsk   = "To do it all the same, type: " + ResetWord
	ResetField = "Type it"
	ResetNeed  = "It is done only when the word is typed exactly: " + ResetWord
)

// The recovery key, shown once.
const (
	KeyTitle      = "Your recovery key"
	KeyIntro      = "It is shown this once and kept nowhere. Who has it can read your messages."
	KeyCopy       = "Copy it"
	KeySave       = "Save it to a file"
	KeySaved      = "I have saved it"
	KeySavedSure  = "Saved? Without it and without another session your messages are lost. Press y again to go on."
	KeyCopied     = "Given to the terminal to copy. Paste it into a safe place to be sure that it arrived, and then copy something else."
	KeyFoot       = "letter, or ↑↓ and Enter"
	KeyHeld       = "First save the recovery key: it is not shown again."
	KeyQuit       = "The recovery key is on the screen and nowhere else. Press again to quit all the same."
	KeyFileTitle  = "Save the recovery key"
	KeyFileName   = "hubbub-recovery-key.txt"
	PathField     = "File"
	PathNeed      = "Type the path of a file."
	FileWait      = "Writing…"
	TrustComplete = "Everything is set up."
	KeyStays      = "There is a recovery key already: it stays, and no new one was made."
)

// KeyFile is what is written into the file beside the key itself.
func KeyFile(user, groups string) string {
	return "Recovery key of " + user + "\n\n" + groups + "\n\nWho has it can read your messages. hubbub asks for it in a new session.\n"
}

// FileSaved says where something was written.
func FileSaved(path string) string { return "Saved as " + path + ", which only you can read." }

// FileExists says that nothing is written over.
func FileExists(path string) string {
	return "There is a file already: " + path + ". Nothing was written over; give another name."
}

// FileNotThere says that there is no such file or folder.
func FileNotThere(path string) string { return "There is no such file or folder: " + path + "." }

// FileNotAllowed says that a file cannot be opened or made there.
func FileNotAllowed(path string) string { return "You may not open or make that file: " + path + "." }

// FileTrouble says what else is wrong with a file.
func FileTrouble(path, detail string) string {
	return "The file " + path + " makes trouble: " + detail + "."
}

// Keys as files.
const (
	ExportTitle  = "Export keys"
	ExportIntro  = "Writes the keys of all messages that this session can read. Who has the file and the passphrase can read them."
	ExportName   = "hubbub-keys.txt"
	ExportWait   = "Exporting…"
	ImportTitle  = "Import keys"
	ImportIntro  = "Takes in message keys from a file, and with them the messages that wait for them."
	ImportWrong  = "That is not the passphrase of the file. Nothing was taken from it."
	ImportWait   = "Importing…"
	ImportPhrase = "Passphrase of the file"
)

// Imported says what an import yielded.
func Imported(imported, total int) string {
	return "Imported " + Thousands(imported) + " of " + keys(total) + "; the others were here already."
}

// Strength names how hard a passphrase is to guess.
func Strength(score int) string {
	switch {
	case score <= 0:
		return "very weak"
	case score == 1:
		return "weak"
	case score == 2:
		return "fair"
	case score == 3:
		return "good"
	}
	return "strong"
}

// StrengthLabel stands before the meter.
const StrengthLabel = "Strength"

// Authentication that the homeserver asks for.
const (
	ConfirmTitle       = "Is it you?"
	ConfirmIntro       = "Your homeserver asks for your password before it does this."
	ConfirmWrong       = "That password is not right."
	ConfirmURL         = "Your homeserver asks you to confirm this in a browser. Open the page, confirm there, then come back and press Enter."
	ConfirmCopy        = "Copy the address"
	ConfirmOpen        = "Open it in the browser"
	ConfirmDone        = "Done, go on"
	ConfirmUnsupported = "Your homeserver asks for something that hubbub cannot do"
	ConfirmWait        = "Asking the homeserver…"
	ConfirmStill       = "The homeserver says that it was not confirmed yet."
)

// ConfirmFlows names what a homeserver asks for that hubbub cannot do.
func ConfirmFlows(list []string) string {
	if len(list) == 0 {
		return ConfirmUnsupported + "."
	}
	return ConfirmUnsupported + ": " + flows(joined(list)) + "."
}

func joined(list []string) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += ","
		}
		out += s
	}
	return out
}
