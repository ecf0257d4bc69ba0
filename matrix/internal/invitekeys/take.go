package invitekeys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"maunium.net/go/mautrix/crypto/attachment"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Waits after a failure.
const (
	minWait = 5 * time.Second
	maxWait = 10 * time.Minute
)

// errRefused says that an offer must not be taken, now or later.
var errRefused = errors.New("invitekeys: refused")

// errNoSessions says that the sender's homeserver has not told of any session yet.
var errNoSessions = errors.New("invitekeys: no sessions of the sender are known")

// Run takes in what is offered until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	return upkeep.Loop{
		Work: m.work, Wake: m.wake, Again: m.wake, Min: minWait, Max: maxWait,
		Failed: upkeep.Warning(m.log, "history_keys"),
	}.Run(ctx)
}

// work writes down what came and takes in what may be taken. What comes later wakes it.
func (m *Manager) work(ctx context.Context) (next time.Time, err error) {
	// Invitations first: who was invited anew may be given keys anew.
	if err := drain(m, &m.joins, func(j join) error { return m.saveJoin(ctx, j) }); err != nil {
		return next, fmt.Errorf("keep invitation: %w", err)
	}
	if err := drain(m, &m.offers, func(b crypto.Bundle) error { return m.opt.Keys.PutBundle(ctx, b) }); err != nil {
		return next, fmt.Errorf("keep offer: %w", err)
	}
	all, err := m.opt.Keys.Bundles(ctx)
	if err != nil {
		return next, fmt.Errorf("load offers: %w", err)
	}
	for _, b := range all {
		err = errors.Join(err, m.consider(ctx, b))
	}
	return next, err
}

// drain saves what waits in a queue of the manager. Each leaves the queue when it is on disk.
func drain[T any](m *Manager, queue *[]T, save func(T) error) error {
	for {
		m.mu.Lock()
		if len(*queue) == 0 {
			m.mu.Unlock()
			return nil
		}
		first := (*queue)[0]
		m.mu.Unlock()
		if err := save(first); err != nil {
			return err
		}
		m.mu.Lock()
		*queue = (*queue)[1:]
		m.mu.Unlock()
	}
}

func joinKey(room chat.RoomID) string { return "invited_by " + string(room) }

func (m *Manager) saveJoin(ctx context.Context, j join) error {
	raw, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := m.opt.Keys.SetValue(ctx, joinKey(j.Room), raw); err != nil {
		return err
	}
	return m.opt.Keys.ForgetBundles(ctx, j.Room)
}

// consider takes an offer in when it is by whoever invited us. One that comes
// before we have accepted waits.
func (m *Manager) consider(ctx context.Context, b crypto.Bundle) error {
	raw, err := m.opt.Keys.Value(ctx, joinKey(b.Room))
	if err != nil {
		return fmt.Errorf("load invitation: %w", err)
	}
	var j join
	if raw == nil || json.Unmarshal(raw, &j) != nil || j.By != b.From {
		return nil // not invited by that person, or not yet
	}
	if b.At.Sub(time.UnixMilli(j.AtMS)) > acceptFor {
		return m.end(ctx, b, errRefused)
	}
	err = m.take(ctx, b)
	if err == nil || errors.Is(err, errRefused) {
		return m.end(ctx, b, err)
	}
	return fmt.Errorf("take history keys of %s: %w", b.Room, err)
}

func (m *Manager) end(ctx context.Context, b crypto.Bundle, why error) error {
	if why != nil {
		m.log.Warn("History keys are refused", slog.String("room", string(b.Room)), slog.String("sender", string(b.From)), slog.Any("err", why))
	}
	if err := m.opt.Keys.EndBundle(ctx, b, why == nil); err != nil {
		return fmt.Errorf("end offer: %w", err)
	}
	return nil
}

// take downloads and imports.
func (m *Manager) take(ctx context.Context, b crypto.Bundle) error {
	if err := m.sender(ctx, b); err != nil {
		return err
	}
	file, err := m.download(ctx, b)
	if err != nil {
		return err
	}
	var keys []crypto.RoomKey
	for _, k := range file.Keys {
		if k.Room == b.Room && k.Algorithm == id.AlgorithmMegolmV1 {
			keys = append(keys, crypto.RoomKey{
				Room: k.Room, Session: k.Session, SenderKey: k.SenderKey, SigningKey: k.SenderKeys["ed25519"], Key: chat.Secret(k.Key), SharedHistory: true,
			})
		}
	}
	got, err := m.opt.Keys.ImportRoomKeys(ctx, crypto.Origin{Source: chat.KeyShared, User: b.From}, keys)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	var kept []string
	for _, w := range file.Withheld {
		if w.Room == b.Room && w.Session != "" {
			kept = append(kept, w.Session)
		}
	}
	if err := m.opt.Keys.NotShared(ctx, b.Room, kept); err != nil {
		return fmt.Errorf("note what is not shared: %w", err)
	}
	m.log.Info("History keys taken in", slog.String("room", string(b.Room)), slog.Int("new", got.New),
		slog.Int("better", got.Better), slog.Int("refused", got.Refused+len(file.Keys)-len(keys)))
	return nil
}

// sender checks that the offer came from a session that its owner has
// confirmed, with the identity that we know.
func (m *Manager) sender(ctx context.Context, b crypto.Bundle) error {
	if err := m.opt.Keys.Reload(ctx, b.From); err != nil {
		return fmt.Errorf("ask for the sender: %w", err)
	}
	people, err := m.opt.Keys.People(ctx, b.From)
	if err != nil {
		return fmt.Errorf("load sender: %w", err)
	}
	if len(people[0].Sessions) == 0 {
		return errNoSessions
	}
	session, err := m.opt.Keys.SessionByKey(ctx, b.From, b.Key)
	if err != nil {
		return fmt.Errorf("load sender: %w", err)
	}
	signed := session.Trust == chat.SessionSigned || session.Trust == chat.SessionVerified
	if t := people[0].Trust; !signed || t == chat.PersonChanged || t == chat.PersonWithdrawn {
		return fmt.Errorf("%w: the sender's session is not confirmed", errRefused)
	}
	return nil
}

// download fetches the file, and believes nothing of it before its hash is right.
func (m *Manager) download(ctx context.Context, b crypto.Bundle) (bundle, error) {
	var out bundle
	var info struct {
		attachment.EncryptedFile

		URL id.ContentURIString `json:"url"`
	}
	if err := json.Unmarshal([]byte(b.Content), &info); err != nil {
		return out, fmt.Errorf("%w: the offer cannot be read", errRefused)
	}
	uri, err := info.URL.Parse()
	if err != nil || uri.IsEmpty() || info.PrepareForDecryption() != nil {
		return out, fmt.Errorf("%w: the offer cannot be read", errRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	resp, err := m.opt.Client.Download(ctx, uri)
	if err != nil {
		p := fault.From(err)
		if p.Kind == chat.ProblemNotFound || p.Kind == chat.ProblemForbidden {
			return out, fmt.Errorf("%w: the file is not there", errRefused)
		}
		return out, fmt.Errorf("download: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes+1))
	if err != nil {
		return out, fmt.Errorf("download: %w", err)
	}
	if len(raw) > maxBytes {
		return out, fmt.Errorf("%w: the file is too large", errRefused)
	}
	if err := info.DecryptInPlace(raw); err != nil {
		return out, fmt.Errorf("%w: the file is not the one that was offered", errRefused)
	}
	if err := json.Unmarshal(raw, &out); err != nil || len(out.Keys)+len(out.Withheld) > maxKeys {
		return bundle{}, fmt.Errorf("%w: the file cannot be read", errRefused)
	}
	return out, nil
}
