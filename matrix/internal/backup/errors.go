package backup

import (
	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
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
