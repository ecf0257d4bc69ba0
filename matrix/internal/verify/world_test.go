package verify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// world is a homeserver for Managers: it hands messages over at once, in
// order, and does what real ones cannot be made to do. Real ones are in the
// end-to-end tests.
type world struct {
	order sync.Mutex // a room has one order for all
	t     *testing.T
	mu    sync.Mutex
	nodes []*node
	keys  map[chat.UserID]Person
	event int
	// What follows may be set by a test, under mu.
	lost   func(from *node, typ string) bool
	broken func(from *node, typ string) error
	log    []string // who sent what
}

// node is one session with its Manager.
type node struct {
	w       *world
	m       *Manager
	mu      sync.Mutex
	own     Own
	note    []byte
	told    int // how often something was published
	looked  int // how often keys were asked for
	signed  []Verified
	ended   []chat.Verification
	refuse  error // of Confirm
	stop    context.CancelFunc
	stopped chan struct{}
}

// inWorld runs a test in a world, and in a time, of its own.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, &world{t: t, keys: map[chat.UserID]Person{}}) })
}

// two are a session of ada, and another one of hers or of somebody else.
func (w *world) two(other chat.UserID) (a, b *node) {
	return w.session("@ada:x", "A", true), w.session(other, "B", true)
}

// session adds a session of a user and starts its Manager.
func (w *world) session(user chat.UserID, device chat.DeviceID, trusted bool) *node {
	master := testKey(string(user) + " master")
	w.mu.Lock()
	if _, ok := w.keys[user]; !ok {
		w.keys[user] = Person{Master: master, Devices: map[chat.DeviceID]string{}}
	}
	w.keys[user].Devices[device] = testKey(string(device))
	n := &node{w: w, own: Own{User: user, Device: device, Key: testKey(string(device)), Master: master, Trusted: trusted}}
	w.nodes = append(w.nodes, n)
	w.mu.Unlock()
	n.start()
	w.t.Cleanup(n.end)
	return n
}

func (n *node) start() {
	m := New(Options{User: n.own.User, Device: n.own.Device, Keys: n, Transport: n, Store: n, OnChange: n.change})
	n.w.mu.Lock()
	n.m = m
	n.w.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	n.stop, n.stopped = stop, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		if err := m.Run(ctx); err != nil {
			n.w.t.Errorf("Run: %v", err)
		}
	}(n.stopped)
	synctest.Wait()
}

func (n *node) end() {
	n.stop()
	<-n.stopped
}

func (n *node) change(all []chat.Verification) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told++
	for _, v := range all {
		if !v.Open() {
			n.ended = append(n.ended, v)
		}
	}
}

func (n *node) Own(context.Context) (Own, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.own, nil
}

func (n *node) Of(_ context.Context, user chat.UserID, _ chat.DeviceID) (Person, error) {
	n.mu.Lock()
	n.looked++
	n.mu.Unlock()
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	p := n.w.keys[user]
	out := Person{Master: p.Master, Devices: map[chat.DeviceID]string{}}
	for d, k := range p.Devices {
		out.Devices[d] = k
	}
	return out, nil
}

func (n *node) Confirm(_ context.Context, v Verified) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refuse != nil {
		return n.refuse
	}
	n.signed = append(n.signed, v)
	return nil
}

func (n *node) Load(context.Context) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.note, nil
}

func (n *node) Save(_ context.Context, note []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.note = note
	return nil
}

// asked hands over a request between devices, with more fields if there are any.
func (n *node) asked(user chat.UserID, device chat.DeviceID, txn string, at time.Time, more string) {
	n.m.HandleToDevice(ToDevice{Sender: user, Type: typeRequest, Content: jsontext.Value(fmt.Sprintf(
		`{"transaction_id":%q,"from_device":%q,"timestamp":%d,"methods":["m.sas.v1"]%s}`, txn, device, at.UnixMilli(), more))})
}

func (n *node) gate(typ string) (lost bool, err error) {
	w := n.w
	w.log = append(w.log, fmt.Sprintf("%s %s", n.own.Device, typ))
	if w.broken != nil {
		err = w.broken(n, typ)
	}
	return w.lost != nil && w.lost(n, typ), err
}

func (n *node) ToDevice(_ context.Context, _ string, user chat.UserID, devices []chat.DeviceID, typ string, content jsontext.Value) error {
	n.w.mu.Lock()
	lost, err := n.gate(typ)
	var to []*Manager
	for _, o := range n.w.nodes {
		if o.own.User == user && (slices.Contains(devices, o.own.Device) || slices.Contains(devices, "*")) {
			to = append(to, o.m)
		}
	}
	n.w.mu.Unlock()
	if err != nil || lost {
		return err
	}
	for _, o := range to {
		o.HandleToDevice(ToDevice{Sender: n.own.User, Type: typ, Content: content})
	}
	return nil
}

func (n *node) Room(_ context.Context, _ string, room chat.RoomID, typ string, content jsontext.Value) (chat.EventID, error) {
	n.w.order.Lock()
	defer n.w.order.Unlock()
	n.w.mu.Lock()
	lost, err := n.gate(typ)
	n.w.event++
	ev := RoomEvent{Room: room, ID: chat.EventID(fmt.Sprintf("$event%d", n.w.event)), Sender: n.own.User, At: time.Now(), Type: typ, Content: content}
	var to []*Manager
	for _, o := range n.w.nodes {
		to = append(to, o.m)
	}
	n.w.mu.Unlock()
	if err != nil || lost {
		return ev.ID, err
	}
	for _, o := range to {
		o.HandleRoomEvent(ev)
		o.HandleRoomEvent(ev) // history may bring it a second time
	}
	return ev.ID, nil
}

// one returns the only open verification.
func (n *node) one() chat.Verification {
	n.w.t.Helper()
	synctest.Wait()
	var open []chat.Verification
	for _, v := range n.m.List() {
		if v.Open() {
			open = append(open, v)
		}
	}
	if len(open) != 1 {
		n.w.t.Fatalf("%s has %d open verifications: %+v", n.own.Device, len(open), n.m.List())
	}
	return open[0]
}

// last returns how the last verification ended, once nothing is open.
func (n *node) last() chat.Verification {
	n.w.t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, v := range n.m.List() {
		if v.Open() {
			n.w.t.Fatalf("%s still has %+v", n.own.Device, v)
		}
	}
	if len(n.ended) == 0 {
		n.w.t.Fatalf("%s has had no verification", n.own.Device)
	}
	return n.ended[len(n.ended)-1]
}

func (n *node) want(phase chat.VerificationPhase) chat.Verification {
	n.w.t.Helper()
	v := n.one()
	if v.Phase != phase {
		n.w.t.Fatalf("%s is in phase %d, want %d: %+v", n.own.Device, v.Phase, phase, v)
	}
	return v
}

func (n *node) wantEnd(phase chat.VerificationPhase, reason string, byUs bool) {
	n.w.t.Helper()
	if v := n.last(); v.Phase != phase || v.Reason != reason || v.ByUs != byUs {
		n.w.t.Errorf("%s ended in phase %d, %q by us %t, want %d, %q, %t (%v)", n.own.Device, v.Phase, v.Reason, v.ByUs, phase, reason, byUs, v.Problem)
	}
}

// idle says that nothing is there and nothing ended since.
func (n *node) idle() {
	n.w.t.Helper()
	synctest.Wait()
	if l := n.m.List(); len(l) > 0 {
		n.w.t.Errorf("%s has %+v", n.own.Device, l)
	}
}

// compare brings two nodes from ready through emoji to the end.
func compare(a, b *node) {
	a.m.StartSAS(a.want(chat.VerifyReady).ID)
	va, vb := a.want(chat.VerifyCompare), b.want(chat.VerifyCompare)
	if !slices.Equal(va.Emoji, vb.Emoji) || va.Decimals != vb.Decimals {
		a.w.t.Fatalf("they see %v and %v", va, vb)
	}
	a.m.Confirm(va.ID)
	b.m.Confirm(vb.ID)
	synctest.Wait()
}

// slowRoom is a homeserver whose answer to a send takes until release.
type slowRoom struct {
	*node
	release chan struct{}
	after   bool // everybody sees the event before it
}

func (s *slowRoom) Room(ctx context.Context, txn string, room chat.RoomID, typ string, content jsontext.Value) (chat.EventID, error) {
	if !s.after {
		<-s.release
	}
	id, err := s.node.Room(ctx, txn, room, typ, content)
	if s.after {
		<-s.release
	}
	return id, err
}
