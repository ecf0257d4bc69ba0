package identity

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// Event types of sharing secrets.
//
// Spec: client-server-api#sharing
const (
	typeRequest = "m.secret.request"
	typeSend    = "m.secret.send"
)

// Bounds of sharing secrets.
const (
	maxInbox    = 50               // events that wait to be looked at
	maxRequests = 30               // requests that wait for their session to be verified
	requestAge  = 10 * time.Minute // how long they do
	maxGiven    = 30               // secrets given in givenAge
	givenAge    = time.Hour
	// requestLimit is how long one request to the homeserver may take.
	requestLimit = 90 * time.Second
)

// askWaits are the times between two questions for the same secret.
func askWaits() []time.Duration {
	return []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour}
}

// secretRequest is the content of m.secret.request.
type secretRequest struct {
	Name   string        `json:"name,omitempty"`
	Action string        `json:"action"`
	Device chat.DeviceID `json:"requesting_device_id"`
	ID     string        `json:"request_id"`
}

// secretSend is the content of m.secret.send.
type secretSend struct {
	ID     string `json:"request_id"`
	Secret string `json:"secret"`
}

// String hides the secret.
func (secretSend) String() string { return "[secret]" }

// GoString hides the secret.
func (secretSend) GoString() string { return "[secret]" }

// LogValue hides the secret.
func (secretSend) LogValue() slog.Value { return slog.StringValue("[secret]") }

// request is a question of another own session.
type request struct {
	secretRequest
	at time.Time
}

// question is a question of ours that is under way.
type question struct {
	id      string
	devices []chat.DeviceID // who was asked
	next    time.Time       // when it is asked again
	tries   int
}

// HandleToDevice takes in a to-device event when it is about secrets, and
// reports whether it was. It touches memory only.
func (m *Manager) HandleToDevice(ev *crypto.Received) bool {
	if ev.Type != typeRequest && ev.Type != typeSend {
		return false
	}
	if ev.Sender != m.opt.User {
		m.log.Warn("Secret event of somebody else", slog.String("sender", string(ev.Sender)), slog.String("type", ev.Type))
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.inbox) < maxInbox {
		m.inbox = append(m.inbox, ev)
	}
	m.Changed()
	return true
}

// receive looks at what came.
func (m *Manager) receive(ctx context.Context) error {
	m.mu.Lock()
	inbox := m.inbox
	m.inbox = nil
	m.mu.Unlock()
	var first error
	for _, ev := range inbox {
		if ev.Type == typeRequest {
			m.note(ev)
		} else if err := m.take(ctx, ev); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// note remembers a request, or forgets one that was taken back.
func (m *Manager) note(ev *crypto.Received) {
	var c secretRequest
	if json.Unmarshal(ev.Content, &c) != nil || c.Device == "" || c.ID == "" || c.Device == m.opt.Device {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	same := func(r request) bool { return r.ID == c.ID && r.Device == c.Device }
	switch {
	case c.Action == "request_cancellation":
		m.wanted = slices.DeleteFunc(m.wanted, same)
	case c.Action == "request" && slices.Contains(secretNames(), c.Name) && len(m.wanted) < maxRequests && !slices.ContainsFunc(m.wanted, same):
		m.wanted = append(m.wanted, request{secretRequest: c, at: time.Now()})
	}
}

// answer gives secrets to those own sessions that asked and are verified. The
// others wait for a while: the signature of a session that was verified just
// now may still be under way.
func (m *Manager) answer(ctx context.Context) error {
	m.mu.Lock()
	wanted := m.wanted
	m.wanted = nil
	m.mu.Unlock()
	var first error
	for _, r := range wanted {
		done, err := m.answerOne(ctx, r)
		if err != nil && first == nil {
			first = err
		}
		if done || time.Since(r.at) > requestAge {
			continue
		}
		m.mu.Lock()
		m.wanted = append(m.wanted, r)
		m.mu.Unlock()
	}
	return first
}

func (m *Manager) answerOne(ctx context.Context, r request) (done bool, err error) {
	own, err := m.opt.Machine.OwnIdentity(ctx)
	if err != nil {
		return false, err
	}
	s, err := m.opt.Machine.SessionTrust(ctx, m.opt.User, r.Device)
	if err != nil {
		return false, err
	}
	if own.State != chat.IdentityOwn || s.Trust != chat.SessionVerified {
		m.log.Info("Secret is not given to a session that is not verified",
			slog.String("name", r.Name), slog.String("device", string(r.Device)))
		return false, nil
	}
	secrets, err := m.secrets(ctx)
	if err != nil || secrets[r.Name] == "" {
		return err == nil, err
	}
	if !m.mayGive() {
		m.log.Warn("Too many secrets were asked for", slog.String("device", string(r.Device)))
		return true, nil
	}
	content := map[string]string{"request_id": r.ID, "secret": string(secrets[r.Name])}
	err = m.opt.Machine.SendSecret(ctx, typeSend, content, m.opt.User, []chat.DeviceID{r.Device}, chat.PolicyVerified)
	if errors.Is(err, crypto.ErrUnreachable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m.log.Info("Secret given to an own session", slog.String("name", r.Name), slog.String("device", string(r.Device)))
	return true, nil
}

// mayGive counts one more secret, unless there were too many.
func (m *Manager) mayGive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.given = slices.DeleteFunc(m.given, func(at time.Time) bool { return time.Since(at) > givenAge })
	if len(m.given) >= maxGiven {
		return false
	}
	m.given = append(m.given, time.Now())
	return true
}

// take looks at a secret that came: whether it was asked for, who gives it, and
// whether it is the right one.
func (m *Manager) take(ctx context.Context, ev *crypto.Received) error {
	var c secretSend
	if json.Unmarshal(ev.Content, &c) != nil || c.Secret == "" {
		return nil
	}
	m.mu.Lock()
	name, devices := "", []chat.DeviceID(nil)
	for n, q := range m.asked {
		if q.id == c.ID {
			name, devices = n, q.devices
		}
	}
	m.mu.Unlock()
	from, err := m.opt.Machine.SenderTrust(ctx, ev)
	if err != nil {
		return err
	}
	if name == "" || from.Trust != chat.SessionVerified || !slices.Contains(devices, from.ID) {
		m.log.Warn("Secret that was not asked for is not taken", slog.String("device", string(from.ID)))
		return nil
	}
	if err := m.keep(ctx, name, chat.Secret(c.Secret)); err != nil {
		m.log.Warn("Secret of another session is of no use", slog.String("name", name), slog.String("device", string(from.ID)))
		return nil //nolint:nilerr // another session may have the right one
	}
	m.log.Info("Secret taken from an own session", slog.String("name", name), slog.String("device", string(from.ID)))
	m.mu.Lock()
	delete(m.asked, name)
	m.mu.Unlock()
	cancel := secretRequest{Action: "request_cancellation", Device: m.opt.Device, ID: c.ID}
	return m.opt.Machine.SendToDevice(ctx, typeRequest, cancel, m.opt.User, devices, false)
}

// keep stores a secret that belongs to the published identity or backup.
func (m *Manager) keep(ctx context.Context, name string, secret chat.Secret) error {
	if name == crypto.SecretBackup {
		return m.opt.Backup.Use(ctx, secret)
	}
	if err := m.opt.Machine.CheckSecret(ctx, name, secret); err != nil {
		return err
	}
	return m.opt.Machine.PutSecret(ctx, name, secret)
}
