package matrixtest

// keyFileRounds is how often the peer hashes the passphrase of a key file: few, for speed.
const keyFileRounds = 20_000

// PeerBackup is a peer's view of the key backup.
type PeerBackup struct {
	Version     string `json:"version"` // on the homeserver; "" if there is none
	PublicKey   string `json:"publicKey"`
	OnServer    int    `json:"onServer"`    // keys, as the homeserver counts them
	Trusted     bool   `json:"trusted"`     // signed by a device or identity that the peer trusts
	MatchesKey  bool   `json:"matchesKey"`  // the peer has the private key
	Active      string `json:"active"`      // the version that the peer uploads to; "" if none
	RecoveryKey string `json:"recoveryKey"` // the backup's private key in the form of a recovery key; "" if the peer has none
	Total       int    `json:"total"`       // keys that the peer has
	BackedUp    int    `json:"backedUp"`    // of these
}

// PeerImport counts the keys of an import.
type PeerImport struct {
	Total    int `json:"total"`    // found
	Imported int `json:"imported"` // of these, taken
}

// PeerRoomKey is an inbound Megolm session that a peer has.
type PeerRoomKey struct {
	RoomID        string `json:"roomId"`
	SessionID     string `json:"sessionId"`
	SenderKey     string `json:"senderKey"`
	SharedHistory bool   `json:"sharedHistory"`
}

// CreateBackup makes a new key backup, deleting the one before it, puts its key in secret storage if there is one (it
// must have been made or unlocked by this peer), and begins to upload.
func (p *Peer) CreateBackup() (version string) {
	p.t.Helper()
	var made struct{ Version string }
	p.Command("createBackup", nil, &made)
	return made.Version
}

// CheckBackup looks at the homeserver's present backup anew, begins or ends to upload to it accordingly, and tells what
// there is.
func (p *Peer) CheckBackup() PeerBackup {
	p.t.Helper()
	var backup PeerBackup
	p.Command("backup", nil, &backup)
	return backup
}

// WaitBackedUp waits until the peer has at least so many keys and all are in the backup.
func (p *Peer) WaitBackedUp(atLeast int) {
	p.t.Helper()
	p.Command("waitBackedUp", map[string]any{"atLeast": atLeast}, nil)
}

// RestoreBackup reads the backup with the key from secret storage, which must be unlocked.
func (p *Peer) RestoreBackup() PeerImport {
	p.t.Helper()
	return p.RestoreBackupWith("")
}

// RestoreBackupWith reads the backup with its own recovery key ([PeerBackup] has it).
func (p *Peer) RestoreBackupWith(recoveryKey string) PeerImport {
	p.t.Helper()
	var restored PeerImport
	p.Command("restoreBackup", map[string]any{"recoveryKey": recoveryKey}, &restored)
	return restored
}

// DeleteBackup deletes the homeserver's present backup.
func (p *Peer) DeleteBackup() {
	p.t.Helper()
	p.Command("deleteBackup", nil, nil)
}

// DisableKeyStorage deletes the backup and the secret storage.
func (p *Peer) DisableKeyStorage() {
	p.t.Helper()
	p.Command("disableKeyStorage", nil, nil)
}

// RoomKeys lists the message keys that the peer has, of a room or ("") of all.
func (p *Peer) RoomKeys(roomID string) []PeerRoomKey {
	p.t.Helper()
	var keys []PeerRoomKey
	p.Command("roomKeys", map[string]any{"roomId": roomID}, &keys)
	return keys
}

// ExportRoomKeysFile gives all message keys as the text of an encrypted key file.
// Spec: client-server-api#key-exports
func (p *Peer) ExportRoomKeysFile(passphrase string) (text string) {
	p.t.Helper()
	var file struct{ Text string }
	p.Command("exportKeyFile", map[string]any{"passphrase": passphrase, "rounds": keyFileRounds}, &file)
	return file.Text
}

// ImportRoomKeysFile takes the message keys of an encrypted key file. With [Peer.Try], the command "importKeyFile"
// ({"text", "passphrase"}) says why one is refused.
// Spec: client-server-api#key-exports
func (p *Peer) ImportRoomKeysFile(text, passphrase string) PeerImport {
	p.t.Helper()
	var taken PeerImport
	p.Command("importKeyFile", map[string]any{"text": text, "passphrase": passphrase}, &taken)
	return taken
}
