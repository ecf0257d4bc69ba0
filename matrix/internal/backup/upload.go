package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Flush uploads what the backup lacks now and returns when that is done:
// before this session, and its keys with it, is taken away. Without a usable
// backup it returns nil at once. Errors are *chat.Problem.
func (b *Manager) Flush(ctx context.Context) error { return crypto.Explain(b.upload(ctx)) }

// upload gives the backup every key that it lacks.
func (b *Manager) upload(ctx context.Context) error {
	done, err := b.uploads.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	limit := b.limits.upload
	for {
		t, ok := b.usable()
		if !ok {
			return nil
		}
		keys, unreadable, err := b.o.Machine.RoomKeysToSave(ctx, t.mark(), limit)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			if unreadable > 0 {
				b.log.Warn("Room keys that cannot be read are not backed up", slog.Int("count", unreadable))
			}
			b.worked()
			return b.count(ctx, t, true)
		}
		err = b.put(ctx, t, keys)
		switch {
		case isWrongVersion(err):
			b.log.Info("Homeserver wants another backup")
			if why := b.check(ctx); why != nil {
				return why
			}
			if now, ok := b.usable(); ok && now.mark() == t.mark() {
				return err // it says both: that is no reason to hurry
			}
			return nil
		case err != nil && limit > 1 && fault.From(err).Kind == chat.ProblemTooLarge:
			limit /= 2
			continue
		case err != nil:
			return err
		}
		if err := b.o.Machine.MarkSaved(ctx, t.mark(), keys); err != nil {
			return err
		}
		b.worked()
		if err := b.count(ctx, t, false); err != nil {
			return err
		}
		if !upkeep.Sleep(ctx, b.limits.pace) {
			return ctx.Err()
		}
	}
}

// put uploads keys.
//
// Spec: client-server-api#put_matrixclientv3room_keyskeys
func (b *Manager) put(ctx context.Context, t target, keys []crypto.RoomKey) error {
	body := mautrix.ReqKeyBackup{Rooms: map[id.RoomID]mautrix.ReqRoomKeyBackup{}}
	for i := range keys {
		sealed, err := t.key.seal(&keys[i])
		if err != nil {
			return err
		}
		room := id.RoomID(keys[i].Room)
		if body.Rooms[room].Sessions == nil {
			body.Rooms[room] = mautrix.ReqRoomKeyBackup{Sessions: map[id.SessionID]mautrix.ReqKeyBackupData{}}
		}
		body.Rooms[room].Sessions[id.SessionID(keys[i].Session)] = sealed
	}
	if err := b.call(ctx, http.MethodPut, b.url(t, "keys"), body, nil); err != nil {
		return fmt.Errorf("upload room keys: %w", err)
	}
	return nil
}

// url names something below /room_keys of one version.
func (b *Manager) url(t target, path ...any) string {
	full := append(mautrix.ClientURLPath{"v3", "room_keys"}, path...)
	return b.o.Client.BuildURLWithQuery(full, map[string]string{"version": t.version})
}

// count reads how far the upload is and reports it.
func (b *Manager) count(ctx context.Context, t target, always bool) error {
	saved, total, err := b.o.Machine.CountSaved(ctx, t.mark())
	if err != nil {
		return err
	}
	b.mu.Lock()
	if b.state.Version == t.version {
		b.state.Saved, b.state.Total = saved, total
	}
	b.mu.Unlock()
	b.tell(always)
	return nil
}

// lagNote names the note about which backup was filled again, and when.
const lagNote = "backup.lag"

// lagAgain is how long a backup that was filled again is not filled once more:
// a homeserver that keeps losing keys would have us upload for ever.
const lagAgain = 7 * 24 * time.Hour

// lag uploads everything anew when the homeserver has fewer keys than this
// session gave it: it was set back to an earlier state.
func (b *Manager) lag(ctx context.Context, info *versionInfo, key *keyPair) error {
	name := mark(info.Version, key.public)
	saved, _, err := b.o.Machine.CountSaved(ctx, name)
	if err != nil || info.Count >= saved {
		return err
	}
	var note struct {
		Mark string    `json:"mark"`
		At   time.Time `json:"at"`
	}
	raw, err := b.o.Machine.Value(ctx, lagNote)
	if err != nil {
		return err
	}
	if len(raw) > 0 && json.Unmarshal(raw, &note) == nil && note.Mark == name && time.Since(note.At) < lagAgain && !note.At.After(time.Now()) {
		return nil
	}
	b.log.Warn("Backup has lost keys", slog.Int("has", info.Count), slog.Int("had", saved))
	note.Mark, note.At = name, time.Now()
	if raw, err = json.Marshal(note); err != nil {
		return fmt.Errorf("note about the backup: %w", err)
	}
	if err := b.o.Machine.SetValue(ctx, lagNote, raw); err != nil {
		return err
	}
	if err := b.o.Machine.ForgetSaved(ctx, name); err != nil {
		return err
	}
	b.mu.Lock()
	b.uploadAt = time.Now()
	b.mu.Unlock()
	return b.count(ctx, target{info.Version, key}, true)
}
