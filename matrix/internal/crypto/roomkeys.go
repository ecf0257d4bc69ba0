package crypto

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.mau.fi/util/dbutil"
	mcrypto "maunium.net/go/mautrix/crypto"
	ed25519 "maunium.net/go/mautrix/crypto/goolm/crypto"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// importBatch is how many sessions share a transaction: other writers wait for it.
const importBatch = 100

// keySourceShared marks sessions that whoever invited us has given (MSC4268).
const keySourceShared id.KeySource = "shared"

// RoomKey is an inbound Megolm session as it leaves or enters this device. It
// holds what decrypts messages, and hides it when it is printed.
type RoomKey struct {
	Room          chat.RoomID
	Session       string
	SenderKey     string      // Curve25519 key of the device that made it, as whoever gave it says
	SigningKey    string      // Ed25519 key of that device, likewise
	Key           chat.Secret // in the export format, from Index on
	Index         uint32      // first message that it opens; filled in by this package
	Chains        []string    // devices that it went through
	SharedHistory bool
	Source        chat.KeySource // how it came here; filled in by this package

	stored []byte // the session as it is on disk
	mark   string // of the backup that has it
	row    int64
}

// String hides the key.
func (k RoomKey) String() string { return fmt.Sprintf("room key %s of %s", k.Session, k.Room) }

// GoString hides the key.
func (k RoomKey) GoString() string { return k.String() }

// LogValue hides the key.
func (k RoomKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Origin says where imported room keys come from.
type Origin struct {
	Source chat.KeySource // KeyBackup, KeyImported or KeyShared
	User   chat.UserID    // who gave them, with KeyShared
	// Mark says that a backup has them: see RoomKeysToSave. It may be "".
	Mark string
}

// Imported says what became of room keys. Their sum is how many there were.
type Imported struct {
	New     int // the session was not here
	Better  int // it opens more messages than the one that was here
	Kept    int // the one that was here is as good
	Refused int // not a session, not the one it is called, or at odds with the one that is here
}

// Add returns the sum of two outcomes.
func (i Imported) Add(o Imported) Imported {
	return Imported{i.New + o.New, i.Better + o.Better, i.Kept + o.Kept, i.Refused + o.Refused}
}

// ImportRoomKeys takes in sessions that came from elsewhere than the device
// that made them. A session that is here is only ever replaced by one that
// opens more messages and provably belongs to it. What stored events wait for
// is announced as in OnKey. It may be called with any number of keys.
func (m *Machine) ImportRoomKeys(ctx context.Context, from Origin, keys []RoomKey) (Imported, error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return Imported{}, err
	}
	var sum Imported
	var fresh []WantedSession
	for part := range slices.Chunk(keys, importBatch) {
		sessions := make([]*mcrypto.InboundGroupSession, 0, len(part))
		for i := range part {
			if sess, err := part[i].session(from); err == nil {
				sessions = append(sessions, sess)
			} else {
				sum.Refused++
			}
		}
		n, came, err := m.importBatch(ctx, eng, sessions)
		if err != nil {
			return sum, errors.Join(err, m.imported(ctx, fresh))
		}
		sum, fresh = sum.Add(n), append(fresh, came...)
	}
	return sum, m.imported(ctx, fresh)
}

// importBatch stores sessions in one transaction and returns those that make
// more messages readable. It takes turns with what arrives: SQLite alone would
// let a long import keep a sync response waiting until that gives up.
func (m *Machine) importBatch(ctx context.Context, eng *engine, sessions []*mcrypto.InboundGroupSession) (n Imported, fresh []WantedSession, err error) {
	m.olm.Lock()
	defer m.olm.Unlock()
	err = transact(ctx, eng.store.DB, "save room keys", func(ctx context.Context) error {
		n, fresh = Imported{}, nil
		for _, sess := range sessions {
			out, err := eng.store.take(ctx, sess)
			switch {
			case errors.Is(err, errConflict):
				n.Refused++
				continue
			case err != nil:
				return err
			}
			switch out {
			case takenNew:
				n.New++
			case takenBetter:
				n.Better++
			case takenNot:
				n.Kept++
				continue
			}
			fresh = append(fresh, WantedSession{chat.RoomID(sess.RoomID), string(sess.ID())})
		}
		return nil
	})
	if err != nil {
		return Imported{}, nil, err
	}
	return n, fresh, nil
}

// imported tells who waits for imported sessions. Most of what an import
// brings nobody waits for, so that only what is wanted is announced.
func (m *Machine) imported(ctx context.Context, keys []WantedSession) error {
	if len(keys) == 0 {
		return nil
	}
	m.roomKeysCame()
	m.wake.Ring()              // requests for them are taken back
	var others []WantedSession // events may wait for them that nobody looks at
	for _, k := range keys {
		if m.arrived(k) {
			m.tellKey(k)
		} else {
			others = append(others, k)
		}
	}
	if len(others) == 0 || m.opt.Wanted == nil {
		return nil
	}
	all, err := m.opt.Wanted(ctx)
	if err != nil {
		return fmt.Errorf("load wanted sessions: %w", err)
	}
	wanted := make(map[WantedSession]bool, len(all))
	for _, k := range all {
		wanted[k] = true
	}
	for _, k := range others {
		if wanted[k] {
			m.tellKey(k)
		}
	}
	return nil
}

// session makes the session, and checks that the key is the one it is called.
func (k *RoomKey) session(from Origin) (sess *mcrypto.InboundGroupSession, err error) {
	if k.Room == "" || k.Session == "" || !isKey(k.SenderKey, false) || (k.SigningKey != "" && !isKey(k.SigningKey, true)) {
		return nil, errNoSession
	}
	var internal olm.InboundGroupSession
	err = guard(func() (err error) {
		if internal, err = olm.InboundGroupSessionImport([]byte(k.Key)); err != nil {
			return err
		}
		if string(internal.ID()) != k.Session {
			return errNoSession
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	source := map[chat.KeySource]id.KeySource{
		chat.KeyBackup: id.KeySourceBackup, chat.KeyImported: id.KeySourceImport, chat.KeyShared: keySourceShared,
	}[from.Source]
	if source == "" {
		return nil, fmt.Errorf("read session: no room keys come from source %d", from.Source)
	}
	sess = &mcrypto.InboundGroupSession{
		Internal: internal, SigningKey: id.Ed25519(k.SigningKey), SenderKey: id.SenderKey(k.SenderKey), RoomID: id.RoomID(k.Room),
		ForwardingChains: slices.Clone(k.Chains), ReceivedAt: time.Now().UTC(),
		KeyBackupVersion: id.KeyBackupVersion(from.Mark), KeySource: source, SourceUser: id.UserID(from.User),
	}
	if k.SharedHistory {
		shared := true
		sess.SharedHistory = &shared
	}
	return sess, nil
}

// isKey reports whether s is a public key, for signatures or not. What is none
// would spoil the files that this device writes for programs that look.
func isKey(s string, signing bool) bool {
	raw, err := base64.RawStdEncoding.DecodeString(s)
	return err == nil && len(raw) == 32 && (!signing || ed25519.Ed25519PublicKey(raw).IsValidKey())
}

// EachRoomKey calls fn with every session that can be read, in no certain
// order, and counts those that cannot. Sessions that come meanwhile may be
// missing. An error of fn ends it.
func (m *Machine) EachRoomKey(ctx context.Context, fn func(k RoomKey) error) (unreadable int, err error) {
	eng, err := m.engine(ctx)
	if err != nil {
		return 0, err
	}
	for after := ""; ; {
		rows, err := eng.store.roomKeys(ctx, `AND session_id > $2 ORDER BY session_id LIMIT $3`, after, importBatch)
		if err != nil {
			return unreadable, fmt.Errorf("load room keys: %w", asDamage(err))
		}
		for i := range rows {
			after = rows[i].Session
			if rows[i].Key == "" {
				unreadable++
				continue
			}
			if err := fn(rows[i]); err != nil {
				return unreadable, err
			}
		}
		if len(rows) < importBatch {
			return unreadable, nil
		}
	}
}

// roomKeys loads sessions. One that cannot be read has no Key. The arguments
// of the condition begin at $2.
func (s *keyStore) roomKeys(ctx context.Context, where string, args ...any) ([]RoomKey, error) {
	return list(ctx, s.DB, func(rows dbutil.Rows, k *RoomKey) error {
		var signing, chains sql.NullString
		var shared sql.NullBool
		var source id.KeySource
		if err := rows.Scan(&k.Room, &k.Session, &k.SenderKey, &signing, &k.stored, &chains, &shared, &source, &k.mark, &k.row); err != nil {
			return err
		}
		k.SigningKey, k.SharedHistory, k.Source = signing.String, shared.Bool, sourceOf(source)
		if chains.String != "" {
			k.Chains = strings.Split(chains.String, ",")
		}
		k.export(s.PickleKey)
		return nil
	}, `SELECT room_id, session_id, sender_key, signing_key, session, forwarding_chains, shared_history, key_source, key_backup_version, rowid
		FROM crypto_megolm_inbound_session WHERE account_id=$1 AND session IS NOT NULL `+where, append([]any{s.AccountID}, args...)...)
}

// export fills in the key from the stored session, if that can be read.
func (k *RoomKey) export(pickleKey []byte) {
	err := guard(func() error {
		internal := olm.NewBlankInboundGroupSession()
		if err := internal.Unpickle(bytes.Clone(k.stored), pickleKey); err != nil {
			return err
		}
		if string(internal.ID()) != k.Session {
			return errNoSession
		}
		k.Index = internal.FirstKnownIndex()
		key, err := internal.Export(k.Index)
		k.Key = chat.Secret(key)
		return err
	})
	if err != nil {
		k.Key = ""
	}
}

// sourceOf translates where a stored session came from.
func sourceOf(source id.KeySource) chat.KeySource {
	switch source {
	case id.KeySourceDirect:
		return chat.KeyDirect
	case id.KeySourceBackup:
		return chat.KeyBackup
	case id.KeySourceImport:
		return chat.KeyImported
	case id.KeySourceForward:
		return chat.KeyForwarded
	case keySourceShared:
		return chat.KeyShared
	}
	return chat.KeyUnknown
}
