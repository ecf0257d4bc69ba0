package backup

import (
	"encoding/base64"
	"log/slog"
	"strings"

	mbackup "maunium.net/go/mautrix/crypto/backup"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// algorithm is the only kind of backup that there is.
//
// Spec: client-server-api#backup-algorithm-mmegolm_backupv1curve25519-aes-sha2
const algorithm = "m.megolm_backup.v1.curve25519-aes-sha2"

// pendingSecret names the key of a backup that is being made: the homeserver
// may have it although its answer never came.
const pendingSecret = "hubbub.backup.pending"

// keyNames are where keys of the backup lie, the one in use first.
func keyNames() [2]string { return [2]string{crypto.SecretBackup, pendingSecret} }

// keyPair opens a backup. It hides itself when it is printed.
type keyPair struct {
	private *mbackup.MegolmBackupKey
	public  string // unpadded base64
}

// String hides the key.
func (keyPair) String() string { return "[backup key]" }

// GoString hides the key.
func (keyPair) GoString() string { return "[backup key]" }

// LogValue hides the key.
func (keyPair) LogValue() slog.Value { return slog.StringValue("[backup key]") }

func newKey() (*keyPair, error) {
	private, err := mbackup.NewMegolmBackupKey()
	if err != nil {
		return nil, err
	}
	return pairOf(private), nil
}

func pairOf(private *mbackup.MegolmBackupKey) *keyPair {
	return &keyPair{private: private, public: base64.RawStdEncoding.EncodeToString(private.PublicKey().Bytes())}
}

// parseKey reads a key in the form in which it is kept in secret storage:
// base64, padded or not.
func parseKey(s chat.Secret) (*keyPair, error) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(string(s)), "="))
	if err != nil {
		return nil, errKeyShape
	}
	private, err := mbackup.MegolmBackupKeyFromBytes(raw)
	if err != nil {
		return nil, errKeyShape
	}
	return pairOf(private), nil
}

// secret is the reverse of parseKey.
func (k *keyPair) secret() chat.Secret {
	return chat.Secret(base64.StdEncoding.EncodeToString(k.private.Bytes()))
}

// opens reports whether the key belongs to a backup with this public key.
func (k *keyPair) opens(public string) bool {
	return k != nil && k.public == strings.TrimRight(public, "=")
}
