package verify

import (
	"crypto/hmac"
	"crypto/rand"
	"slices"

	"hubbub/store/chat"
)

// makeCode makes the code that the other side may scan, when it can.
//
// Spec: client-server-api#qr-codes
func (f *flow) makeCode() {
	if !slices.Contains(answerMethods(f.methods), methodShow) || f.obstacle() != nil {
		return
	}
	c := code{txn: f.txn, secret: make([]byte, secretSize)}
	switch {
	case !f.self():
		c.mode, c.key1, c.key2 = modePerson, f.pins.own.Master, f.pins.master
	case f.pins.own.Trusted:
		c.mode, c.key1, c.key2 = modeTrusted, f.pins.own.Master, f.pins.device
	default:
		c.mode, c.key1, c.key2 = modeUntrusted, f.pins.own.Key, f.pins.own.Master
	}
	_, _ = rand.Read(c.secret) // documented never to fail
	payload, err := c.bytes()
	if err != nil {
		return // a key that is none: emoji will tell
	}
	f.shown, f.payload = c, payload
}

// hideCode makes the code void: another way was chosen.
func (f *flow) hideCode() { f.shown, f.payload = code{}, nil }

// scan takes in a code that the other side shows. A code that is not one, or
// of another verification, changes nothing but the problem that is shown;
// other keys than ours and theirs end the verification.
func (f *flow) scan(c code, err error) {
	if f.state != stateReady {
		return
	}
	switch {
	case err != nil:
		f.problem = &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not a verification code", Err: err}
		return
	case !slices.Contains(answerMethods(f.methods), methodScan), c.txn != f.txn, (c.mode == modePerson) == f.self():
		f.problem = &chat.Problem{Kind: chat.ProblemBadInput, Detail: "the code of another verification", Err: ErrCode}
		return
	case c.mode == modeUntrusted && !f.pins.own.Trusted:
		f.problem = &chat.Problem{Kind: chat.ProblemUnverified} // neither session knows whose the identity is
		return
	}
	v := Verified{User: f.user, Own: f.self(), Device: f.device, MasterKey: f.pins.master}
	want1, want2 := f.pins.master, f.pins.own.Master
	switch c.mode {
	case modeTrusted:
		want2 = f.pins.own.Key
	case modeUntrusted:
		want1 = f.pins.device
		v.DeviceKey, v.MasterKey = f.pins.device, ""
	}
	if want1 == "" || want2 == "" || c.key1 != want1 || c.key2 != want2 {
		f.cancel(codeKey, mismatch())
		return
	}
	f.problem, f.verified, f.state = nil, v, stateTook
	f.send(typeStart, content{From: f.pins.own.Device, Method: methodReciprocate, Secret: encode(c.secret)})
	f.drain()
}

// takeReciprocate takes in that the other side says it has scanned our code.
//
// Spec: client-server-api#mkeyverificationstartmreciprocatev1
func (f *flow) takeReciprocate(m message) {
	if f.payload == nil {
		f.cancel(codeUnexpected, nil)
		return
	}
	secret, err := decode(m.Secret)
	if err != nil || !hmac.Equal(secret, f.shown.secret) {
		f.cancel(codeKey, mismatch())
		return
	}
	v := Verified{User: f.user, Own: f.self(), Device: f.device, MasterKey: f.pins.master}
	if f.shown.mode == modeTrusted {
		v.DeviceKey, v.MasterKey = f.pins.device, ""
	}
	f.verified, f.state = v, stateScanned
}
