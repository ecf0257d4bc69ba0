package backup

import (
	"context"
	"errors"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// failedAfter is how many uploads may fail in a row before that is shown.
const failedAfter = 3

// Run looks at the backup and uploads to it until ctx ends. What fails is
// tried again. It returns an error only when crypto.db is damaged.
func (b *Manager) Run(ctx context.Context) error {
	warn := upkeep.Warning(b.log, "backup")
	return upkeep.Loop{
		Work: b.work, Wake: b.wake, Again: b.online, Min: b.limits.minWait, Max: b.limits.maxWait,
		Failed: func(p *chat.Problem, wait time.Duration) {
			b.failed(p)
			warn(p, wait)
		},
		Fatal: func(err error) bool { return errors.Is(err, crypto.ErrCorrupt) },
	}.Run(ctx)
}

// work does what is due and returns when to come back at the latest.
func (b *Manager) work(ctx context.Context) (next time.Time, err error) {
	b.mu.Lock()
	due := !time.Now().Before(b.checkAt)
	if due {
		b.checkAt = time.Now().Add(b.limits.check)
	}
	b.mu.Unlock()
	if due {
		if err := b.check(ctx); err != nil {
			b.mu.Lock()
			b.checkAt = time.Time{}
			b.mu.Unlock()
			return next, err
		}
	}
	b.mu.Lock()
	due = !b.uploadAt.IsZero() && !time.Now().Before(b.uploadAt)
	if due {
		b.uploadAt = time.Time{} // a key that comes from now on sets it again
	}
	b.mu.Unlock()
	if due {
		if err := b.upload(ctx); err != nil {
			b.mu.Lock()
			b.uploadAt = time.Now()
			b.mu.Unlock()
			return next, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next = b.checkAt
	if !b.uploadAt.IsZero() && b.uploadAt.Before(next) {
		next = b.uploadAt
	}
	return next, nil
}

// failed counts a failure, and shows it when it lasts or will not go by itself.
func (b *Manager) failed(p *chat.Problem) {
	b.mu.Lock()
	b.failures++
	show := b.state.State == chat.BackupOn && (b.failures >= failedAfter || !p.Retry) && !isConnection(p.Kind)
	if show {
		b.state.State, b.state.Problem = chat.BackupFailed, p
	}
	b.mu.Unlock()
	if show {
		b.tell(true)
	}
}

// isConnection reports whether a problem is one of the connection, which says so itself.
func isConnection(kind chat.ProblemKind) bool {
	switch kind {
	case chat.ProblemOffline, chat.ProblemNoHost, chat.ProblemTLS, chat.ProblemTimeout, chat.ProblemSignedOut, chat.ProblemCancelled:
		return true
	default:
		return false
	}
}

// worked ends a series of failures.
func (b *Manager) worked() {
	b.mu.Lock()
	b.failures = 0
	if b.state.State == chat.BackupFailed {
		b.state.State, b.state.Problem = chat.BackupOn, nil
	}
	b.mu.Unlock()
}
