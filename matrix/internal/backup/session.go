package backup

import (
	"encoding/json"
	"fmt"

	"maunium.net/go/mautrix"
	mbackup "maunium.net/go/mautrix/crypto/backup"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// sessionData is a room key in the form that backups and files share. In a
// backup the room and the session are named outside.
//
// Spec: client-server-api#backup-algorithm-mmegolm_backupv1curve25519-aes-sha2, client-server-api#key-exports
type sessionData struct {
	Algorithm  id.Algorithm      `json:"algorithm"`
	RoomID     chat.RoomID       `json:"room_id,omitempty"`
	SessionID  string            `json:"session_id,omitempty"`
	SenderKey  string            `json:"sender_key"`
	SessionKey string            `json:"session_key"`
	Claimed    map[string]string `json:"sender_claimed_keys"`
	Chains     []string          `json:"forwarding_curve25519_key_chain"`
	// MSC3061 (unstable prefix org.matrix.msc3061)
	Shared         bool `json:"shared_history,omitempty"`
	SharedUnstable bool `json:"org.matrix.msc3061.shared_history,omitempty"`
}

func dataOf(k *crypto.RoomKey) sessionData {
	d := sessionData{
		Algorithm: id.AlgorithmMegolmV1, SenderKey: k.SenderKey, SessionKey: string(k.Key),
		Claimed: map[string]string{}, Chains: k.Chains, Shared: k.SharedHistory, SharedUnstable: k.SharedHistory,
	}
	if k.SigningKey != "" {
		d.Claimed["ed25519"] = k.SigningKey
	}
	if d.Chains == nil {
		d.Chains = []string{}
	}
	return d
}

// roomKey checks the parts that can be checked here; whether the key is the
// session's is looked at where it is taken in.
func (d *sessionData) roomKey() (crypto.RoomKey, error) {
	if d.Algorithm != id.AlgorithmMegolmV1 || d.RoomID == "" || d.SessionID == "" || d.SenderKey == "" {
		return crypto.RoomKey{}, errOther
	}
	return crypto.RoomKey{
		Room: d.RoomID, Session: d.SessionID, SenderKey: d.SenderKey, SigningKey: d.Claimed["ed25519"],
		Key: chat.Secret(d.SessionKey), Chains: d.Chains, SharedHistory: d.Shared || d.SharedUnstable,
	}, nil
}

// seal encrypts a room key for the backup.
func (k *keyPair) seal(key *crypto.RoomKey) (mautrix.ReqKeyBackupData, error) {
	sealed, err := mbackup.EncryptSessionDataWithPubkey(k.private.PublicKey(), dataOf(key))
	if err != nil {
		return mautrix.ReqKeyBackupData{}, fmt.Errorf("encrypt room key: %w", err)
	}
	raw, err := json.Marshal(sealed)
	if err != nil {
		return mautrix.ReqKeyBackupData{}, fmt.Errorf("encrypt room key: %w", err)
	}
	return mautrix.ReqKeyBackupData{FirstMessageIndex: int(key.Index), ForwardedCount: len(key.Chains), SessionData: raw}, nil
}

// sealedKey is what the backup gives for one session.
type sealedKey struct {
	Data mbackup.EncryptedSessionData[sessionData] `json:"session_data"`
}

// open decrypts what the backup gave for a session. Everything in it comes
// from whoever could write to the backup.
func (k *keyPair) open(room chat.RoomID, session string, raw []byte) (key crypto.RoomKey, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: the crypto library gave up", errOther)
		}
	}()
	var sealed sealedKey
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return key, fmt.Errorf("%w: %w", errOther, err)
	}
	if sealed.Data.Ephemeral.PublicKey == nil {
		return key, errOther
	}
	data, err := sealed.Data.Decrypt(k.private)
	if err != nil {
		return key, fmt.Errorf("decrypt room key: %w", err)
	}
	if (data.RoomID != "" && data.RoomID != room) || (data.SessionID != "" && data.SessionID != session) {
		return key, errOther
	}
	data.RoomID, data.SessionID = room, session
	return data.roomKey()
}
