package backup

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// maxMissing bounds how many keys are remembered as missing.
const maxMissing = 5000

// Fetch looks for one key in the backup and takes it in. It returns false
// without an error when there is no usable backup, or when it has no key that
// opens more than what is here.
//
// Spec: client-server-api#get_matrixclientv3room_keyskeysroomidsessionid
func (b *Manager) Fetch(ctx context.Context, room chat.RoomID, session string) (found bool, err error) {
	t, ok := b.usable()
	if !ok || b.Lacks(room, session) {
		return false, nil
	}
	var raw jsontext.Value
	err = b.call(ctx, http.MethodGet, b.url(t, "keys", string(room), session), nil, &raw)
	if isNotFound(err) {
		b.lacks(t, room, session)
		return false, nil
	}
	if err != nil {
		return false, crypto.Explain(fmt.Errorf("fetch room key: %w", err))
	}
	key, err := t.key.open(room, session, raw)
	if err != nil {
		b.log.Warn("Key in the backup cannot be used", slog.String("room", string(room)))
		b.lacks(t, room, session)
		return false, nil
	}
	n, err := b.o.Machine.ImportRoomKeys(ctx, crypto.Origin{Source: chat.KeyBackup, Mark: t.mark()}, []crypto.RoomKey{key})
	if err != nil {
		return false, crypto.Explain(err)
	}
	if n.New+n.Better == 0 {
		b.lacks(t, room, session)
		return false, nil
	}
	return true, nil
}

// Lacks reports whether the backup was asked for a key a short while ago and
// had none that helps.
func (b *Manager) Lacks(room chat.RoomID, session string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	until, ok := b.missing[crypto.WantedSession{Room: room, Session: session}]
	return ok && time.Now().Before(until)
}

func (b *Manager) lacks(t target, room chat.RoomID, session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Version != t.version {
		return
	}
	now := time.Now()
	if len(b.missing) >= maxMissing {
		for k, until := range b.missing {
			if now.After(until) {
				delete(b.missing, k)
			}
		}
		if len(b.missing) >= maxMissing {
			clear(b.missing) // they are asked for once more
		}
	}
	b.missing[crypto.WantedSession{Room: room, Session: session}] = now.Add(b.limits.missing)
}

// Retry looks for a key again although the backup lacked it: in the backup,
// then with own sessions. It does not wait for the outcome.
func (b *Manager) Retry(room chat.RoomID, session string) {
	b.mu.Lock()
	delete(b.missing, crypto.WantedSession{Room: room, Session: session})
	b.mu.Unlock()
	b.o.Machine.Seek(room, session)
}
