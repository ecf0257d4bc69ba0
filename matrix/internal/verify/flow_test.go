package verify

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// compareOn brings a pair to where both see the strings.
func (p *pair) compareOn() *pair {
	p.t.Helper()
	p.meet()
	p.a.begin()
	p.settle()
	p.want(stateCompare, stateCompare)
	if !reflect.DeepEqual(p.a.emoji, p.b.emoji) || p.a.decimals != p.b.decimals || len(p.a.emoji) != 7 {
		p.t.Fatalf("they see %v %v and %v %v", p.a.emoji, p.a.decimals, p.b.emoji, p.b.decimals)
	}
	return p
}

func TestEmojiWithAPerson(t *testing.T) {
	p := people(t).compareOn()
	p.a.confirm()
	p.settle()
	p.want(stateAgreed, stateCompare)
	if len(p.a.signed)+len(p.b.signed) > 0 {
		t.Error("signed before both agreed")
	}
	p.b.confirm()
	p.settle()
	p.want(stateDone, stateDone)
	p.a.wantVerified(t, Verified{User: "@bo:x", Device: "BO", DeviceKey: testKey("BO"), MasterKey: testKey("bo master")})
	p.b.wantVerified(t, Verified{User: "@ada:x", Device: "ADA", DeviceKey: testKey("ADA"), MasterKey: testKey("ada master")})
}

func TestEmojiBetweenOwnSessions(t *testing.T) {
	p := sessions(t, true, false).compareOn()
	p.b.confirm()
	p.a.confirm()
	p.settle()
	p.want(stateDone, stateDone)
	p.a.wantVerified(t, Verified{User: "@ada:x", Own: true, Device: "TWO", DeviceKey: testKey("TWO")})
	p.b.wantVerified(t, Verified{User: "@ada:x", Own: true, Device: "ONE", DeviceKey: testKey("ONE"), MasterKey: testKey("ada master")})
}

// TestNothingComesOfTwoStrangers: two sessions that do not know the identity cannot tell each other whose it is.
func TestNothingComesOfTwoStrangers(t *testing.T) {
	p := sessions(t, false, false).compareOn()
	p.a.confirm()
	p.b.confirm()
	p.settle()
	p.want(stateCancelled, stateCancelled)
	if len(p.a.signed)+len(p.b.signed) > 0 || !slices.ContainsFunc([]*end{p.a, p.b}, func(e *end) bool {
		return e.problem != nil && e.problem.Kind == chat.ProblemUnverified
	}) {
		t.Errorf("signed %v %v, problems %v %v", p.a.signed, p.b.signed, p.a.problem, p.b.problem)
	}
}

func TestBothBeginAtOnce(t *testing.T) {
	for name, make := range map[string]func() *pair{
		"people": func() *pair { return people(t) }, "sessions": func() *pair { return sessions(t, true, false) },
	} {
		p := make().meet()
		p.a.begin()
		p.b.begin()
		p.settle()
		if !p.a.starter || p.b.starter {
			t.Errorf("%s: the start of the smaller id does not count", name)
		}
		if !reflect.DeepEqual(p.a.emoji, p.b.emoji) || p.a.state != stateCompare {
			t.Errorf("%s: %s %s, they see %v and %v", name, p.a.state, p.b.state, p.a.emoji, p.b.emoji)
		}
	}
}

func TestCodes(t *testing.T) {
	ada, bo := testKey("ada master"), testKey("bo master")
	for _, c := range []struct {
		name          string
		p             *pair
		mode          mode
		shower, taker Verified
	}{
		{
			"people", people(t), modePerson,
			Verified{User: "@bo:x", Device: "BO", MasterKey: bo},
			Verified{User: "@ada:x", Device: "ADA", MasterKey: ada},
		},
		{
			"shown by a trusted session", sessions(t, true, false), modeTrusted,
			Verified{User: "@ada:x", Own: true, Device: "TWO", DeviceKey: testKey("TWO")},
			Verified{User: "@ada:x", Own: true, Device: "ONE", MasterKey: ada},
		},
		{
			"shown by a new session", sessions(t, false, true), modeUntrusted,
			Verified{User: "@ada:x", Own: true, Device: "TWO", MasterKey: ada},
			Verified{User: "@ada:x", Own: true, Device: "ONE", DeviceKey: testKey("ONE")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.p.meet()
			payload := p.a.view().Code
			got, err := parseCode(payload)
			if err != nil || got.mode != c.mode {
				t.Fatalf("mode %d, %v", got.mode, err)
			}
			p.b.scan(parseCode(payload))
			p.settle()
			p.want(stateScanned, stateTook)
			p.a.confirm()
			p.settle()
			p.want(stateDone, stateDone)
			p.a.wantVerified(t, c.shower)
			p.b.wantVerified(t, c.taker)
		})
	}
}

func TestBothScanAtOnce(t *testing.T) {
	p := people(t).meet()
	ca, cb := p.a.view().Code, p.b.view().Code
	p.a.scan(parseCode(cb))
	p.b.scan(parseCode(ca))
	p.settle()
	p.want(stateTook, stateScanned)
	p.b.confirm()
	p.settle()
	p.want(stateDone, stateDone)
	p.a.wantVerified(t, Verified{User: "@bo:x", Device: "BO", MasterKey: testKey("bo master")})
	p.b.wantVerified(t, Verified{User: "@ada:x", Device: "ADA", MasterKey: testKey("ada master")})
}

// TestOneScansTheOtherBegins: two methods at once end it.
func TestOneScansTheOtherBegins(t *testing.T) {
	p := people(t).meet()
	p.b.scan(parseCode(p.a.view().Code))
	p.a.begin()
	p.settle()
	p.want(stateCancelled, stateCancelled)
	if p.a.reason != codeUnexpected && p.b.reason != codeUnexpected {
		t.Errorf("reasons %s, %s", p.a.reason, p.b.reason)
	}
}

func TestCodesThatAreRefused(t *testing.T) {
	good := func() (*pair, code) {
		p := people(t).meet()
		c, err := parseCode(p.a.view().Code)
		if err != nil {
			t.Fatal(err)
		}
		return p, c
	}
	for name, change := range map[string]func(*code){
		"of another verification": func(c *code) { c.txn = "$other" },
		"for own sessions":        func(c *code) { c.mode = modeTrusted },
	} {
		p, c := good()
		change(&c)
		p.b.scan(c, nil)
		p.settle()
		p.want(stateReady, stateReady)
		if pr := p.b.view().Problem; pr == nil || pr.Kind != chat.ProblemBadInput {
			t.Errorf("%s: problem %v", name, pr)
		}
		p.b.scan(parseCode(p.a.view().Code)) // and the right one after it
		p.settle()
		p.want(stateScanned, stateTook)
	}
	for name, change := range map[string]func(*code){
		"their key": func(c *code) { c.key1 = testKey("mallory") },
		"our key":   func(c *code) { c.key2 = testKey("mallory") },
		"swapped":   func(c *code) { c.key1, c.key2 = c.key2, c.key1 },
	} {
		p, c := good()
		change(&c)
		p.b.scan(c, nil)
		p.settle()
		if p.a.state != stateCancelled || p.b.reason != codeKey || !p.b.byUs || p.a.reason != codeKey || p.a.byUs {
			t.Errorf("%s: %s %s, %s %s", name, p.a.state, p.a.reason, p.b.state, p.b.reason)
		}
	}
	p, c := good()
	c.secret[0]++
	p.b.scan(c, nil)
	p.settle()
	if p.a.state != stateCancelled || p.a.reason != codeKey || len(p.a.signed)+len(p.b.signed) > 0 {
		t.Errorf("wrong secret: %s %s", p.a.state, p.a.reason)
	}
	// Two sessions that do not know the identity.
	q := sessions(t, false, false).meet()
	q.b.scan(parseCode(q.a.view().Code))
	if q.b.state != stateReady || q.b.problem == nil || q.b.problem.Kind != chat.ProblemUnverified {
		t.Errorf("two strangers: %s %v", q.b.state, q.b.problem)
	}
}

func TestDifferentStrings(t *testing.T) {
	p := people(t).compareOn()
	p.b.confirm()
	p.settle()
	p.a.deny()
	p.settle()
	p.want(stateCancelled, stateCancelled)
	if p.a.reason != codeSAS || p.b.reason != codeSAS || !p.a.byUs || p.b.byUs {
		t.Errorf("%s %t, %s %t", p.a.reason, p.a.byUs, p.b.reason, p.b.byUs)
	}
}

// TestSwappedKeysEndIt: the homeserver shows the two sides other keys than they have.
func TestSwappedKeysEndIt(t *testing.T) {
	for name, lie := range map[string]func(directory){
		"session": func(d directory) { d["@ada:x"].Devices["ADA"] = testKey("mallory") },
		"identity": func(d directory) {
			d["@ada:x"] = Person{Master: testKey("mallory"), Devices: d["@ada:x"].Devices}
		},
		"both": func(d directory) {
			d["@ada:x"] = Person{Master: testKey("mallory"), Devices: map[chat.DeviceID]string{"ADA": testKey("mallory")}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := people(t)
			p.b.dir = directory{"@ada:x": {Master: testKey("ada master"), Devices: map[chat.DeviceID]string{"ADA": testKey("ADA")}}}
			lie(p.b.dir)
			p.meet()
			p.a.begin()
			p.settle()
			p.a.confirm()
			p.b.confirm()
			p.settle()
			p.want(stateCancelled, stateCancelled)
			if p.b.reason != codeKey || len(p.a.signed)+len(p.b.signed) > 0 {
				t.Errorf("%s %s, signed %v %v", p.a.reason, p.b.reason, p.a.signed, p.b.signed)
			}
		})
		t.Run(name+" with a code", func(t *testing.T) {
			if name == "session" {
				return // between people a code holds master keys only
			}
			p := people(t)
			p.b.dir = directory{"@ada:x": {Master: testKey("ada master"), Devices: map[chat.DeviceID]string{"ADA": testKey("ADA")}}}
			lie(p.b.dir)
			p.meet()
			p.a.scan(parseCode(p.b.view().Code))
			p.settle()
			p.want(stateCancelled, stateCancelled)
			if p.a.reason != codeKey || len(p.a.signed)+len(p.b.signed) > 0 {
				t.Errorf("%s, signed %v %v", p.a.reason, p.a.signed, p.b.signed)
			}
		})
	}
}

// TestKeysThatChangeInBetween: at whatever moment the homeserver gives another key, nothing is signed.
func TestKeysThatChangeInBetween(t *testing.T) {
	for moment := range 5 {
		for name, change := range map[string]func(*end){
			"session":  func(e *end) { e.dir[e.user].Devices[e.device] = testKey("mallory") },
			"gone":     func(e *end) { delete(e.dir[e.user].Devices, e.device) },
			"identity": func(e *end) { e.dir[e.user] = Person{Master: testKey("mallory"), Devices: e.dir[e.user].Devices} },
			"own":      func(e *end) { e.own.Master = testKey("mallory") },
		} {
			p := people(t)
			dir := directory{}
			for u, k := range p.a.dir {
				dir[u] = k
			}
			p.a.dir = dir
			at := func(n int) {
				if n == moment {
					change(p.a)
				}
			}
			p.meet()
			at(0)
			p.a.begin()
			p.settle()
			at(1)
			p.b.confirm()
			p.settle()
			at(2)
			p.a.confirm()
			at(3)
			p.settle()
			if moment == 4 { // told of it while it goes on
				p = people(t).compareOn()
				change(p.a)
				p.a.out = append(p.a.out, step{kind: stepCheck})
				p.settle()
			}
			if p.a.state != stateCancelled || p.a.reason != codeKey || len(p.a.signed) > 0 || !errors.Is(p.a.problem, ErrKeysChanged) {
				t.Errorf("%s changed at %d: %s %s, signed %v", name, moment, p.a.state, p.a.reason, p.a.signed)
			}
		}
	}
}

// TestSessionNamedLikeAnIdentity: key ids of sessions and identities share a name space.
func TestSessionNamedLikeAnIdentity(t *testing.T) {
	p := people(t)
	p.a.dir["@bo:x"].Devices[chat.DeviceID(testKey("bo master"))] = testKey("mallory")
	p.settle()
	if p.a.state != stateCancelled || p.a.reason != codeKey {
		t.Errorf("%s %s", p.a.state, p.a.reason)
	}
}

// TestMessagesOutOfTurn: what can only be a mistake or an attack ends it; what another session of theirs says does not.
func TestMessagesOutOfTurn(t *testing.T) {
	msg := func(typ, raw string) message {
		m, err := parse(typ, "", jsontext.Value(raw))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	key := msg(typeKey, `{"m.relates_to":{"rel_type":"m.reference","event_id":"$request"},"key":"`+testKey("x")+`"}`)
	p := people(t).meet()
	p.a.receive(key)
	p.settle()
	if p.a.reason != codeUnexpected || p.b.reason != codeUnexpected {
		t.Errorf("key before start: %s %s", p.a.reason, p.b.reason)
	}
	p = people(t).compareOn()
	p.a.receive(key)
	p.settle()
	if p.a.reason != codeUnexpected || len(p.a.signed) > 0 {
		t.Errorf("second key: %s %s", p.a.state, p.a.reason)
	}
	p = people(t).meet()
	p.a.receive(msg(typeReady, `{"from_device":"TABLET","methods":["m.sas.v1"]}`))
	if p.a.state != stateReady || p.a.device != "BO" {
		t.Errorf("a second session answers: %s, with %s", p.a.state, p.a.device)
	}
	p = people(t).compareOn()
	fake := msg(typeKey, `{"key":"`+testKey("x")+`"}`)
	fake.device = "OTHER"
	p.a.receive(fake)
	if p.a.state != stateCompare {
		t.Errorf("message provably of another session: %s %s", p.a.state, p.a.reason)
	}
}

// TestEarlyMessagesWait: in a room, a message may be readable before the one before it.
func TestEarlyMessagesWait(t *testing.T) {
	p := people(t)
	p.settle()
	p.b.accept()
	p.pump()
	p.b.begin()
	p.pump()
	slices.Reverse(p.a.inbox) // start before ready
	p.settle()
	p.want(stateCompare, stateCompare)
	p.b.confirm()
	p.pump()
	p.a.confirm()
	p.settle()
	p.want(stateDone, stateDone)
}

// TestSecretsAreNotPrinted: whatever is printed of a flow holds no secret of it.
func TestSecretsAreNotPrinted(t *testing.T) {
	p := people(t).compareOn()
	q := people(t).meet()
	for _, s := range []string{p.a.key.String(), p.a.key.GoString(), p.a.key.LogValue().String(), q.a.shown.String(), q.a.shown.GoString(), q.a.shown.LogValue().String()} {
		if strings.Contains(s, encode(p.a.key.shared)) || len(s) > 20 {
			t.Errorf("printed %s", s)
		}
	}
}
