package backup

import (
	"context"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// Report is what there is to know about the backup.
type Report struct {
	chat.Backup
	Signers  crypto.BackupSigners
	OnServer int // keys in the backup as the homeserver counts them, other sessions' included
}

// Lag returns how many keys that this session gave to the backup the
// homeserver does not count, and how many it was not given yet.
func (r Report) Lag() (lost, waiting int) {
	return max(0, r.Saved-r.OnServer), r.Total - r.Saved
}

// Inspect asks the homeserver about the backup, and takes in what it says.
// Errors are *chat.Problem.
func (b *Manager) Inspect(ctx context.Context) (Report, error) {
	r, err := b.inspect(ctx)
	return r, crypto.Explain(err)
}

func (b *Manager) inspect(ctx context.Context) (r Report, err error) {
	done, err := b.deciding.Take(ctx)
	if err != nil {
		return r, err
	}
	defer done()
	info, _, err := b.see(ctx)
	if err != nil {
		return r, err
	}
	r.Backup = b.Status()
	if info == nil {
		return r, nil
	}
	r.OnServer = info.Count
	r.Signers, err = b.o.Machine.BackupSigners(ctx, info.Auth)
	return r, err
}
