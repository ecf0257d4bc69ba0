package crypto

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/util/dbutil"
	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// keyStore is mautrix's SQL store with what it lacks: failing writes are
// remembered (the machine only logs them), a session cannot be taken over by
// another room or device, and replay checks do not cost a disk sync each.
type keyStore struct {
	*mcrypto.SQLCryptoStore

	own      id.UserID
	asked    func(WantedSession) bool                                // whether own devices were asked for a session, or will be
	forwards func(ctx context.Context, dev *id.Device) (bool, error) // whether an own device may give keys of others
	onWedged func(id.SenderKey)
	onFull   func()        // the replay memory should be flushed
	devices  atomic.Uint64 // bumped with every change of a device list
	replay   replay
}

// probe travels in the context of one operation and collects what the machine
// does not return.
type probe struct {
	sender id.UserID                    // who sent the event that is being decrypted
	from   id.UserID                    // who sent the to-device event that is being taken in
	device id.SenderKey                 // its Olm key
	err    error                        // first failing write
	keys   map[WantedSession]struct{}   // sessions that arrived
	used   *mcrypto.InboundGroupSession // session that decrypted
	lists  *listWork                    // device lists that are being taken in
}

type probeKey struct{}

func withProbe(ctx context.Context, p *probe) context.Context {
	return context.WithValue(ctx, probeKey{}, p)
}

func probeOf(ctx context.Context) *probe {
	p, _ := ctx.Value(probeKey{}).(*probe)
	return p
}

// note remembers a failing write.
func note(ctx context.Context, err error) error {
	if p := probeOf(ctx); p != nil && err != nil && p.err == nil {
		p.err = err
	}
	return err
}

// PutAccount implements crypto.Store.
func (s *keyStore) PutAccount(ctx context.Context, a *mcrypto.OlmAccount) error {
	return note(ctx, s.SQLCryptoStore.PutAccount(ctx, a))
}

// AddSession implements crypto.Store.
func (s *keyStore) AddSession(ctx context.Context, key id.SenderKey, sess *mcrypto.OlmSession) error {
	return note(ctx, s.SQLCryptoStore.AddSession(ctx, key, sess))
}

// UpdateSession implements crypto.Store.
func (s *keyStore) UpdateSession(ctx context.Context, key id.SenderKey, sess *mcrypto.OlmSession) error {
	return note(ctx, s.SQLCryptoStore.UpdateSession(ctx, key, sess))
}

// PutOlmHash implements crypto.Store.
func (s *keyStore) PutOlmHash(ctx context.Context, hash [32]byte, at time.Time) error {
	return note(ctx, s.SQLCryptoStore.PutOlmHash(ctx, hash, at))
}

// PutGroupSession implements crypto.Store. The table is keyed by session id
// alone: without a check, whoever has been given a session could send it
// again under another room and take it away from the first one. See merge.
func (s *keyStore) PutGroupSession(ctx context.Context, sess *mcrypto.InboundGroupSession) error {
	if ok, err := s.mayGive(ctx, sess); err != nil {
		return note(ctx, err)
	} else if !ok {
		return errSender
	}
	_, err := s.take(ctx, sess)
	if errors.Is(err, errConflict) {
		return err
	}
	return note(ctx, err)
}

// mayGive says whether a session may come from whoever sent the to-device event
// that is being taken in. Everybody may give the keys of messages of his own. A
// session second hand is not signed by its maker: it is taken from an own device
// that forwards allows, and only if it was asked for.
func (s *keyStore) mayGive(ctx context.Context, sess *mcrypto.InboundGroupSession) (bool, error) {
	p := probeOf(ctx)
	if p == nil || p.from == "" {
		return true, nil // made here
	}
	if sess.KeySource == id.KeySourceDirect && sess.SourceUser == p.from {
		return true, nil
	}
	if p.from != s.own || !s.asked(WantedSession{chat.RoomID(sess.RoomID), string(sess.ID())}) {
		return false, nil
	}
	dev, err := s.FindDeviceByKey(ctx, s.own, p.device)
	if err != nil {
		return false, fmt.Errorf("look for the own device that gives a key: %w", err)
	}
	if dev == nil {
		return false, nil
	}
	return s.forwards(ctx, dev)
}

// GetGroupSession implements crypto.Store. A session that came straight from
// a device may only decrypt events of that device's user.
func (s *keyStore) GetGroupSession(ctx context.Context, room id.RoomID, session id.SessionID) (*mcrypto.InboundGroupSession, error) {
	p := probeOf(ctx)
	if p != nil && p.from != "" {
		return nil, nil // a session that is taken in: what is here is looked at when it is stored
	}
	igs, err := s.SQLCryptoStore.GetGroupSession(ctx, room, session)
	if err != nil || igs == nil || p == nil || p.sender == "" {
		return igs, err
	}
	if igs.KeySource == id.KeySourceDirect && igs.SourceUser != "" && igs.SourceUser != p.sender {
		return nil, errSender
	}
	p.used = igs
	return igs, nil
}

// PutDevice implements crypto.Store.
func (s *keyStore) PutDevice(ctx context.Context, user id.UserID, dev *id.Device) error {
	s.devices.Add(1)
	return note(ctx, s.SQLCryptoStore.PutDevice(ctx, user, dev))
}

// MarkTrackedUsersOutdated implements crypto.Store. The library forgets the
// failure of all but the last thousand.
func (s *keyStore) MarkTrackedUsersOutdated(ctx context.Context, users []id.UserID) error {
	for part := range slices.Chunk(users, 1000) {
		if err := s.SQLCryptoStore.MarkTrackedUsersOutdated(ctx, part); err != nil {
			return note(ctx, err)
		}
	}
	return nil
}

// forget stops tracking the devices of users with whom no encrypted room is
// shared any more: the homeserver no longer tells when they change.
func (s *keyStore) forget(ctx context.Context, users []id.UserID) error {
	for _, u := range users {
		if _, err := s.DB.Exec(ctx, `DELETE FROM crypto_tracked_user WHERE user_id=$1`, u); err != nil {
			return fmt.Errorf("forget devices of %s: %w", u, err)
		}
	}
	if len(users) > 0 {
		s.devices.Add(1)
	}
	return nil
}

// trackedUsers returns whose device lists are stored, and which of them are out of date.
func (s *keyStore) trackedUsers(ctx context.Context) (known, outdated []id.UserID, err error) {
	err = each(ctx, s.DB, func(rows dbutil.Rows) error {
		var u id.UserID
		var old bool
		err := rows.Scan(&u, &old)
		known = append(known, u)
		if old {
			outdated = append(outdated, u)
		}
		return err
	}, `SELECT user_id, devices_outdated FROM crypto_tracked_user`)
	if err != nil {
		return nil, nil, fmt.Errorf("load tracked users: %w", err)
	}
	return known, outdated, nil
}

// sharedWith returns the identity keys, per user, that have been given an outbound session.
func (s *keyStore) sharedWith(ctx context.Context, session id.SessionID) (map[recipient]bool, error) {
	given, err := list(ctx, s.DB, scanRecipient, `SELECT user_id, identity_key FROM crypto_megolm_outbound_session_shared WHERE session_id=$1`, session)
	if err != nil {
		return nil, fmt.Errorf("load recipients: %w", err)
	}
	return setOf(given), nil
}

// GetNewestSessionCreationTS implements crypto.Store. The machine asks this
// before it replaces a broken Olm session in a goroutine of its own; "just
// now" sends that goroutine home, and the machine here does it in Run.
func (s *keyStore) GetNewestSessionCreationTS(_ context.Context, key id.SenderKey) (time.Time, error) {
	s.onWedged(key)
	return time.Now(), nil
}

// replay remembers which event used which index of a Megolm session: in
// memory first, on disk with the next batch. What a crash loses of it are
// events that stand decrypted in the cache and are not decrypted again.
type replay struct {
	mu   sync.Mutex
	seen map[index]use
}

type index struct {
	session id.SessionID
	n       uint
}

type use struct {
	event id.EventID
	ms    int64
}

// flushAt is how many indices in memory ask for a flush at once.
const flushAt = 2000

// ValidateMessageIndex implements crypto.Store.
func (s *keyStore) ValidateMessageIndex(ctx context.Context, session id.SessionID, ev id.EventID, n uint, ms int64) (bool, error) {
	k := index{session, n}
	s.replay.mu.Lock()
	known, ok := s.replay.seen[k]
	s.replay.mu.Unlock()
	if !ok {
		err := s.DB.QueryRow(ctx, `SELECT event_id, timestamp FROM crypto_message_index WHERE session_id=$1 AND "index"=$2`, session, n).
			Scan(&known.event, &known.ms)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return false, fmt.Errorf("check for a replay: %w", err)
		}
		ok = err == nil
	}
	if ok {
		return known.event == ev && known.ms == ms, nil
	}
	s.replay.mu.Lock()
	if known, ok = s.replay.seen[k]; ok {
		s.replay.mu.Unlock()
		return known.event == ev && known.ms == ms, nil
	}
	s.replay.seen[k] = use{ev, ms}
	full := len(s.replay.seen) >= flushAt
	s.replay.mu.Unlock()
	if full {
		// Not here: the caller holds the session's lock, and whoever holds the database may wait for that.
		s.onFull()
	}
	return true, nil
}

// flush writes the remembered indices.
func (s *keyStore) flush(ctx context.Context) error {
	s.replay.mu.Lock()
	seen := maps.Clone(s.replay.seen)
	s.replay.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	err := transact(ctx, s.DB, "write message indices", func(ctx context.Context) error {
		for k, u := range seen {
			if _, err := s.DB.Exec(ctx, `INSERT INTO crypto_message_index (session_id, "index", event_id, timestamp)
				VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, k.session, k.n, u.event, u.ms); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.replay.mu.Lock()
	for k := range seen {
		delete(s.replay.seen, k)
	}
	s.replay.mu.Unlock()
	return nil
}

// pending reports whether there is something to flush.
func (s *keyStore) pending() bool {
	s.replay.mu.Lock()
	defer s.replay.mu.Unlock()
	return len(s.replay.seen) > 0
}

// take empties the memory and returns what was in it.
func (r *replay) take() map[index]use {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = map[index]use{}
	return seen
}
