package verify

import (
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"hubbub/store/chat"
)

// noon is when the tests of flows take place.
var noonMS = int64(1_800_000_000_000)

// directory is what the homeserver tells about keys; each test may make it lie.
type directory map[chat.UserID]Person

func testKey(name string) string {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return encode(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
}

// end is one flow of a pair, with what it is told about keys.
type end struct {
	*flow
	own     Own
	dir     directory
	inbox   []message
	signed  []Verified
	sent    []step // everything that it sent
	failing error  // of stepConfirm
}

// pair are two flows of one verification. Nothing moves but when a test says so.
type pair struct {
	t    testing.TB
	a, b *end // a asked
	now  time.Time
}

func newEnd(own Own, they chat.UserID, room chat.RoomID, dir directory) *end {
	return &end{own: own, dir: dir, flow: &flow{
		id: string(own.Device), user: they, room: room, txn: "txn1", pins: pins{own: Own{User: own.User, Device: own.Device}},
	}}
}

// people are ada and bo, who verify each other in a room.
func people(t testing.TB) *pair {
	dir := directory{
		"@ada:x": {Master: testKey("ada master"), Devices: map[chat.DeviceID]string{"ADA": testKey("ADA")}},
		"@bo:x":  {Master: testKey("bo master"), Devices: map[chat.DeviceID]string{"BO": testKey("BO")}},
	}
	a := Own{User: "@ada:x", Device: "ADA", Key: testKey("ADA"), Master: testKey("ada master"), Trusted: true}
	b := Own{User: "@bo:x", Device: "BO", Key: testKey("BO"), Master: testKey("bo master"), Trusted: true}
	return newPair(t, a, b, "!room:x", dir)
}

// sessions are two sessions of ada; trusted says which of them know her identity.
func sessions(t testing.TB, trustedA, trustedB bool) *pair {
	dir := directory{"@ada:x": {Master: testKey("ada master"), Devices: map[chat.DeviceID]string{"ONE": testKey("ONE"), "TWO": testKey("TWO")}}}
	a := Own{User: "@ada:x", Device: "ONE", Key: testKey("ONE"), Master: testKey("ada master"), Trusted: trustedA}
	b := Own{User: "@ada:x", Device: "TWO", Key: testKey("TWO"), Master: testKey("ada master"), Trusted: trustedB}
	return newPair(t, a, b, "", dir)
}

func newPair(t testing.TB, a, b Own, room chat.RoomID, dir directory) *pair {
	now := time.UnixMilli(noonMS)
	p := &pair{t: t, now: now, a: newEnd(a, b.User, room, dir), b: newEnd(b, a.User, room, dir)}
	if room != "" {
		p.a.flow.txn = ""
	}
	for _, e := range []*end{p.a, p.b} {
		e.at, e.until = now, now.Add(timeLimit)
	}
	p.a.ask()
	return p
}

// pump carries out what both flows wish, but delivers nothing.
func (p *pair) pump() {
	for moved := true; moved; {
		moved = false
		for _, e := range []*end{p.a, p.b} {
			for len(e.out) > 0 {
				s := e.out[0]
				e.out = e.out[1:]
				p.do(e, s)
				moved = true
			}
		}
	}
}

func (p *pair) other(e *end) *end {
	if e == p.a {
		return p.b
	}
	return p.a
}

func (p *pair) do(e *end, s step) {
	device := e.device
	switch s.kind {
	case stepPin, stepCheck:
		they := e.dir[e.user]
		var devices []chat.DeviceID
		for d := range they.Devices {
			devices = append(devices, d)
		}
		slices.Sort(devices)
		now := pinsOf(e.own, they, e.user, device)
		if s.kind == stepPin {
			e.pinned(now, devices, p.now)
		} else {
			e.checked(now)
		}
	case stepConfirm:
		if e.failing != nil {
			e.fail(e.failing)
			return
		}
		e.signed = append(e.signed, s.verified)
		e.confirmed()
	case stepSend:
		e.sent = append(e.sent, s)
		m, err := parse(s.typ, "", s.content)
		if err != nil {
			p.t.Fatalf("sent what cannot be read: %v in %s", err, s.content)
		}
		o := p.other(e)
		if s.typ == typeRequest || s.typ == typeMessage {
			if s.typ == typeMessage {
				e.flow.sent("$request")
				o.txn = "$request"
			}
			o.hear(m)
			return
		}
		o.inbox = append(o.inbox, m)
	}
}

// deliver hands one waiting message over.
func (e *end) deliver() {
	m := e.inbox[0]
	e.inbox = e.inbox[1:]
	e.receive(m)
}

// settle delivers everything in order until nothing moves.
func (p *pair) settle() {
	for p.pump(); len(p.a.inbox)+len(p.b.inbox) > 0; p.pump() {
		for _, e := range []*end{p.a, p.b} {
			if len(e.inbox) > 0 {
				e.deliver()
			}
		}
	}
}

// meet brings both to the point where a way is chosen.
func (p *pair) meet() *pair {
	p.t.Helper()
	p.settle()
	p.b.accept()
	p.settle()
	p.want(stateReady, stateReady)
	return p
}

func (p *pair) want(a, b state) {
	p.t.Helper()
	if p.a.state != a || p.b.state != b {
		p.t.Fatalf("states %s (%s) and %s (%s), want %s and %s", p.a.state, p.a.reason, p.b.state, p.b.reason, a, b)
	}
}

// wantVerified checks what each of them signed.
func (e *end) wantVerified(t testing.TB, want Verified) {
	t.Helper()
	if len(e.signed) != 1 || e.signed[0] != want {
		t.Errorf("%s signed %+v, want %+v", e.own.Device, e.signed, want)
	}
}
