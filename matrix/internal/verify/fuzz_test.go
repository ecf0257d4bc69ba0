package verify

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// FuzzTwoSides runs a verification over a homeserver that drops, repeats,
// reorders and changes messages, with people who press whatever they like. As
// long as they say "same" only when it is the same, only true keys are signed.
func FuzzTwoSides(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint8(seed), uint8(8*(seed%4)))
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind, malice uint8) {
		r := rand.New(rand.NewPCG(seed, 1))
		var p *pair
		switch kind % 4 {
		case 0:
			p = people(t)
		case 1:
			p = sessions(t, true, false)
		case 2:
			p = sessions(t, false, true)
		case 3:
			p = sessions(t, true, true)
		}
		for range 120 {
			p.pump()
			if r.IntN(3) > 0 {
				act(p, p.pick(r), r)
				continue
			}
			p.travel(p.pick(r), r, malice)
		}
		p.pump()
		for _, e := range []*end{p.a, p.b} {
			e.tick(p.now.Add(timeLimit))
			p.pump()
			if !e.ended() {
				t.Errorf("%s is still open: %s", e.own.Device, e.state)
			}
			p.checkSigned(t, e)
		}
		// The last message may always be missing: who waited for it has given up, or was told to.
		waited := func(e *end) bool { return e.reason == codeTimeout || e.reason == codeUser }
		if malice == 0 && (p.a.state == stateDone) != (p.b.state == stateDone) && !waited(p.a) && !waited(p.b) {
			t.Errorf("one is done and the other is not: %s %s, %s %s", p.a.state, p.a.reason, p.b.state, p.b.reason)
		}
	})
}

func (p *pair) pick(r *rand.Rand) *end {
	if r.IntN(2) == 0 {
		return p.a
	}
	return p.b
}

// act is something that a person does. They are honest about what they compare.
func act(p *pair, e *end, r *rand.Rand) {
	o := p.other(e)
	switch r.IntN(12) {
	case 0, 1, 2:
		e.accept()
	case 3, 4:
		e.begin()
	case 5:
		if o.payload != nil {
			e.scan(parseCode(o.payload))
		}
	case 6, 7, 8, 9:
		switch e.state {
		case stateCompare:
			if reflect.DeepEqual(e.emoji, o.emoji) && e.decimals == o.decimals {
				e.confirm()
			} else if o.emoji != nil {
				e.deny()
			}
		case stateScanned:
			if o.state == stateTook {
				e.confirm()
			} else {
				e.deny()
			}
		}
	case 10:
		e.out = append(e.out, step{kind: stepCheck})
	case 11:
		if r.IntN(30) == 0 {
			e.cancel(codeUser, nil)
		}
	}
}

// travel brings one message on its way, or what the homeserver makes of it.
func (p *pair) travel(e *end, r *rand.Rand, malice uint8) {
	if len(e.inbox) == 0 {
		return
	}
	if uint8(r.IntN(64)) >= malice {
		e.deliver()
		return
	}
	switch r.IntN(5) {
	case 0:
		e.inbox = e.inbox[1:]
	case 1:
		e.inbox = append(e.inbox, e.inbox[0])
		e.deliver()
	case 2:
		e.inbox = append(e.inbox[1:], e.inbox[0])
	case 3:
		e.inbox[0] = tamper(e.inbox[0], r)
		e.deliver()
	case 4:
		o := p.other(e)
		if len(o.sent) > 0 { // back to who sent it
			s := o.sent[r.IntN(len(o.sent))]
			if m, err := parse(s.typ, "", s.content); err == nil && s.typ != typeRequest && s.typ != typeMessage {
				o.receive(m)
			}
		}
	}
}

// tamper changes one field.
func tamper(m message, r *rand.Rand) message {
	var c map[string]any
	if json.Unmarshal(m.raw, &c) != nil || len(c) == 0 {
		return m
	}
	for field := range c {
		switch r.IntN(6) {
		case 0:
			delete(c, field)
		case 1:
			c[field] = testKey("mallory")
		case 2:
			c[field] = []string{"x"}
		case 3:
			c[field] = map[string]string{"ed25519:ADA": testKey("mallory")}
		case 4:
			c[field] = 7
		case 5:
			c["more"] = "x"
		}
		break
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return m
	}
	out, err := parse(m.typ, m.device, jsontext.Value(raw))
	if err != nil {
		return m
	}
	return out
}

// checkSigned: whatever happened, only true keys are signed, once, and something useful.
func (p *pair) checkSigned(t *testing.T, e *end) {
	o := p.other(e)
	if len(e.signed) > 1 || (len(e.signed) == 1) != (e.state == stateDone) {
		t.Errorf("%s signed %d times, state %s", e.own.Device, len(e.signed), e.state)
	}
	for _, v := range e.signed {
		if (v.DeviceKey != "" && v.DeviceKey != o.own.Key) || (v.MasterKey != "" && v.MasterKey != o.own.Master) ||
			v.User != o.own.User || v.Device != o.own.Device || (v.MasterKey == "" && v.DeviceKey == "") {
			t.Errorf("%s signed %+v", e.own.Device, v)
		}
	}
}

// FuzzCode reads payloads of any shape, and writes back what it read.
func FuzzCode(f *testing.F) {
	c := code{mode: modePerson, txn: "$request", key1: testKey("a"), key2: testKey("b"), secret: make([]byte, 16)}
	good, err := c.bytes()
	if err != nil {
		f.Fatal(err)
	}
	for n := range len(good) {
		f.Add(good[:n])
	}
	long := append([]byte(codeHead+"\x00\xff\xfe"), make([]byte, 70000)...)
	f.Add(good)
	f.Add(long)
	f.Add(long[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCode(b)
		if err != nil {
			return
		}
		again, err := c.bytes()
		if err != nil || string(again) != string(b) {
			t.Errorf("%x reads and writes as %x, %v", b, again, err)
		}
	})
}

// FuzzMessage takes in contents of any shape at any moment.
func FuzzMessage(f *testing.F) {
	f.Add(uint8(0), "m.key.verification.start", []byte(`{"from_device":"BO","method":"m.sas.v1"}`))
	f.Add(uint8(1), "m.key.verification.mac", []byte(`{"mac":{"":""},"keys":"x"}`))
	f.Add(uint8(2), "m.key.verification.key", []byte(`{"key":"AAAA"}`))
	f.Add(uint8(2), "m.key.verification.cancel", []byte(`null`))
	f.Fuzz(func(t *testing.T, moment uint8, typ string, raw []byte) {
		p := people(t)
		switch moment % 4 {
		case 1:
			p.settle()
		case 2:
			p.meet()
		case 3:
			p.compareOn()
		}
		m, err := parse(typ, "", raw)
		if err != nil {
			return
		}
		if full, err := withRelation(raw, "$request"); err == nil {
			m.raw = full
		}
		p.a.receive(m)
		p.b.receive(m)
		p.a.takeOwn(m)
		p.settle()
		if len(p.a.signed)+len(p.b.signed) > 0 {
			t.Error("signed")
		}
	})
}
