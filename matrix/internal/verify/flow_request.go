package verify

import (
	"crypto/sha256"
	"slices"
	"time"

	"hubbub/store/chat"
)

// ask begins a verification of ours: the keys are pinned first.
func (f *flow) ask() {
	f.state = stateAsking
	f.out = append(f.out, step{kind: stepPin})
}

// hear begins a verification of the other side.
func (f *flow) hear(m message) {
	f.state, f.incoming = stateHeard, true
	f.device, f.methods = m.From, m.Methods
	f.seen = map[[sha256.Size]byte]struct{}{m.fingerprint(): {}}
	f.out = append(f.out, step{kind: stepPin})
}

// pinned takes in the keys that a stepPin asked for.
func (f *flow) pinned(now pins, devices []chat.DeviceID, at time.Time) {
	if now.trouble && !f.ended() {
		f.cancel(codeKey, untrusted("a session is named like an identity"))
	}
	switch f.state {
	case stateAsking:
		f.pins = now
		f.request(devices, at)
	case stateHeard:
		f.offer(now)
	case statePinning:
		if now.device == "" || now.master != f.pins.master || now.own.Master != f.pins.own.Master || (f.pins.device != "" && now.device != f.pins.device) {
			f.cancel(codeKey, changed())
			return
		}
		f.pins = now
		f.ready()
	case stateChecking:
		if !f.pins.same(now) {
			f.cancel(codeKey, changed())
			return
		}
		f.close()
	}
}

// checked compares the keys in the middle of a verification, because they may
// have changed.
func (f *flow) checked(now pins) {
	switch f.state {
	case stateAsking, statePinning, stateHeard, stateSaving, stateDone, stateCancelled:
		return
	case stateAsked:
		now.device = f.pins.device
	}
	if !f.pins.same(now) {
		f.cancel(codeKey, changed())
	}
}

// changed is the problem of keys that are not what they were.
func changed() *chat.Problem {
	return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: "keys changed meanwhile", Err: ErrKeysChanged}
}

func untrusted(detail string) *chat.Problem {
	return &chat.Problem{Kind: chat.ProblemUntrusted, Detail: detail}
}

// request sends our request, now that the keys are pinned.
func (f *flow) request(devices []chat.DeviceID, at time.Time) {
	if p := f.obstacle(); p != nil {
		f.end(codeUser, true, p)
		return
	}
	if f.room != "" {
		f.out = append(f.out, step{kind: stepSend, typ: typeMessage, content: f.encode(content{
			MsgType: typeRequest, Body: fallbackMessage, From: f.pins.own.Device, Methods: ownMethods(), To: f.user,
		})})
		return // asked follows, with the event's id
	}
	f.asked = slices.DeleteFunc(slices.Clone(devices), func(d chat.DeviceID) bool {
		return f.self() && d == f.pins.own.Device
	})
	if f.target != "" {
		f.asked = slices.DeleteFunc(f.asked, func(d chat.DeviceID) bool { return d != f.target })
	}
	if len(f.asked) == 0 {
		f.end(codeUser, true, &chat.Problem{Kind: chat.ProblemNotFound, Detail: "no other session"})
		return
	}
	f.sendTo(typeRequest, content{From: f.pins.own.Device, Methods: ownMethods(), At: at.UnixMilli()}, f.asked...)
	f.state = stateAsked
}

// sent takes in the id of our request in a room.
func (f *flow) sent(event chat.EventID) {
	f.txn = string(event)
	if f.ended() { // called off while the request was on its way
		f.sendTo(typeCancel, cancelled(f.reason))
		return
	}
	f.state = stateAsked
	f.drain()
}

// offer shows a request that came, now that the keys are pinned. A session
// that the homeserver does not list cannot be verified.
func (f *flow) offer(now pins) {
	if now.device == "" || (f.pins.device != "" && !f.pins.same(now)) {
		f.end(codeKey, true, changed())
		return
	}
	f.pins, f.state, f.offered = now, stateOffered, true
	f.problem = f.obstacle()
}

// takeReady takes in that a session of the other side answers our request.
//
// Spec: client-server-api#mkeyverificationready
func (f *flow) takeReady(m message) {
	if f.room == "" && !slices.Contains(f.asked, m.From) {
		return // nobody whom we asked
	}
	f.device, f.methods = m.From, m.Methods
	if f.room == "" && len(f.asked) > 1 {
		f.tellCancel(codeAccepted, f.device)
	}
	f.state = statePinning
	f.out = append(f.out, step{kind: stepPin})
}

// ready goes on after the keys of the session that answered are pinned.
func (f *flow) ready() {
	if len(answerMethods(f.methods)) == 0 {
		f.cancel(codeMethod, nil)
		return
	}
	f.state = stateReady
	f.makeCode()
	f.drain()
}
