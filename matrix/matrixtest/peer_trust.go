package matrixtest

// PeerCrossSigning is what a peer has of its own account's identity.
type PeerCrossSigning struct {
	Ready           bool   `json:"ready"`           // the identity is verified and its private keys can be had
	PublicKeys      bool   `json:"publicKeys"`      // known here
	InSecretStorage bool   `json:"inSecretStorage"` // all three private keys are there
	Master          bool   `json:"masterKey"`       // the private key is on this device
	SelfSigning     bool   `json:"selfSigningKey"`
	UserSigning     bool   `json:"userSigningKey"`
	StorageReady    bool   `json:"storageReady"` // secret storage has all that belongs there, the backup's key included
	StorageKeyID    string `json:"storageKeyId"` // the default key
}

// PeerIdentityKeys are the public cross-signing keys of a user, in base64; empty if they are not known.
type PeerIdentityKeys struct {
	Master      string `json:"master"`
	SelfSigning string `json:"selfSigning"`
	UserSigning string `json:"userSigning"` // of the own user only
}

// PeerUserTrust is what a peer thinks of a user.
type PeerUserTrust struct {
	Known         bool `json:"known"`         // the user has an identity
	Verified      bool `json:"verified"`      // by the peer's identity
	WasVerified   bool `json:"wasVerified"`   // now or at some time, with this identity or one before it
	NeedsApproval bool `json:"needsApproval"` // the identity is not the one that the peer saw first or pinned
}

// PeerDeviceTrust is what a peer thinks of a device.
type PeerDeviceTrust struct {
	Known         bool `json:"known"`
	SignedByOwner bool `json:"signedByOwner"` // by the owner's identity, whatever that is worth
	Verified      bool `json:"verified"`      // signed by an identity that the peer has verified
	LocalVerified bool `json:"localVerified"` // marked on the peer only: by hand, or by itself for its own device
}

// BootstrapCrossSigning makes the account's identity and signs the peer's device, if there is none that it could use.
func (p *Peer) BootstrapCrossSigning(password string) {
	p.t.Helper()
	p.Command("bootstrapCrossSigning", map[string]any{"password": password}, nil)
}

// RenewCrossSigning replaces the identity by a new one, leaving secret storage (but for the keys in it) and backup.
func (p *Peer) RenewCrossSigning(password string) {
	p.t.Helper()
	p.Command("bootstrapCrossSigning", map[string]any{"password": password, "renew": true}, nil)
}

// BootstrapSecretStorage makes a new secret storage, puts the identity's private keys there, and the backup's if there
// is one. The secret is a recovery key or a passphrase; with "" the recovery key is random. It returns the recovery key.
func (p *Peer) BootstrapSecretStorage(secret string) (recoveryKey string) {
	p.t.Helper()
	var made struct{ RecoveryKey string }
	p.Command("bootstrapSecretStorage", map[string]any{"secret": secret}, &made)
	return made.RecoveryKey
}

// SetUpTrust gives the peer's account all that a person who has set up encryption has: an identity, secret storage with a
// random recovery key, which it returns, and a key backup.
func (p *Peer) SetUpTrust() (recoveryKey string) {
	p.t.Helper()
	p.BootstrapCrossSigning(p.account.Password)
	var made struct{ RecoveryKey string }
	p.Command("bootstrapSecretStorage", map[string]any{"newBackup": true}, &made)
	p.CheckBackup()
	return made.RecoveryKey
}

// UnlockSecrets opens secret storage with a recovery key or passphrase: the peer takes the identity's keys from it, signs
// its device, and begins to use the backup if its key is there. (Nothing is restored by this alone.) The command of
// the same name in lower case says with [Peer.Try] why a wrong secret is refused: {"secret": …}.
func (p *Peer) UnlockSecrets(secret string) {
	p.t.Helper()
	p.Command("unlockSecrets", map[string]any{"secret": secret}, nil)
}

// ResetIdentity does what a person does who has lost everything: all backups and the secret storage are deleted, a new
// identity and a new backup made. [Peer.BootstrapSecretStorage] completes it.
func (p *Peer) ResetIdentity(password string) {
	p.t.Helper()
	p.Command("resetIdentity", map[string]any{"password": password}, nil)
}

// CrossSigning tells what the peer has of its own identity.
func (p *Peer) CrossSigning() PeerCrossSigning {
	p.t.Helper()
	var status PeerCrossSigning
	p.Command("crossSigning", nil, &status)
	return status
}

// WaitSecrets waits until the peer has the private keys of its identity and, if there is a backup, of that: from another
// device, after it was verified.
func (p *Peer) WaitSecrets() {
	p.t.Helper()
	p.Command("waitSecrets", nil, nil)
}

// IdentityKeys gives a user's public keys as the peer knows them.
func (p *Peer) IdentityKeys(userID string) PeerIdentityKeys {
	p.t.Helper()
	var keys PeerIdentityKeys
	p.Command("identityKeys", map[string]any{"userId": userID}, &keys)
	return keys
}

// Secret reads from secret storage, which must have been made or unlocked by this peer: "m.megolm_backup.v1" …
func (p *Peer) Secret(name string) string {
	p.t.Helper()
	var found struct{ Secret string }
	p.Command("secret", map[string]any{"name": name}, &found)
	return found.Secret
}

// QueryKeys asks the homeserver now for a user's devices and identity.
func (p *Peer) QueryKeys(userID string) {
	p.t.Helper()
	p.Command("queryKeys", map[string]any{"userId": userID}, nil)
}

// WaitIdentity waits until the peer knows an identity of a user.
func (p *Peer) WaitIdentity(userID string) {
	p.t.Helper()
	p.Command("waitIdentity", map[string]any{"userId": userID}, nil)
}

// UserTrust tells what the peer thinks of a user, itself included.
func (p *Peer) UserTrust(userID string) PeerUserTrust {
	p.t.Helper()
	return p.userTrust(userID, nil)
}

// WaitUserTrust waits until the peer thinks exactly this of a user.
func (p *Peer) WaitUserTrust(userID string, want PeerUserTrust) {
	p.t.Helper()
	p.userTrust(userID, want)
}

func (p *Peer) userTrust(userID string, want any) PeerUserTrust {
	p.t.Helper()
	var trust PeerUserTrust
	p.Command("userTrust", map[string]any{"userId": userID, "want": want}, &trust)
	return trust
}

// DeviceTrust tells what the peer thinks of a device, its own included.
func (p *Peer) DeviceTrust(userID, deviceID string) PeerDeviceTrust {
	p.t.Helper()
	return p.deviceTrust(userID, deviceID, nil)
}

// WaitDeviceTrust waits until the peer thinks this of a device; LocalVerified does not count.
func (p *Peer) WaitDeviceTrust(userID, deviceID string, want PeerDeviceTrust) {
	p.t.Helper()
	p.deviceTrust(userID, deviceID, map[string]bool{
		"known": want.Known, "signedByOwner": want.SignedByOwner, "verified": want.Verified,
	})
}

func (p *Peer) deviceTrust(userID, deviceID string, want any) PeerDeviceTrust {
	p.t.Helper()
	var trust PeerDeviceTrust
	p.Command("deviceTrust", map[string]any{"userId": userID, "deviceId": deviceID, "want": want}, &trust)
	return trust
}

// PinIdentity accepts a user's present identity without verifying it.
func (p *Peer) PinIdentity(userID string) {
	p.t.Helper()
	p.Command("pinIdentity", map[string]any{"userId": userID}, nil)
}

// WithdrawVerification no longer asks that a user be verified who was so before, and accepts their present identity.
func (p *Peer) WithdrawVerification(userID string) {
	p.t.Helper()
	p.Command("withdrawVerification", map[string]any{"userId": userID}, nil)
}
