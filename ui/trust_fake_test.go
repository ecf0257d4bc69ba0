package ui

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hubbub/store/chat"
)

// vault is an account's identity, recovery and verifications in memory. It
// checks what it is given and records only that it was given, as the log would.
type vault struct {
	Trust
	world      *world
	now        chat.Trust
	key        chat.Secret // what opens the recovery
	made       chat.Secret // the next recovery key
	password   chat.Secret // what the homeserver asks for, "" for nothing
	page       string      // or where one confirms
	confirmed  bool
	fail       error // of the next query
	file       []byte
	phrase     chat.Secret
	restored   int
	verify     int
	takenCode  []byte
	passphrase chat.Secret
}

func (v *vault) trouble() error {
	err := v.fail
	v.fail = nil
	return err
}

func (v *vault) SetUp(_ context.Context, want chat.SetUp) (chat.Secret, error) {
	v.world.call("set up reset=%v passphrase=%v", want.Reset, want.Passphrase != "")
	if err := v.trouble(); err != nil {
		return "", err
	}
	if v.now.Identity != chat.IdentityNone && v.now.Identity != chat.IdentityOwn && !want.Reset {
		return "", &chat.Problem{Kind: chat.ProblemExists}
	}
	if err := v.authorise(want.Auth); err != nil {
		return "", err
	}
	v.passphrase = want.Passphrase
	return v.made, nil
}

// authorise asks as a homeserver does.
func (v *vault) authorise(a chat.Auth) error {
	need := &chat.AuthNeeded{Session: "uia1"}
	switch {
	case v.password != "" && a.Password != v.password:
		need.Password, need.Wrong = true, a.Password != ""
	case v.page != "" && (!a.Done || !v.confirmed):
		need.URL = v.page
	default:
		return nil
	}
	return &chat.Problem{Kind: chat.ProblemAuth, Auth: need}
}

func (v *vault) Recover(_ context.Context, s chat.Secret) error {
	v.world.call("recover")
	if err := v.trouble(); err != nil {
		return err
	}
	if s != v.key {
		return &chat.Problem{Kind: chat.ProblemSecret}
	}
	return nil
}

func (v *vault) NewRecoveryKey(_ context.Context, p chat.Secret) (chat.Secret, error) {
	v.world.call("new key passphrase=%v", p != "")
	v.passphrase = p
	return v.made, v.trouble()
}

func (v *vault) LockSecrets(context.Context) error { v.world.call("lock"); return v.trouble() }

func (v *vault) RestoreBackup(context.Context) (int, error) {
	v.world.call("restore")
	return v.restored, v.trouble()
}

func (v *vault) ResetBackup(context.Context) error { v.world.call("reset backup"); return v.trouble() }

func (v *vault) ExportKeys(_ context.Context, p chat.Secret) ([]byte, error) {
	v.phrase = p
	return v.file, v.trouble()
}

func (v *vault) ImportKeys(_ context.Context, file []byte, p chat.Secret) (imported, total int, err error) {
	switch {
	case string(file) != string(v.file):
		return 0, 0, &chat.Problem{Kind: chat.ProblemFile}
	case p != v.phrase:
		return 0, 0, &chat.Problem{Kind: chat.ProblemSecret}
	}
	return 3, 5, nil
}

func (v *vault) Verify(user chat.UserID, device chat.DeviceID) string {
	v.verify++
	v.world.call("verify %s %q", user, device)
	return fmt.Sprintf("v%d", v.verify)
}
func (v *vault) AcceptVerification(id string)  { v.world.call("accept %s", id) }
func (v *vault) CompareEmoji(id string)        { v.world.call("emoji %s", id) }
func (v *vault) ConfirmVerification(id string) { v.world.call("confirm %s", id) }
func (v *vault) DenyVerification(id string)    { v.world.call("deny %s", id) }
func (v *vault) CancelVerification(id string)  { v.world.call("cancel %s", id) }
func (v *vault) TakeCode(id string, code []byte) {
	v.takenCode = code
	v.world.call("take %s", id)
}

// vaulted names the interface's method, which the field's name hides.
type vaulted struct{ *vault }

// Trust implements Trust.
func (v vaulted) Trust(context.Context) (chat.Trust, error) { return v.now, nil }

// RoomLock is not asked about here.
func (v vaulted) Lock(context.Context, chat.RoomID) (chat.RoomLock, error) {
	return chat.RoomLock{}, &chat.Problem{Kind: chat.ProblemNotFound}
}

func newVault(t chat.Trust) *vault {
	return &vault{
		world: harbour(), now: t, key: "EsTj 3yST y93F SLpB jJsz eAXc 2XzA ygD3 w69H fGaN TKBj jXEd",
		made: "EsTU 6YKP a1Kx 9dQm vR2t nN8w Yc4H pL7s Jb3F gZ5e Ht1D kW6u", restored: 12345, file: []byte("keys"),
	}
}

// keep sits down before an account whose trust is in a vault.
func keep(t testing.TB, v *vault, width, height int) *seat {
	t.Helper()
	s := sit(t, v.world, width, height, func(o *Options) { o.Backend.Trust = vaulted{v} })
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	s.pass(2 * time.Second) // what opens by itself waits for quiet
	return s
}

// trust brings news of the account's trust.
func (s *seat) trust(v *vault, change func(*chat.Trust)) {
	s.t.Helper()
	change(&v.now)
	t := v.now
	s.Send(feedMsg{changes: chat.ChangeSet{Trust: &t}})
}

// verifying brings news of verifications.
func (s *seat) verifying(all ...chat.Verification) {
	s.t.Helper()
	s.Send(feedMsg{changes: chat.ChangeSet{Verifications: all}})
}

// quiet lets the time pass in which a page that opened by itself takes no keys.
func (s *seat) quiet() { s.pass(2 * time.Second) }

// sure answers a question about what cannot be taken back.
func (s *seat) sure() {
	s.t.Helper()
	s.quiet()
	s.Key("y")
}

func foreign() chat.Trust {
	return chat.Trust{Identity: chat.IdentityForeign, MasterKey: "master", Recovery: chat.RecoveryReady, CanVerify: 1, Backup: chat.Backup{State: chat.BackupNoKey}}
}

func complete() chat.Trust {
	return chat.Trust{
		Identity: chat.IdentityOwn, MasterKey: "master", PrivateKeys: true, Recovery: chat.RecoveryReady,
		Backup: chat.Backup{State: chat.BackupOn, Saved: 1204, Total: 1204},
	}
}

// sas is what both sides compare.
func sas() ([]chat.Emoji, [3]int) {
	return []chat.Emoji{
		{Symbol: "🐶", Name: "Dog"},
		{Symbol: "🍓", Name: "Strawberry"},
		{Symbol: "❤️", Name: "Heart"},
		{Symbol: "☎️", Name: "Telephone"},
		{Symbol: "🎧", Name: "Headphones"},
		{Symbol: "🦋", Name: "Butterfly"},
		{Symbol: "⌛", Name: "Hourglass"},
	}, [3]int{4512, 8831, 1209}
}
