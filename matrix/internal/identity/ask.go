package identity

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// ask asks own verified sessions for the secrets that this one lacks. It
// returns when to come back.
func (m *Manager) ask(ctx context.Context) (next time.Time, err error) {
	names, devices, err := m.lacking(ctx)
	if err != nil {
		return next, err
	}
	m.mu.Lock()
	for name := range m.asked {
		if !slices.Contains(names, name) {
			delete(m.asked, name)
		}
	}
	m.mu.Unlock()
	for _, name := range names {
		at, err := m.askFor(ctx, name, devices)
		if err != nil {
			return next, err
		}
		next = upkeep.Earlier(next, at)
	}
	return next, nil
}

// lacking returns which secrets are not here, and who may have them.
func (m *Manager) lacking(ctx context.Context) (names []string, devices []chat.DeviceID, err error) {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil || !own.Trusted {
		return nil, nil, err
	}
	names = slices.Clone(own.Missing)
	switch m.opt.Backup.Status().State {
	case chat.BackupNoKey, chat.BackupUntrusted:
		names = append(names, crypto.SecretBackup)
	default:
	}
	if len(names) == 0 {
		return nil, nil, nil
	}
	people, err := m.opt.Machine.People(ctx, m.opt.User)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range people[0].Sessions {
		if !s.Current && s.Trust == chat.SessionVerified {
			devices = append(devices, s.ID)
		}
	}
	if len(devices) == 0 {
		return nil, nil, nil
	}
	return names, devices, nil
}

// askFor asks for one secret when that is due.
func (m *Manager) askFor(ctx context.Context, name string, devices []chat.DeviceID) (next time.Time, err error) {
	m.mu.Lock()
	q := m.asked[name]
	fresh := q == nil || slices.ContainsFunc(devices, func(d chat.DeviceID) bool { return !slices.Contains(q.devices, d) })
	if fresh {
		q = &question{id: rand.Text()}
	}
	due := fresh || !time.Now().Before(q.next)
	m.mu.Unlock()
	if !due {
		return q.next, nil
	}
	waits := askWaits()
	now := *q
	now.devices, now.next = devices, time.Now().Add(waits[min(q.tries, len(waits)-1)])
	now.tries++
	// Before it is sent: the answer may be quicker than the homeserver's.
	m.mu.Lock()
	m.asked[name] = &now
	m.mu.Unlock()
	content := secretRequest{Name: name, Action: "request", Device: m.opt.Device, ID: now.id}
	if err := m.opt.Machine.SendToDevice(ctx, typeRequest, content, m.opt.User, devices, false); err != nil {
		return next, err
	}
	m.log.Info("Own sessions asked for a secret", slog.String("name", name), slog.Int("sessions", len(devices)))
	return now.next, nil
}
