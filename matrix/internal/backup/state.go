package backup

import (
	"context"
	"log/slog"
	"time"

	"hubbub/store/chat"
)

// enter takes in which backup there is. The caller has the turn of deciding.
func (b *Manager) enter(ctx context.Context, info *versionInfo, key *keyPair, st chat.BackupState) error {
	next := chat.Backup{State: st}
	name := ""
	if info != nil {
		next.Version = info.Version
		if key != nil {
			name = mark(info.Version, key.public)
		}
	}
	saved, total, err := b.o.Machine.CountSaved(ctx, name)
	if err != nil {
		return err
	}
	next.Saved, next.Total = saved, total
	switch st {
	case chat.BackupUntrusted, chat.BackupUnsupported:
		next.Problem, _ = unusable(next).(*chat.Problem) // always one
	default:
	}
	b.mu.Lock()
	old := b.state
	same := old.Version == next.Version && b.public == info.public()
	if same && old.State == chat.BackupFailed && st == chat.BackupOn {
		next.State, next.Problem = old.State, old.Problem // until an upload works
	}
	next.Restoring, next.Restored, next.RestoreTotal = old.Restoring, old.Restored, old.RestoreTotal
	fresh := key != nil && (b.key == nil || !same)
	b.state, b.key, b.public = next, key, info.public()
	if !same {
		clear(b.missing)
	}
	if key != nil && b.uploadAt.IsZero() && saved < total {
		b.uploadAt = time.Now()
	}
	b.mu.Unlock()
	if !same || old.State != st {
		b.log.Info("Key backup", slog.Int("state", int(st)), slog.String("version", next.Version))
	}
	b.tell(true)
	if fresh {
		b.o.Machine.SeekAll()
		b.wake.Ring()
	}
	return nil
}

// tell reports the state: always when it matters, else not too often.
func (b *Manager) tell(always bool) {
	b.telling.Lock()
	defer b.telling.Unlock()
	now := time.Now()
	if b.onChange == nil || (!always && now.Sub(b.told) < b.limits.progress) {
		return
	}
	b.told = now
	b.onChange(b.Status())
}

// target is a backup that keys can be given to.
type target struct {
	version string
	key     *keyPair
}

func (t target) mark() string { return mark(t.version, t.key.public) }

// usable returns the backup if it is ours.
func (b *Manager) usable() (target, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.key == nil || (b.state.State != chat.BackupOn && b.state.State != chat.BackupFailed) {
		return target{}, false
	}
	return target{b.state.Version, b.key}, true
}
