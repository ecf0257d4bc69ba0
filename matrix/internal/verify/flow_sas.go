package verify

import (
	"crypto/hmac"
	"slices"
)

// startSAS begins the comparison of emoji and numbers.
//
// Spec: client-server-api#mkeyverificationstartmsasv1
func (f *flow) startSAS() {
	c := content{
		From: f.pins.own.Device, Method: methodSAS,
		Agreements: []string{agreement}, Hashes: []string{hashMethod},
		MACMethods: []string{macMethod, oldMAC}, SAS: []string{sasDecimal, sasEmoji},
	}
	f.start, f.starter, f.state = f.encode(c), true, stateStarted
	f.hideCode()
	f.send(typeStart, c)
}

// acceptSAS answers the other side's start with a promise of our key.
//
// Spec: client-server-api#mkeyverificationaccept
func (f *flow) acceptSAS(m message) {
	f.mac = macMethod
	if !slices.Contains(m.MACMethods, macMethod) {
		f.mac = oldMAC
	}
	f.sas = f.sas[:0:0]
	for _, s := range []string{sasDecimal, sasEmoji} {
		if slices.Contains(m.SAS, s) {
			f.sas = append(f.sas, s)
		}
	}
	if !slices.Contains(m.Agreements, agreement) || !slices.Contains(m.Hashes, hashMethod) || !slices.Contains(m.MACMethods, f.mac) || len(f.sas) == 0 {
		f.cancel(codeMethod, nil)
		return
	}
	key, err := newEphemeral()
	if err != nil {
		f.fail(err)
		return
	}
	promise, err := commitment(key.public, m.raw)
	if err != nil {
		f.cancel(codeInvalid, nil)
		return
	}
	f.start, f.starter, f.key, f.state = m.raw, false, key, stateAccepted
	f.hideCode()
	f.send(typeAccept, content{
		Method: methodSAS, Agreement: agreement, Hash: hashMethod, MACMethod: f.mac, SAS: f.sas, Commitment: encode(promise),
	})
}

// takeAccept keeps the other side's promise and sends our key.
func (f *flow) takeAccept(m message) {
	known := func(s string) bool { return s == sasDecimal || s == sasEmoji }
	if m.Agreement != agreement || m.Hash != hashMethod || (m.MACMethod != macMethod && m.MACMethod != oldMAC) ||
		len(m.SAS) == 0 || slices.ContainsFunc(m.SAS, func(s string) bool { return !known(s) }) {
		f.cancel(codeMethod, nil)
		return
	}
	commit, err := decode(m.Commitment)
	if err != nil {
		f.cancel(codeInvalid, nil)
		return
	}
	key, err := newEphemeral()
	if err != nil {
		f.fail(err)
		return
	}
	f.commit, f.mac, f.sas, f.key, f.state = commit, m.MACMethod, m.SAS, key, stateKeySent
	f.send(typeKey, content{Key: key.public})
}

// takeKey agrees on a secret. The side that began checks that the other's key
// is the promised one; the other one sends its key now.
func (f *flow) takeKey(m message) {
	if err := f.key.agree(m.Key); err != nil {
		f.cancel(codeInvalid, nil)
		return
	}
	starter, accepter := f.them(), f.us()
	starterKey, accepterKey := f.key.other, f.key.public
	if f.starter {
		promise, err := commitment(f.key.other, f.start)
		if err != nil || !hmac.Equal(promise, f.commit) {
			f.cancel(codeCommitment, mismatch())
			return
		}
		starter, accepter = accepter, starter
		starterKey, accepterKey = accepterKey, starterKey
	} else {
		f.send(typeKey, content{Key: f.key.public})
	}
	b, err := f.key.derive(sasInfo(starter, accepter, starterKey, accepterKey, f.txn), 6)
	if err != nil {
		f.fail(err)
		return
	}
	if slices.Contains(f.sas, sasEmoji) {
		f.emoji = emojis(b)
	}
	if slices.Contains(f.sas, sasDecimal) {
		f.decimals = decimals(b)
	}
	f.state = stateCompare
}

// sendMAC vouches for our keys: our person said that the strings are the same.
// For our master key only when this session trusts it.
//
// Spec: client-server-api#mkeyverificationmac
func (f *flow) sendMAC() {
	keys := map[string]string{keyID(string(f.pins.own.Device)): f.pins.own.Key}
	if f.pins.own.Trusted {
		keys[keyID(f.pins.own.Master)] = f.pins.own.Master
	}
	c := content{MAC: map[string]string{}}
	sign := func(id, value string) string {
		sum, err := f.key.mac(f.mac, f.us(), f.them(), f.txn, id, value)
		if err != nil {
			f.fail(err)
			return ""
		}
		return encode(sum)
	}
	for id, key := range keys {
		c.MAC[id] = sign(id, key)
	}
	c.Keys = sign("KEY_IDS", keyIDs(c.MAC))
	if f.ended() {
		return
	}
	f.state = stateAgreed
	f.send(typeMAC, c)
	if f.proven {
		f.finish()
	}
}

// takeMAC checks the other side's MACs against the pinned keys. Each key it
// names must be one of them: a key that we do not have is a sign that somebody
// in the middle shows the two sides different keys.
func (f *flow) takeMAC(m message) {
	right := func(id, value, sum string) bool {
		got, err := decode(sum)
		if err != nil {
			return false
		}
		want, err := f.key.mac(f.mac, f.them(), f.us(), f.txn, id, value)
		return err == nil && hmac.Equal(got, want)
	}
	v := Verified{User: f.user, Own: f.self(), Device: f.device}
	good := right("KEY_IDS", keyIDs(m.MAC), m.Keys)
	for id, sum := range m.MAC {
		switch {
		case id == keyID(string(f.device)):
			v.DeviceKey = f.pins.device
			good = good && right(id, f.pins.device, sum)
		case f.pins.master != "" && id == keyID(f.pins.master):
			v.MasterKey = f.pins.master
			good = good && right(id, f.pins.master, sum)
		default:
			good = false
		}
	}
	if !good {
		f.cancel(codeKey, mismatch())
		return
	}
	f.verified, f.proven = v, true
	if f.state == stateAgreed {
		f.finish()
	}
}

func keyID(name string) string { return "ed25519:" + name }
