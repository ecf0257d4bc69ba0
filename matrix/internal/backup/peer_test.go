package backup

import (
	"encoding/base64"
	"strings"
	"testing"

	"maunium.net/go/mautrix/crypto/utils"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// TestBackupOfMatrixJSSDKIsUsed: matrix-js-sdk makes the backup; what was said before this session came becomes
// readable by itself, and what this session gets goes there.
func TestBackupOfMatrixJSSDKIsUsed(t *testing.T) {
	for name, hs := range map[string]*matrixtest.Homeserver{"synapse": matrixtest.Synapse(t), "dendrite": matrixtest.Dendrite(t)} {
		t.Run(name, func(t *testing.T) { backupOfPeer(t, hs) })
	}
}

func backupOfPeer(t *testing.T, hs *matrixtest.Homeserver) {
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	room := peer.CreateRoom("harbour", true)
	peer.WaitEncrypted(room)
	peer.SendText(room, "before you came")
	peer.WaitBackedUp(1)

	d := newDevice(t, hs.Login(t, account))
	d.backUp()
	d.wait("a backup without its key", func(s chat.Backup) bool { return s.State == chat.BackupNoKey })
	d.Rewind()
	events := d.Take().Encrypted(room)
	if len(events) != 1 || d.Read(room, events[0]) != "!" {
		t.Fatalf("%d events, the first should not be readable", len(events))
	}
	d.use(chat.Secret(peer.Secret("m.megolm_backup.v1")))
	session := matrixtest.MegolmSession(events[0])
	matrixtest.Wait(t, waitLimit, "the key from the backup", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.keys) > 0 && d.keys[0] == session
	})
	if got := d.Read(room, events[0]); got != "before you came" {
		t.Fatalf("read %q", got)
	}
	d.wait("everything saved", full(1))

	peer.WaitDevice(d.UserID, d.DeviceID)
	d.Say(room, "from hubbub")
	d.wait("the new key saved", full(2))
	if n := onServer(d.Client).Count; n != 2 {
		t.Errorf("the homeserver has %d keys", n)
	}
	late := peer.NewDevice(t)
	if got := late.RestoreBackupWith(recoveryKey(t, chat.Secret(peer.Secret("m.megolm_backup.v1")))); got.Imported != 2 {
		t.Errorf("another peer restored %+v", got)
	}
	late.WaitMessage(room, "from hubbub")
	if n, err := d.b.Restore(t.Context()); err != nil || n != 2 {
		t.Errorf("restored %d, %v", n, err)
	}
}

// recoveryKey writes a backup's key the way people type one.
func recoveryKey(t *testing.T, key chat.Secret) string {
	t.Helper()
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(key), "="))
	if err != nil {
		t.Fatal(err)
	}
	return utils.EncodeBase58RecoveryKey(raw)
}

// TestMatrixJSSDKUsesOurBackup: a backup made here, signed with an identity that the peer has, is trusted and read there.
func TestMatrixJSSDKUsesOurBackup(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	peer.DeleteBackup()
	d := newDevice(t, hs.Login(t, account))
	d.trust(peer, true)
	d.backUp()
	room := d.CreateEncryptedRoom("")
	key := d.create()
	d.Say(room, "only in the backup")
	d.wait("the key saved", full(1))

	if b := peer.CheckBackup(); b.Version != d.b.Status().Version || !b.Trusted {
		t.Errorf("the peer sees %+v", b)
	}
	late := peer.NewDevice(t)
	if got := late.RestoreBackupWith(recoveryKey(t, key)); got.Imported != 1 {
		t.Errorf("the peer restored %+v", got)
	}
	late.WaitMessage(room, "only in the backup")
	if b := late.CheckBackup(); !b.MatchesKey {
		t.Errorf("the peer's key: %+v", b)
	}

	// The peer makes another one: it is not ours any more, but the account's.
	later := peer.CreateBackup()
	d.b.Recheck()
	d.wait("the peer's backup", func(s chat.Backup) bool { return s.State == chat.BackupNoKey && s.Version == later })
	d.Say(room, "kept for later")
	d.use(chat.Secret(peer.Secret("m.megolm_backup.v1")))
	d.wait("all in the new one", func(s chat.Backup) bool { return on(s) && s.Version == later && s.Saved == s.Total && s.Total > 0 })
}

// trust has the device trust the identity that a peer made, and with private have its keys.
func (d *device) trust(peer *matrixtest.Peer, private bool) {
	d.T.Helper()
	ctx, me := d.T.Context(), chat.UserID(d.UserID)
	if err := d.Machine.Refresh(ctx, me); err != nil {
		d.T.Fatal(err)
	}
	keys, err := d.Machine.KeysOf(ctx, me)
	if err != nil {
		d.T.Fatal(err)
	}
	if err := d.Machine.TrustOwnMaster(ctx, keys.Master); err != nil {
		d.T.Fatal(err)
	}
	for _, name := range []string{"m.cross_signing.master", "m.cross_signing.self_signing", "m.cross_signing.user_signing"} {
		if !private {
			break
		}
		if err := d.Machine.PutSecret(ctx, name, chat.Secret(peer.Secret(name))); err != nil {
			d.T.Fatal(err)
		}
	}
}

func TestFilesOfKeysBothWays(t *testing.T) {
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	peer := matrixtest.StartPeer(t, hs, account)
	room := peer.CreateRoom("harbour", true)
	peer.WaitEncrypted(room)
	peer.SendText(room, "in the file")
	d := newDevice(t, hs.Login(t, account))
	d.Rewind()
	events := d.Take().Encrypted(room)
	imported, total, err := d.b.Import(t.Context(), []byte(peer.ExportRoomKeysFile("a light on the pier")), "a light on the pier")
	if err != nil || imported != 1 || total != 1 {
		t.Fatalf("imported %d of %d: %v", imported, total, err)
	}
	if got := d.Read(room, events[0]); got != "in the file" {
		t.Errorf("read %q", got)
	}

	ours := someKeys(t, 3)
	ours[1].SharedHistory = true
	d.hold(ours)
	file, err := d.b.export(t.Context(), "pässword ✓", testRounds)
	if err != nil {
		t.Fatal(err)
	}
	late := peer.NewDevice(t)
	if got := late.ImportRoomKeysFile(string(file), "pässword ✓"); got.Imported != 4 || got.Total != 4 {
		t.Fatalf("the peer imported %+v", got)
	}
	late.WaitMessage(room, "in the file")
	for _, k := range late.RoomKeys(string(ours[1].Room)) {
		if k.SharedHistory != (k.SessionID == ours[1].Session) {
			t.Errorf("shared history is lost: %+v", k)
		}
	}
	if _, err := late.Try("importKeyFile", map[string]any{"text": string(file), "passphrase": "another"}); err == nil {
		t.Error("the peer opens it with another passphrase")
	}
}

// TestBackupIsSignedOnceTheIdentityIsHere: a backup that was made before the identity's keys came here gets its signature,
// beside the one that it had; other sessions can tell by it whose it is.
func TestBackupIsSignedOnceTheIdentityIsHere(t *testing.T) {
	proxy, d, hs, account := behind(t)
	peer := matrixtest.StartPeer(t, hs, account)
	peer.SetUpTrust()
	peer.DeleteBackup()
	d.create()
	d.backUp()
	if b := peer.CheckBackup(); b.Trusted {
		t.Fatalf("the peer trusts it already: %+v", b)
	}
	lost := proxy.On(matrixtest.Match{Method: "PUT", Path: api + "/version/*"}, matrixtest.Status(200, "{}"))
	d.trust(peer, true)
	d.b.Recheck()
	lost.Wait(t, 1)
	lost.Off()
	d.b.Recheck()
	matrixtest.Wait(t, waitLimit, "the signature", func() bool {
		info := onServer(d.Client)
		s, err := d.Machine.BackupSigners(t.Context(), info.Auth)
		return err == nil && s.Master && s.Session
	})
	if b := peer.CheckBackup(); !b.Trusted || b.Version != d.b.Status().Version {
		t.Errorf("the peer sees %+v", b)
	}
}

func TestFlush(t *testing.T) {
	proxy, d, _, _ := behind(t)
	if err := d.b.Flush(t.Context()); err != nil {
		t.Errorf("without a backup: %v", err)
	}
	d.create()
	d.hold(someKeys(t, 30))
	broken := proxy.On(uploads, matrixtest.DropBefore())
	if err := d.b.Flush(t.Context()); kindOf(err) != chat.ProblemOffline {
		t.Errorf("without a homeserver: %v", err)
	}
	broken.Off()
	if err := d.b.Flush(t.Context()); err != nil || onServer(d.Client).Count != 30 {
		t.Errorf("%v, %d keys", err, onServer(d.Client).Count)
	}
}
