package crypto

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// queryUsers is how many users one device list request asks for.
const queryUsers = 200

// queryRetry is how long a user whose homeserver did not answer is left alone.
// Sending goes on with the devices that are known.
const queryRetry = time.Minute

// tracked remembers whose device lists are out of date. The same stands in
// crypto.db; here it is quick to ask, and knows when a list changed while it
// was being fetched.
type tracked struct {
	mu       sync.Mutex
	known    map[id.UserID]bool   // users whose list has been stored
	asking   map[id.UserID]bool   // users who are being asked for
	outdated map[id.UserID]uint64 // value: number of the change
	changes  uint64
	failed   map[id.UserID]time.Time // not before
}

func (t *tracked) init(known, outdated []id.UserID) {
	t.known = make(map[id.UserID]bool, len(known))
	for _, u := range known {
		t.known[u] = true
	}
	t.asking = map[id.UserID]bool{}
	t.outdated = map[id.UserID]uint64{}
	t.failed = map[id.UserID]time.Time{}
	for _, u := range outdated {
		t.outdated[u] = 0
	}
}

// all returns every tracked user.
func (t *tracked) all() []chat.UserID {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]chat.UserID, 0, len(t.known))
	for u := range t.known {
		out = append(out, chat.UserID(u))
	}
	return out
}

// change notes lists that changed, before that is on disk, and lists that are
// forgotten, after they are: a list that is being fetched meanwhile is then
// never taken for current.
func (t *tracked) change(changed, left []chat.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes++
	for _, u := range changed {
		if t.known[id.UserID(u)] || t.asking[id.UserID(u)] {
			t.outdated[id.UserID(u)] = t.changes
		}
		delete(t.failed, id.UserID(u))
	}
	for _, u := range left {
		delete(t.outdated, id.UserID(u))
		delete(t.known, id.UserID(u))
	}
}

// due returns those of users that should be asked for now, because their list
// is out of date or was never seen; with nil, all that are out of date.
func (t *tracked) due(users []id.UserID, now time.Time) map[id.UserID]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[id.UserID]uint64{}
	take := func(u id.UserID, n uint64) {
		if now.After(t.failed[u]) {
			out[u] = n
		}
	}
	if users == nil {
		for u, n := range t.outdated {
			take(u, n)
		}
		return out
	}
	for _, u := range users {
		if n, ok := t.outdated[u]; ok || !t.known[u] {
			take(u, n)
		}
	}
	return out
}

// present returns users with the changes that are known now, to ask for them
// whatever is known.
func (t *tracked) present(users []id.UserID) map[id.UserID]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[id.UserID]uint64, len(users))
	for _, u := range users {
		out[u] = t.outdated[u]
	}
	return out
}

// have reports whether a user's list was ever stored.
func (t *tracked) have(user id.UserID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[user]
}

// missed reports whether a user's list did not come when it was last asked for.
func (t *tracked) missed(user id.UserID, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return now.Before(t.failed[user])
}

// begin and end mark users as being asked for: a change that is told meanwhile
// counts although their list was never seen.
func (t *tracked) begin(users []id.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range users {
		t.asking[u] = true
	}
}

func (t *tracked) end(users []id.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range users {
		delete(t.asking, u)
	}
}

// done notes the outcome of a request that began at the given changes, and
// returns the users whose list changed again meanwhile.
func (t *tracked) done(asked map[id.UserID]uint64, got func(id.UserID) bool, now time.Time) (again []id.UserID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for u, n := range asked {
		switch {
		case !got(u):
			t.failed[u] = now.Add(queryRetry)
		case t.outdated[u] != n:
			t.known[u] = true
			delete(t.failed, u)
			again = append(again, u)
		default:
			t.known[u] = true
			delete(t.outdated, u)
			delete(t.failed, u)
		}
	}
	return again
}

// retry returns when the next outdated device list may be asked for again.
func (t *tracked) retry() (at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for u := range t.outdated {
		if f := t.failed[u]; !f.IsZero() {
			at = upkeep.Earlier(at, f)
		}
	}
	return at
}

// freshen makes the device lists of users current: those that changed and
// those that were never asked for. Users whose homeserver is out of reach
// keep the devices that are known.
func (m *Machine) freshen(ctx context.Context, eng *engine, users []id.UserID) error {
	return m.fetchDevices(ctx, eng, m.tracked.due(users, time.Now()))
}

// fetchDevices asks for device lists and stores them.
//
// Spec: client-server-api#post_matrixclientv3keysquery
func (m *Machine) fetchDevices(ctx context.Context, eng *engine, ask map[id.UserID]uint64) error {
	if len(ask) == 0 {
		return nil
	}
	done, err := m.fetching.Take(ctx)
	if err != nil {
		return fmt.Errorf("fetch device lists: %w", err)
	}
	defer done()
	chunk := make([]id.UserID, 0, queryUsers)
	var failed error
	flush := func() {
		if len(chunk) > 0 && failed == nil {
			failed = m.fetchChunk(ctx, eng, chunk, ask)
		}
		chunk = chunk[:0]
	}
	for u := range ask {
		if chunk = append(chunk, u); len(chunk) == queryUsers {
			flush()
		}
	}
	flush()
	return failed
}

func (m *Machine) fetchChunk(ctx context.Context, eng *engine, users []id.UserID, ask map[id.UserID]uint64) error {
	m.tracked.begin(users)
	defer m.tracked.end(users)
	got := map[id.UserID]bool{}
	p := &probe{lists: &listWork{asked: map[id.UserID]bool{}}}
	for _, u := range users {
		p.lists.asked[u] = true
	}
	err := guard(func() error {
		limited, cancel := context.WithTimeout(withProbe(ctx, p), requestLimit)
		defer cancel()
		data, err := eng.lists.FetchKeys(limited, append([]id.UserID(nil), users...), true)
		for u := range data {
			got[u] = p.lists.asked[u]
		}
		return err
	})
	if errors.Is(err, ErrPanic) && len(users) > 1 {
		// One user's keys have a shape that the library cannot take: find whose.
		half := len(users) / 2
		if err := m.fetchChunk(ctx, eng, users[:half], ask); err != nil {
			return err
		}
		return m.fetchChunk(ctx, eng, users[half:], ask)
	}
	if errors.Is(err, ErrPanic) {
		m.log.Warn("Device keys cannot be read", slog.String("user", string(users[0])))
		err = nil
	}
	if err == nil {
		err = p.err
	}
	if err != nil {
		return fmt.Errorf("fetch device lists: %w", asDamage(err))
	}
	asked := make(map[id.UserID]uint64, len(users))
	for _, u := range users {
		asked[u] = ask[u]
	}
	changed, err := m.takeLists(ctx, p.lists)
	if err != nil {
		return err
	}
	again := m.tracked.done(asked, func(u id.UserID) bool { return got[u] }, time.Now())
	if len(again) > 0 {
		if err := eng.store.MarkTrackedUsersOutdated(ctx, again); err != nil {
			return fmt.Errorf("mark device lists: %w", asDamage(err))
		}
	}
	m.tellPeople(changed...)
	return nil
}
