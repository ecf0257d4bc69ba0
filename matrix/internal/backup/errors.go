package backup

import (
	"errors"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

var (
	errKeyShape = errors.New("backup: not the private key of a backup")
	errOther    = errors.New("backup: not the key that it is called")
	errStalled  = errors.New("backup: nothing arrives any more")
	errTooLarge = errors.New("backup: entry too large")
	errShape    = errors.New("backup: not the JSON that was expected")
)

// unusable says why a backup in some state cannot be read.
func unusable(s chat.Backup) error {
	switch s.State {
	case chat.BackupNone:
		return &chat.Problem{Kind: chat.ProblemNotFound, Detail: "backup"}
	case chat.BackupNoKey:
		return &chat.Problem{Kind: chat.ProblemNoRecovery, Detail: crypto.SecretBackup}
	case chat.BackupUntrusted:
		return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "backup"}
	case chat.BackupUnsupported:
		return &chat.Problem{Kind: chat.ProblemCrypto, Detail: "backup algorithm is not known"}
	case chat.BackupUnknown:
		return &chat.Problem{Kind: chat.ProblemOffline, Detail: "backup has not been looked at", Retry: true}
	case chat.BackupOn, chat.BackupFailed:
	}
	return nil
}
