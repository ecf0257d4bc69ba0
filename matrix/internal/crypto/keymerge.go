package crypto

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/id"
)

// taken says what became of a session that was to be stored.
type taken uint8

const (
	takenNot    taken = iota // the one that is here is as good
	takenNew                 // it was not here
	takenBetter              // it opens more messages than the one that was here, or replaces a false one
)

// take stores a session unless the one that is here is as good. It returns
// errConflict when the two cannot be of one sender and room. The caller is in a
// transaction, or the only one who knows the session.
func (s *keyStore) take(ctx context.Context, sess *mcrypto.InboundGroupSession) (taken, error) {
	old, err := s.anyRoom(ctx, sess.ID())
	if err != nil {
		return takenNot, err
	}
	if old == nil {
		return takenNew, s.SQLCryptoStore.PutGroupSession(ctx, sess)
	}
	keep, err := merge(old, sess)
	if err != nil {
		return takenNot, err
	}
	if keep == nil {
		if mark := sess.KeyBackupVersion; mark != "" && mark != old.KeyBackupVersion && sess.Internal.FirstKnownIndex() <= old.Internal.FirstKnownIndex() {
			return takenNot, s.SetGroupSessionKeyBackupVersion(ctx, sess.ID(), mark)
		}
		return takenNot, nil
	}
	if err := s.SQLCryptoStore.PutGroupSession(ctx, keep); err != nil {
		return takenNot, err
	}
	if keep.Internal == old.Internal {
		return takenNot, nil
	}
	return takenBetter, nil
}

// anyRoom loads a session whatever room it is of, or nil when it is not here.
// One that cannot be read any more is as good as none.
func (s *keyStore) anyRoom(ctx context.Context, session id.SessionID) (*mcrypto.InboundGroupSession, error) {
	var room id.RoomID
	err := s.DB.QueryRow(ctx, `SELECT room_id FROM crypto_megolm_inbound_session
		WHERE session_id=$1 AND account_id=$2 AND session IS NOT NULL`, session, s.AccountID).Scan(&room)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the session: %w", err)
	}
	igs, err := s.SQLCryptoStore.GetGroupSession(ctx, room, session)
	if err != nil && (isStoreError(err) || ctx.Err() != nil) {
		return nil, fmt.Errorf("look for the session: %w", err)
	}
	if err != nil {
		return nil, nil //nolint:nilerr // see above
	}
	return igs, nil
}

// merge decides between a session that is here and one that comes under the
// same id; nil means that nothing changes.
//
// A session id is a signing key, and all that a key from a backup, a file or
// another device proves is that somebody could write that key down. So two keys
// count as the same session only when the earlier one runs forward into the
// later one, which nobody can arrange who did not have the session. A key that
// came straight from its maker carries a signature of the session itself: it
// replaces one that came otherwise and is not the same.
func merge(old, sess *mcrypto.InboundGroupSession) (*mcrypto.InboundGroupSession, error) {
	oldDirect, direct := old.KeySource == id.KeySourceDirect, sess.KeySource == id.KeySourceDirect
	if !connected(old, sess) {
		if direct && !oldDirect {
			return sess, nil
		}
		return nil, errConflict
	}
	if old.RoomID != sess.RoomID || old.SenderKey != sess.SenderKey {
		return nil, errConflict
	}
	better, rise := sess.Internal.FirstKnownIndex() < old.Internal.FirstKnownIndex(), direct && !oldDirect
	if !better && !rise {
		return nil, nil
	}
	out := *sess
	if !better {
		out.Internal, out.KeyBackupVersion = old.Internal, old.KeyBackupVersion
	}
	if oldDirect {
		out.KeySource, out.SourceUser, out.ForwardingChains = old.KeySource, old.SourceUser, old.ForwardingChains
		out.SigningKey, out.SharedHistory, out.IsScheduled = old.SigningKey, old.SharedHistory, old.IsScheduled
		out.MaxAge, out.MaxMessages = old.MaxAge, old.MaxMessages
	} else if !direct && out.SharedHistory == nil {
		out.SharedHistory = old.SharedHistory
	}
	if old.ReceivedAt.Before(out.ReceivedAt) && !old.ReceivedAt.IsZero() {
		out.ReceivedAt = old.ReceivedAt
	}
	return &out, nil
}

// connected reports whether two keys are of one session: at the first message
// that both open they are the same.
func connected(a, b *mcrypto.InboundGroupSession) bool {
	same := false
	err := guard(func() error {
		at := max(a.Internal.FirstKnownIndex(), b.Internal.FirstKnownIndex())
		x, err := a.Internal.Export(at)
		if err != nil {
			return err
		}
		y, err := b.Internal.Export(at)
		if err != nil {
			return err
		}
		same = bytes.Equal(x, y)
		return nil
	})
	return err == nil && same
}
