package crypto

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"testing"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

const (
	maker   = "2Mbq8WkgS4KTZbyMPoAFYmZjRnk4mXhV5Ix2hvG0n1A" // Curve25519 keys of the devices in the tests
	mallory = "Tb4U+VtJhGyBzXDqTDuG4VIoFPJlM0VYfnr3tOJm1ng"
)

// megolmKey is an outbound session that gives its key from any index on.
type megolmKey struct {
	t   testing.TB
	out olm.OutboundGroupSession
	in  olm.InboundGroupSession
}

func newMegolmKey(t testing.TB) megolmKey {
	t.Helper()
	out, err := olm.NewOutboundGroupSession()
	if err != nil {
		t.Fatal(err)
	}
	in, err := olm.NewInboundGroupSession([]byte(out.Key()))
	if err != nil {
		t.Fatal(err)
	}
	return megolmKey{t, out, in}
}

// from gives the key from index on, as a backup or file has it.
func (k megolmKey) from(index uint32) RoomKey {
	k.t.Helper()
	key, err := k.in.Export(index)
	if err != nil {
		k.t.Fatal(err)
	}
	return RoomKey{Room: "!r:x", Session: string(k.out.ID()), SenderKey: maker, Key: chat.Secret(key)}
}

// direct gives the key as its maker sends it.
func (k megolmKey) direct(room id.RoomID, sender id.SenderKey) *mcrypto.InboundGroupSession {
	k.t.Helper()
	sess, err := mcrypto.NewInboundGroupSession(sender, "signing", room, k.out.Key(), 0, 0, nil, false)
	if err != nil {
		k.t.Fatal(err)
	}
	sess.SourceUser = "@maker:x"
	return sess
}

// poison gives a key under the session's id that opens nothing.
func (k megolmKey) poison() RoomKey {
	k.t.Helper()
	other := newMegolmKey(k.t).from(0)
	mine := k.from(0)
	raw, err := decode64(string(other.Key))
	if err != nil {
		k.t.Fatal(err)
	}
	own, err := decode64(string(mine.Key))
	if err != nil {
		k.t.Fatal(err)
	}
	copy(raw[len(raw)-32:], own[len(own)-32:]) // the public key at its end
	mine.Key = chat.Secret(encode64(raw))
	return mine
}

// vault is a machine without a homeserver.
type vault struct {
	t *testing.T
	m *Machine
}

func newVault(t *testing.T) vault {
	m := mustOpen(t, options(t, filepath.Join(t.TempDir(), "crypto.db"), "http://127.0.0.1:1"))
	t.Cleanup(func() { mustClose(t, m) })
	return vault{t, m}
}

func (v vault) take(source chat.KeySource, k RoomKey) Imported {
	v.t.Helper()
	n, err := v.m.ImportRoomKeys(v.t.Context(), Origin{Source: source, Mark: "1 key"}, []RoomKey{k})
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// takeDirect stores a session as if a device had sent it.
func (v vault) takeDirect(sess *mcrypto.InboundGroupSession) error {
	eng, err := v.m.engine(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	return eng.mach.StoreGroupSession(withProbe(v.t.Context(), &probe{from: sess.SourceUser}), sess)
}

// now returns what is stored.
func (v vault) now() RoomKey {
	v.t.Helper()
	var all []RoomKey
	if _, err := v.m.EachRoomKey(v.t.Context(), func(k RoomKey) error { all = append(all, k); return nil }); err != nil || len(all) != 1 {
		v.t.Fatalf("%d sessions: %v", len(all), err)
	}
	return all[0]
}

func TestKeyIsOnlyReplacedByABetterOneOfItsOwn(t *testing.T) {
	t.Run("earlier of the same", func(t *testing.T) {
		v, k := newVault(t), newMegolmKey(t)
		if n := v.take(chat.KeyImported, k.from(5)); n.New != 1 {
			t.Fatal(n)
		}
		if n := v.take(chat.KeyBackup, k.from(7)); n.Kept != 1 || v.now().Index != 5 {
			t.Errorf("a later key: %+v", n)
		}
		if n := v.take(chat.KeyBackup, k.from(2)); n.Better != 1 || v.now().Index != 2 || v.now().Source != chat.KeyBackup {
			t.Errorf("an earlier key: %+v %+v", n, v.now())
		}
	})
	t.Run("false key does not displace a true one", func(t *testing.T) {
		v, k := newVault(t), newMegolmKey(t)
		v.take(chat.KeyBackup, k.from(3))
		if n := v.take(chat.KeyBackup, k.poison()); n.Refused != 1 || v.now().Key != k.from(3).Key {
			t.Errorf("%+v", n)
		}
	})
	t.Run("false key does not keep its maker's out", func(t *testing.T) {
		for name, poison := range map[string]func(k megolmKey) RoomKey{
			"other ratchet": megolmKey.poison,
			"other room":    func(k megolmKey) RoomKey { p := k.poison(); p.Room = "!other:x"; return p },
			"other sender":  func(k megolmKey) RoomKey { p := k.poison(); p.SenderKey = mallory; return p },
		} {
			v, k := newVault(t), newMegolmKey(t)
			if n := v.take(chat.KeyBackup, poison(k)); n.New != 1 {
				t.Fatal(n)
			}
			if err := v.takeDirect(k.direct("!r:x", maker)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if now := v.now(); now.Key != k.from(0).Key || now.Source != chat.KeyDirect || now.Room != "!r:x" || now.SenderKey != maker {
				t.Errorf("%s: %+v", name, now)
			}
		}
	})
	t.Run("maker's own mark stays", func(t *testing.T) {
		v, k := newVault(t), newMegolmKey(t)
		early := k.from(0)
		for range 4 {
			if _, err := k.out.Encrypt([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.takeDirect(k.direct("!r:x", maker)); err != nil || v.now().Index != 4 {
			t.Fatal(err, v.now().Index)
		}
		if n := v.take(chat.KeyBackup, early); n.Better != 1 || v.now().Index != 0 || v.now().Source != chat.KeyDirect {
			t.Errorf("%+v %+v", n, v.now())
		}
		if err := v.takeDirect(k.direct("!r:x", maker)); err != nil || v.now().Index != 0 {
			t.Error("a later key of its maker put back what was there", err)
		}
	})
	t.Run("who was given a session cannot take it away", func(t *testing.T) {
		for name, theft := range map[string]func(k megolmKey) *mcrypto.InboundGroupSession{
			"other room":   func(k megolmKey) *mcrypto.InboundGroupSession { return k.direct("!other:x", maker) },
			"other sender": func(k megolmKey) *mcrypto.InboundGroupSession { return k.direct("!r:x", mallory) },
		} {
			v, k := newVault(t), newMegolmKey(t)
			v.take(chat.KeyBackup, k.from(0))
			if err := v.takeDirect(theft(k)); err == nil {
				t.Errorf("%s: no error", name)
			}
			if now := v.now(); now.Source != chat.KeyBackup || now.Room != "!r:x" || now.SenderKey != maker {
				t.Errorf("%s: %+v", name, now)
			}
		}
	})
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	v, k := newVault(t), newMegolmKey(t)
	good := k.from(0)
	bad := []RoomKey{{}, good, good, good, good, good, good, good}
	bad[1].Session = string(newMegolmKey(t).out.ID())
	bad[2].Room = ""
	bad[3].Key = ""
	bad[4].Key = good.Key[:100]
	bad[5].SenderKey = "nobody"
	bad[6].SigningKey = "nothing"
	bad[7].Key = "####"
	n, err := v.m.ImportRoomKeys(t.Context(), Origin{Source: chat.KeyBackup}, append(bad, good))
	if err != nil || n.Refused != len(bad) || n.New != 1 {
		t.Errorf("%+v %v", n, err)
	}
	if _, err := v.m.ImportRoomKeys(t.Context(), Origin{Source: chat.KeyDirect}, []RoomKey{newMegolmKey(t).from(0)}); err != nil || v.now().Key != good.Key {
		t.Error("an imported key passes for one of its maker")
	}
}

func TestMarksOfSavedKeys(t *testing.T) {
	v := newVault(t)
	ctx := t.Context()
	var keys []RoomKey
	var first megolmKey
	for i := range 25 {
		k := newMegolmKey(t)
		if i == 0 {
			first = k
		}
		keys = append(keys, k.from(3))
	}
	if n, err := v.m.ImportRoomKeys(ctx, Origin{Source: chat.KeyImported}, keys); err != nil || n.New != 25 {
		t.Fatal(n, err)
	}
	seen := map[string]bool{}
	for page := 0; ; page++ {
		part, unreadable, err := v.m.RoomKeysToSave(ctx, "2 b", 10)
		if err != nil || unreadable > 0 {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		if page == 0 { // one gets better between being read and being marked
			for i := range part {
				if part[i].Session == keys[0].Session {
					v.take(chat.KeyImported, first.from(1))
				}
			}
		}
		for i := range part {
			seen[part[i].Session] = true
		}
		if err := v.m.MarkSaved(ctx, "2 b", part); err != nil {
			t.Fatal(err)
		}
		if page > 10 {
			t.Fatal("it does not end")
		}
	}
	if saved, total, err := v.m.CountSaved(ctx, "2 b"); err != nil || saved != 25 || total != 25 || len(seen) != 25 {
		t.Errorf("saved %d of %d, seen %d: %v", saved, total, len(seen), err)
	}
	if part, _, err := v.m.RoomKeysToSave(ctx, "1 a", 100); err != nil || len(part) != 25 {
		t.Errorf("another backup lacks %d: %v", len(part), err)
	}
	if part, _, err := v.m.RoomKeysToSave(ctx, "3 c", 100); err != nil || len(part) != 25 {
		t.Errorf("another backup lacks %d: %v", len(part), err)
	}
	// A key that is the same in the backup needs no upload; a worse one there does.
	k := newMegolmKey(t)
	v.take(chat.KeyBackup, k.from(4)) // carries the mark "1 key"
	if saved, _, err := v.m.CountSaved(ctx, "1 key"); err != nil || saved != 1 {
		t.Error("a key from the backup is not marked as there", err)
	}
	v.take(chat.KeyImported, k.from(2))
	if saved, _, err := v.m.CountSaved(ctx, "1 key"); err != nil || saved != 1 {
		t.Errorf("marked %d %v", saved, err)
	}
	if err := v.m.ForgetSaved(ctx, "2 b"); err != nil {
		t.Fatal(err)
	}
	if saved, _, err := v.m.CountSaved(ctx, "2 b"); err != nil || saved != 0 {
		t.Errorf("still marked: %d %v", saved, err)
	}
}

// TestUnreadableKeyHoldsUpNothing: a session that is damaged on disk is left out, and the rest is handed on.
func TestUnreadableKeyHoldsUpNothing(t *testing.T) {
	v := newVault(t)
	ctx := context.Background()
	keys := []RoomKey{newMegolmKey(t).from(0), newMegolmKey(t).from(0), newMegolmKey(t).from(0)}
	if _, err := v.m.ImportRoomKeys(ctx, Origin{Source: chat.KeyImported}, keys); err != nil {
		t.Fatal(err)
	}
	if _, err := v.m.db.Exec(ctx, `UPDATE crypto_megolm_inbound_session SET session='rubbish' WHERE session_id=$1`, keys[1].Session); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		part, unreadable, err := v.m.RoomKeysToSave(ctx, "1 a", 1)
		if err != nil || len(part) != 1 {
			t.Fatalf("%d keys, %d unreadable: %v", len(part), unreadable, err)
		}
		if err := v.m.MarkSaved(ctx, "1 a", part); err != nil {
			t.Fatal(err)
		}
	}
	if part, unreadable, err := v.m.RoomKeysToSave(ctx, "1 a", 1); err != nil || len(part) != 0 || unreadable != 1 {
		t.Errorf("%d keys, %d unreadable: %v", len(part), unreadable, err)
	}
	n := 0
	if unreadable, err := v.m.EachRoomKey(ctx, func(RoomKey) error { n++; return nil }); err != nil || n != 2 || unreadable != 1 {
		t.Errorf("%d keys, %d unreadable: %v", n, unreadable, err)
	}
	if n := v.take(chat.KeyBackup, keys[1]); n.New != 1 {
		t.Errorf("the damaged key is not replaced: %+v", n)
	}
}

func decode64(s string) ([]byte, error) { return base64.RawStdEncoding.DecodeString(s) }
func encode64(raw []byte) string        { return base64.RawStdEncoding.EncodeToString(raw) }
