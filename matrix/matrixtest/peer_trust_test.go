package matrixtest

import (
	"slices"
	"strings"
	"testing"
)

// onEach runs a test of the peer on both homeservers.
func onEach(t *testing.T, run func(*testing.T, *Homeserver)) {
	for name, hs := range map[string]*Homeserver{"synapse": Synapse(t), "dendrite": Dendrite(t)} {
		t.Run(name, func(t *testing.T) { run(t, hs) })
	}
}

// own is what a device that is part of its account's identity thinks of its own kind.
var own = PeerDeviceTrust{Known: true, SignedByOwner: true, Verified: true}

func TestPeerRecoversEverythingFromItsRecoveryKey(t *testing.T) {
	onEach(t, func(t *testing.T, hs *Homeserver) {
		account, kept := hs.NewAccount(t, "ada"), t.TempDir()
		ada := StartPeerIn(t, hs, account, kept)
		key := ada.SetUpTrust()
		if s := ada.CrossSigning(); !s.Ready || !s.InSecretStorage || !s.StorageReady || !s.UserSigning || s.StorageKeyID == "" {
			t.Fatalf("after setting up: %+v", s)
		}
		ada.WaitUserTrust(ada.UserID, PeerUserTrust{Known: true, Verified: true, WasVerified: true})
		ada.WaitDeviceTrust(ada.UserID, ada.DeviceID, own)
		room := ada.CreateRoom("harbour", true)
		old := ada.SendText(room, "before the second device")
		ada.WaitBackedUp(1)
		backup := ada.CheckBackup()
		if backup.Version == "" || backup.Active != backup.Version || !backup.Trusted || !backup.MatchesKey || backup.OnServer != 1 {
			t.Fatalf("backup %+v", backup)
		}

		second := ada.NewDevice(t)
		if trust := second.DeviceTrust(ada.UserID, second.DeviceID); trust.SignedByOwner {
			t.Fatalf("a new device is signed before anything was unlocked: %+v", trust)
		}
		for _, wrong := range []string{"not the key", "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"} {
			if _, err := second.Try("unlockSecrets", map[string]any{"secret": wrong}); err == nil {
				t.Fatalf("secret storage opens with %q", wrong)
			}
		}
		second.UnlockSecrets(key)
		ada.WaitDeviceTrust(ada.UserID, second.DeviceID, own)
		if s := second.CrossSigning(); !s.Ready || !s.Master || !s.SelfSigning || !s.UserSigning {
			t.Fatalf("after unlocking: %+v", s)
		}
		if got := second.RestoreBackup(); got != (PeerImport{Total: 1, Imported: 1}) {
			t.Fatalf("restored %+v, want 1 of 1", got)
		}
		second.WaitEvent(room, old)
		if second.Secret("m.megolm_backup.v1") == "" || second.IdentityKeys(ada.UserID) != ada.IdentityKeys(ada.UserID) {
			t.Fatal("the two devices have different secrets")
		}

		// A restart keeps it all; the backup's own key opens the backup, and only it.
		ada.Stop()
		ada = StartPeerIn(t, hs, account, kept)
		if s := ada.CrossSigning(); !s.Ready || !s.StorageReady || ada.Secret("m.cross_signing.master") == "" {
			t.Fatalf("after a restart: %+v", s)
		}
		third := ada.NewDevice(t)
		if got := third.RestoreBackupWith(backup.RecoveryKey); got.Imported != 1 {
			t.Fatalf("restored %+v with the backup's own key", got)
		}
		if _, err := third.Try("restoreBackup", map[string]any{"recoveryKey": key}); err == nil {
			t.Fatal("the recovery key of secret storage opens the backup")
		}

		if again := ada.CreateBackup(); again == backup.Version {
			t.Fatalf("the new backup has the version %s of the old", again)
		}
		ada.WaitBackedUp(1)
		ada.DeleteBackup()
		if b := ada.CheckBackup(); b.Active != "" || b.Version == backup.Version {
			t.Fatalf("after the deletion: %+v", b)
		}
		ada.DeleteDevice(third.DeviceID, account.Password)
		if ids := ada.Devices(); len(ids) != 2 || slices.ContainsFunc(ids, func(d PeerDevice) bool { return d.DeviceID == third.DeviceID }) {
			t.Fatalf("devices %v after deleting %s", ids, third.DeviceID)
		}
		ada.DisableKeyStorage()
		if s := ada.CrossSigning(); s.InSecretStorage || s.StorageKeyID != "" || !s.Ready {
			t.Fatalf("without secret storage: %+v", s)
		}
	})
}

func TestPeerSecretStorageWithPassphraseAndGivenKey(t *testing.T) {
	hs := Synapse(t)
	account := hs.NewAccount(t, "ada")
	ada := StartPeer(t, hs, account)
	ada.BootstrapCrossSigning(account.Password)
	key := ada.BootstrapSecretStorage("a light on the pier")
	ada.NewDevice(t).UnlockSecrets("a light on the pier")
	ada.NewDevice(t).UnlockSecrets(key)
	if again := ada.BootstrapSecretStorage(key); again != key {
		t.Fatalf("given %s the recovery key is %s", key, again)
	}
	if _, err := ada.NewDevice(t).Try("unlockSecrets", map[string]any{"secret": "a light on the pier"}); err == nil {
		t.Fatal("the old passphrase opens the new secret storage")
	}
}

func TestPeerNoticesANewIdentity(t *testing.T) {
	onEach(t, func(t *testing.T, hs *Homeserver) {
		adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
		ada, bo := StartPeer(t, hs, adaAccount), StartPeer(t, hs, boAccount)
		ada.SetUpTrust()
		bo.SetUpTrust()
		room := ada.CreateRoom("harbour", true, bo.UserID)
		bo.Join(room)
		ada.WaitMember(room, bo.UserID, "join")
		ada.WaitIdentity(bo.UserID)
		bo.WaitIdentity(ada.UserID)
		bo.WaitEncrypted(room)
		first := bo.SendText(room, "unverified, signed")
		ada.WaitEvent(room, first)
		ada.WaitShield(room, first, PeerShield{Encrypted: true, Colour: "none"})

		verify(t, ada.RequestRoomVerification(room, bo.UserID), bo.WaitRoomVerification(room, ada.UserID))
		ada.WaitUserTrust(bo.UserID, PeerUserTrust{Known: true, Verified: true, WasVerified: true})
		bo.WaitUserTrust(ada.UserID, PeerUserTrust{Known: true, Verified: true, WasVerified: true})
		ada.WaitDeviceTrust(bo.UserID, bo.DeviceID, own)

		before := bo.IdentityKeys(bo.UserID)
		bo.ResetIdentity(boAccount.Password)
		if after := bo.IdentityKeys(bo.UserID); after.Master == before.Master || after.Master == "" {
			t.Fatalf("keys %+v after a reset, %+v before", after, before)
		}
		ada.WaitUserTrust(bo.UserID, PeerUserTrust{Known: true, WasVerified: true, NeedsApproval: true})
		bo.Rotate(room) // the old key keeps the trust that it came with
		second := bo.SendText(room, "after the reset")
		ada.WaitEvent(room, second)
		ada.WaitShield(room, second, PeerShield{Encrypted: true, Colour: "red", Reason: "VERIFICATION_VIOLATION"})
		ada.Isolate(AllDevicesStrict)
		if _, err := ada.Try("send", map[string]any{"roomId": room, "type": "m.room.message", "content": map[string]any{"body": "x"}}); err == nil {
			t.Fatal("a message goes to a verified user's new identity")
		}
		ada.WithdrawVerification(bo.UserID)
		ada.WaitUserTrust(bo.UserID, PeerUserTrust{Known: true})
		bo.RenewCrossSigning(boAccount.Password)
		ada.WaitUserTrust(bo.UserID, PeerUserTrust{Known: true, NeedsApproval: true})
		ada.PinIdentity(bo.UserID)
		ada.WaitUserTrust(bo.UserID, PeerUserTrust{Known: true})
		ada.Rotate(room) // what matrix-js-sdk sends with the session of the refused message, it cannot read itself
		ada.SendText(room, "so be it")

		// A device that its owner has not signed.
		eve := bo.NewDevice(t)
		ada.WaitDevice(eve.UserID, eve.DeviceID)
		eve.WaitEncrypted(room)
		unsigned := eve.SendText(room, "who am I?")
		ada.WaitEvent(room, unsigned)
		ada.WaitShield(room, unsigned, PeerShield{Encrypted: true, Colour: "red", Reason: "UNSIGNED_DEVICE"})
		ada.Isolate(OnlySignedDevices)
		hidden := eve.SendText(room, "can you hear me?")
		ada.WaitShield(room, hidden, PeerShield{Encrypted: true, Failure: "UNSIGNED_SENDER_DEVICE"})
		withheld := ada.SendText(room, "not for you")
		if m := eve.WaitFailure(room, withheld); !strings.Contains(m.Failure, "WITHHELD") {
			t.Fatalf("the unsigned device sees %+v", m)
		}
		if got := ada.Shield(room, withheld); got != (PeerShield{Encrypted: true, Colour: "none"}) {
			t.Fatalf("own message has the shield %+v", got)
		}
	})
}

func TestPeerKeyFileAndToDevice(t *testing.T) {
	hs := Synapse(t)
	ada := StartPeer(t, hs, hs.NewAccount(t, "ada"))
	bo := StartPeer(t, hs, hs.NewAccount(t, "bo"))
	room := ada.CreateRoom("harbour", true)
	id := ada.SendText(room, "kept in a file")
	text := ada.ExportRoomKeysFile("ahoy")
	if !strings.HasPrefix(text, "-----BEGIN MEGOLM SESSION DATA-----\n") {
		t.Fatalf("the file begins with %.60q", text)
	}
	second := ada.NewDevice(t)
	if _, err := second.Try("importKeyFile", map[string]any{"text": text, "passphrase": "ahoi"}); err == nil {
		t.Fatal("the file opens with another passphrase")
	}
	if got := second.ImportRoomKeysFile(text, "ahoy"); got != (PeerImport{Total: 1, Imported: 1}) {
		t.Fatalf("imported %+v", got)
	}
	second.WaitEvent(room, id)
	if keys := second.RoomKeys(room); len(keys) != 1 || keys[0].SessionID != ada.RoomKeys("")[0].SessionID {
		t.Fatalf("keys %+v", keys)
	}

	bo.QueryKeys(ada.UserID)
	bo.SendToDevice(ada.UserID, ada.DeviceID, "org.example.clear", map[string]any{"n": 1})
	if m := ada.WaitToDevice("org.example.clear"); m.Encrypted || m.Sender != bo.UserID || string(m.Content) != `{"n":1}` {
		t.Fatalf("arrived as %+v", m)
	}
	bo.SendToDeviceEncrypted(ada.UserID, ada.DeviceID, "org.example.closed", map[string]any{"n": 2})
	if m := ada.WaitToDevice("org.example.closed"); !m.Encrypted || m.SenderDevice != bo.DeviceID || m.SenderVerified {
		t.Fatalf("arrived as %+v", m)
	}
}

func TestPeerSharesHistoryWithWhomItInvites(t *testing.T) {
	hs := Synapse(t)
	ada, bo := StartPeer(t, hs, hs.NewAccount(t, "ada")), StartPeer(t, hs, hs.NewAccount(t, "bo"))
	ada.SetUpTrust()
	bo.SetUpTrust()
	room := ada.CreateRoom("harbour", true)
	id := ada.SendText(room, "before you came")
	ada.Invite(room, bo.UserID)
	bo.WaitInvite(room)
	bo.Join(room)
	bo.WaitEvent(room, id)
	if keys := bo.RoomKeys(room); len(keys) != 1 || !keys[0].SharedHistory {
		t.Fatalf("keys %+v", keys)
	}
}
