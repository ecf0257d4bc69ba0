package verify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hubbub/matrix/internal/upkeep"
	"hubbub/store/chat"
)

// Options are what New needs.
type Options struct {
	User      chat.UserID
	Device    chat.DeviceID
	Keys      Keys
	Transport Transport
	Store     Store
	// OnChange gets what is open, and what has ended since the last call. It is
	// called from Run's goroutine and must not block. It may be nil.
	OnChange func([]chat.Verification)
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger     // may be nil
}

// Manager runs verifications. Its methods may be called from any goroutine;
// intents are queued for Run, and do nothing for an id that is not open.
type Manager struct {
	opt  Options
	log  *slog.Logger
	wake upkeep.Bell

	mu     sync.Mutex
	queue  []func(context.Context) // for Run; guarded by mu
	remote int                     // how many of them came from outside; guarded by mu
	list   []chat.Verification     // guarded by mu

	// Owned by Run's goroutine.
	flows   []*flow // in the order of their beginning
	early   []RoomEvent
	gone    []goneKey // oldest first
	answers []time.Time
	asks    []ask    // requests that were looked at in the last timeLimit
	revoked []string // ids that were cancelled before they began
	ended   []chat.Verification
	last    []chat.Verification // what OnChange got
	answer  bool                // OnChange is to be called whether or not something changed
	note    []byte              // what Store has
	crash   error
	running sync.WaitGroup
}

// New returns a Manager. It starts nothing.
func New(opt Options) *Manager {
	m := &Manager{opt: opt, log: opt.Log, wake: upkeep.NewBell()}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.opt.Now == nil {
		m.opt.Now = time.Now
	}
	return m
}

// Run does the work until ctx ends, and returns nil then.
func (m *Manager) Run(ctx context.Context) error {
	defer m.running.Wait()
	// What has ended tells the other side so after the end of ctx too.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	m.restore(work)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for m.crash == nil {
		m.settle(work)
		if next := m.next(); next > 0 {
			timer.Reset(next)
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			m.farewell(work)
			return nil
		case <-timer.C:
		case <-m.wake:
			for _, fn := range m.drain() {
				fn(work)
			}
		}
	}
	return m.crash
}

// farewellLimit is how long the end of the program waits for what has ended.
const farewellLimit = 2 * time.Second

// farewell lets verifications that have ended tell the other side, which would
// wait for an answer until the time is up. What is open goes on after a restart.
func (m *Manager) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewellLimit)
	defer cancel()
	for {
		for _, fn := range m.drain() {
			fn(ctx)
		}
		m.settle(ctx)
		if !slices.ContainsFunc(m.flows, func(f *flow) bool { return f.ended() && (f.busy || len(f.out) > 0) }) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		}
	}
}

// post queues work for Run.
func (m *Manager) post(fn func(context.Context)) {
	m.mu.Lock()
	m.queue = append(m.queue, fn)
	m.mu.Unlock()
	m.wake.Ring()
}

// postRemote queues work that somebody else causes, within a limit.
func (m *Manager) postRemote(fn func(context.Context)) {
	m.mu.Lock()
	full := m.remote >= maxQueue
	if !full {
		m.remote++
	}
	m.mu.Unlock()
	if full {
		m.log.Warn("Verification event dropped, too many wait")
		return
	}
	m.post(fn)
}

func (m *Manager) drain() []func(context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue, m.remote = nil, 0
	return q
}

// NewID makes the id of a verification that Begin will begin.
func NewID() string { return rand.Text() }

// Request is Begin with a new id, which it returns. Intent.
func (m *Manager) Request(user chat.UserID, device chat.DeviceID, room chat.RoomID) (id string) {
	id = NewID()
	m.Begin(id, user, device, room)
	return id
}

// Begin asks for a verification of an own session (device, or all of them
// when it is "") between devices, or of a person in a room. The id is for the
// other intents. Intent.
func (m *Manager) Begin(id string, user chat.UserID, device chat.DeviceID, room chat.RoomID) {
	m.post(func(context.Context) {
		if f := m.offer(user, device, room); f != nil {
			f.id, f.auto = id, true
			return
		}
		now := m.opt.Now()
		f := m.newFlow(id, user, room)
		f.target, f.at, f.until = device, now, now.Add(timeLimit)
		if slices.Contains(m.revoked, id) {
			f.end(codeUser, true, nil)
			return
		}
		if room == "" {
			f.txn = rand.Text()
		}
		f.ask()
	})
}

// Accept answers a request. Intent.
func (m *Manager) Accept(id string) { m.with(id, (*flow).accept) }

// StartSAS begins the comparison of emoji and numbers. Intent.
func (m *Manager) StartSAS(id string) { m.with(id, (*flow).begin) }

// Scan hands over the payload of a code that the other side shows. What is
// wrong with it appears as the verification's Problem; only keys that differ
// end it. Intent.
func (m *Manager) Scan(id string, payload []byte) {
	c, err := parseCode(payload)
	m.with(id, func(f *flow) { f.scan(c, err) })
}

// Confirm says that what is compared is the same, or that the other side has
// scanned the code. Intent.
func (m *Manager) Confirm(id string) { m.with(id, (*flow).confirm) }

// Deny says that what is compared is different, or that the other side has not
// scanned the code. Intent.
func (m *Manager) Deny(id string) { m.with(id, (*flow).deny) }

// Cancel ends a verification, or declines a request. One that is yet to begin
// will not. Intent.
func (m *Manager) Cancel(id string) {
	m.post(func(context.Context) {
		m.answer = true
		if f := m.open(id); f != nil {
			f.cancel(codeUser, nil)
			return
		}
		if !slices.ContainsFunc(m.ended, func(v chat.Verification) bool { return v.ID == id }) {
			m.revoked = append(m.revoked, id)
			m.revoked = m.revoked[max(0, len(m.revoked)-maxEnded):]
		}
	})
}

// PeopleChanged says that the keys of users may have become others. Verifications
// with them are cancelled if so; for the own user, all are looked at. Intent.
func (m *Manager) PeopleChanged(users ...chat.UserID) {
	m.post(func(context.Context) {
		for _, f := range m.flows {
			if !f.ended() && (slices.Contains(users, f.user) || slices.Contains(users, m.opt.User)) && !f.waitsFor(stepCheck) {
				f.out = append(f.out, step{kind: stepCheck})
			}
		}
	})
}

// List returns what is open, and what has ended lately.
func (m *Manager) List() []chat.Verification {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.list)
}

// with applies a decision of our person. It is answered on OnChange also where
// it changes nothing: the screen waits for that.
func (m *Manager) with(id string, fn func(*flow)) {
	m.post(func(context.Context) {
		m.answer = true
		if f := m.open(id); f != nil {
			fn(f)
		}
	})
}

// first returns the first verification that fits, or nil.
func (m *Manager) first(fits func(f *flow) bool) *flow {
	if i := slices.IndexFunc(m.flows, fits); i >= 0 {
		return m.flows[i]
	}
	return nil
}

// open returns the open verification with an id: one that gave way to another has ended.
func (m *Manager) open(id string) *flow {
	return m.first(func(f *flow) bool { return f.id == id && !f.ended() })
}

func (m *Manager) newFlow(id string, user chat.UserID, room chat.RoomID) *flow {
	f := &flow{id: id, user: user, room: room, pins: pins{own: Own{User: m.opt.User, Device: m.opt.Device}}}
	m.flows = append(m.flows, f)
	return f
}
