package verify

import "hubbub/store/chat"

// finish goes on after everything is proven: the keys are looked up once more.
func (f *flow) finish() {
	if !f.useful() {
		problem := untrusted(string(f.user))
		if f.self() && !f.pins.own.Trusted {
			problem = &chat.Problem{Kind: chat.ProblemUnverified}
		}
		f.cancel(codeKey, problem)
		return
	}
	f.state = stateChecking
	f.out = append(f.out, step{kind: stepPin})
}

// useful reports whether what was proven can be signed: of another person the
// master key; of an own session its key, if we trust the identity, or else the
// identity that it vouches for.
func (f *flow) useful() bool {
	v := f.verified
	if f.self() {
		return v.MasterKey != "" || (v.DeviceKey != "" && f.pins.own.Trusted)
	}
	return v.MasterKey != ""
}

// close says that we are done, and signs when the other side is too.
func (f *flow) close() {
	if !f.direct {
		f.send(typeDone, content{})
	}
	if f.direct || f.theirEnd {
		f.save()
		return
	}
	f.state = stateClosing
}

// takeDone takes in that the other side is done.
//
// Spec: client-server-api#mkeyverificationdone
func (f *flow) takeDone() {
	f.theirEnd = true
	switch f.state {
	case stateTook:
		f.finish()
	case stateClosing:
		f.save()
	}
}

func (f *flow) save() {
	f.state = stateSaving
	f.out = append(f.out, step{kind: stepConfirm, verified: f.verified})
}

// confirmed takes in that the keys are signed.
func (f *flow) confirmed() {
	if f.state == stateSaving {
		f.state = stateDone
		f.wipe()
	}
}
