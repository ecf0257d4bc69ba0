package verify

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// rewrite changes the content of the next message of a type on its way.
func rewrite(t *testing.T, m message, change func(map[string]any)) message {
	t.Helper()
	var c map[string]any
	if err := json.Unmarshal(m.raw, &c); err != nil {
		t.Fatal(err)
	}
	change(c)
	raw, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	out, err := parse(m.typ, m.device, jsontext.Value(raw))
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return out
}

// TestTamperedMessages changes one field of one message; nothing gets signed, and the reason is told.
func TestTamperedMessages(t *testing.T) {
	set := func(field string, value any) func(map[string]any) {
		return func(c map[string]any) { c[field] = value }
	}
	macs := func(change func(map[string]any)) func(map[string]any) {
		return func(c map[string]any) { change(c["mac"].(map[string]any)) }
	}
	for _, c := range []struct {
		name   string
		typ    string
		change func(map[string]any)
		reason string
	}{
		{"start: field added", typeStart, set("x", 1), codeCommitment},
		{"start: method removed", typeStart, set("message_authentication_codes", []string{oldMAC}), codeCommitment},
		{"start: no MAC method", typeStart, set("message_authentication_codes", []string{"hmac-md5"}), codeMethod},
		{"start: no agreement", typeStart, set("key_agreement_protocols", []string{"curve25519"}), codeMethod},
		{"start: no hash", typeStart, set("hashes", []string{"sha1"}), codeMethod},
		{"start: no strings", typeStart, set("short_authentication_string", []string{"colours"}), codeMethod},
		{"start: method", typeStart, set("method", "m.telepathy.v1"), codeMethod},
		{"start: another session", typeStart, set("from_device", "OTHER"), codeKey},
		{"start: reciprocate", typeStart, func(c map[string]any) { c["method"], c["secret"] = methodReciprocate, "AAAA" }, codeKey},
		{"start: not an object", typeStart, set("hashes", "sha256"), codeInvalid},
		{"ready: no methods", typeReady, set("methods", []string{}), codeMethod},
		{"ready: methods missing", typeReady, func(c map[string]any) { delete(c, "methods") }, codeInvalid},
		{"ready: unknown session", typeReady, set("from_device", "OTHER"), codeKey},
		{"accept: commitment", typeAccept, set("commitment", encode(make([]byte, 32))), codeCommitment},
		{"accept: no commitment", typeAccept, set("commitment", ""), codeInvalid},
		{"accept: agreement", typeAccept, set("key_agreement_protocol", "curve25519"), codeMethod},
		{"accept: hash", typeAccept, set("hash", "md5"), codeMethod},
		{"accept: MAC method", typeAccept, set("message_authentication_code", "hmac-md5"), codeMethod},
		{"accept: older MAC method", typeAccept, set("message_authentication_code", oldMAC), codeKey},
		{"accept: strings", typeAccept, set("short_authentication_string", []string{"colours", "emoji"}), codeMethod},
		{"key: another", typeKey, set("key", testKey("mallory")), ""},
		{"key: zero", typeKey, set("key", encode(make([]byte, 32))), codeInvalid},
		{"mac: list", typeMAC, set("keys", encode(make([]byte, 32))), codeKey},
		{"mac: empty", typeMAC, set("mac", map[string]any{}), codeInvalid},
		{"mac: key added", typeMAC, macs(func(m map[string]any) { m["ed25519:MORE"] = encode(make([]byte, 32)) }), codeKey},
		{"mac: key removed", typeMAC, macs(func(m map[string]any) {
			for id := range m {
				if len(id) > len("ed25519:ADA") {
					delete(m, id)
				}
			}
		}), codeKey},
		{"mac: value", typeMAC, macs(func(m map[string]any) {
			for id := range m {
				m[id] = encode(make([]byte, 32))
			}
		}), codeKey},
		{"mac: renamed", typeMAC, macs(func(m map[string]any) {
			for id, v := range m {
				delete(m, id)
				m["ed25519:"+testKey("mallory")] = v
				break
			}
		}), codeKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := people(t)
			p.settle()
			p.b.accept()
			began := false
			for steps := 0; steps < 100; steps++ {
				p.pump()
				if p.a.state == stateReady && p.b.state == stateReady && !began {
					began = true
					p.a.begin()
					continue
				}
				for _, e := range []*end{p.a, p.b} {
					if e.state == stateCompare {
						e.confirm()
						continue
					}
					if len(e.inbox) > 0 {
						if e.inbox[0].typ == c.typ {
							e.inbox[0] = rewrite(t, e.inbox[0], c.change)
						}
						e.deliver()
					}
				}
			}
			if len(p.a.signed)+len(p.b.signed) > 0 {
				t.Fatalf("signed %v %v", p.a.signed, p.b.signed)
			}
			p.want(stateCancelled, stateCancelled)
			if c.reason != "" && p.a.reason != c.reason && p.b.reason != c.reason {
				t.Errorf("reasons %s, %s, want %s", p.a.reason, p.b.reason, c.reason)
			}
		})
	}
}

// TestOldMACMethod: with a client that knows only the method with the mistake in its base64.
func TestOldMACMethod(t *testing.T) {
	p := people(t).meet()
	p.a.begin()
	p.pump()
	// As such a client would have sent it: what is committed to is the same on both sides.
	old := rewrite(t, p.b.inbox[0], func(c map[string]any) { c["message_authentication_codes"] = []string{oldMAC} })
	p.b.inbox[0], p.a.start = old, old.raw
	p.settle()
	if p.a.mac != oldMAC || p.b.mac != oldMAC {
		t.Fatalf("methods %s %s", p.a.mac, p.b.mac)
	}
	p.a.confirm()
	p.b.confirm()
	p.settle()
	p.want(stateDone, stateDone)
}
