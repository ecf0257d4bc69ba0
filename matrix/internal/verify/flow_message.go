package verify

import (
	"crypto/sha256"
	"slices"
)

// verdict says what to do with a message in the present state.
type verdict uint8

const (
	take   verdict = iota
	hold           // it is early: in a room a message may be readable before the one before it
	drop           // it means nothing any more
	refuse         // it should not have come
)

// maxSeen bounds how many different messages one verification needs.
const maxSeen = 32

// receive takes in a message of the other side.
func (f *flow) receive(m message) {
	if f.ended() || f.state == stateSaving {
		return
	}
	if m.device != "" && f.device != "" && m.device != f.device && m.typ != typeReady {
		return // provably from another session than the one that takes part
	}
	mark := m.fingerprint()
	if _, twice := f.seen[mark]; twice {
		return // a repeat of the homeserver
	}
	if len(f.seen) >= maxSeen {
		f.cancel(codeUnexpected, nil)
		return
	}
	if f.seen == nil {
		f.seen = map[[sha256.Size]byte]struct{}{}
	}
	f.seen[mark] = struct{}{}
	if m.bad {
		f.cancel(codeInvalid, nil)
		return
	}
	switch f.place(m) {
	case take:
		f.apply(m)
		f.drain()
	case hold:
		if _, full := f.held[m.typ]; full {
			f.cancel(codeUnexpected, nil)
			return
		}
		if f.held == nil {
			f.held = map[string]message{}
		}
		f.held[m.typ] = m
	case refuse:
		f.cancel(codeUnexpected, nil)
	}
}

// drain applies messages that came early, as far as it is their turn now.
func (f *flow) drain() {
	for _, typ := range []string{typeReady, typeStart, typeAccept, typeKey, typeMAC, typeDone} {
		m, ok := f.held[typ]
		if !ok || f.ended() {
			continue
		}
		switch f.place(m) {
		case take:
			delete(f.held, typ)
			f.apply(m)
		case refuse:
			f.cancel(codeUnexpected, nil)
		case drop:
			delete(f.held, typ)
		}
	}
}

func (f *flow) apply(m message) {
	switch m.typ {
	case typeReady:
		f.takeReady(m)
	case typeStart:
		f.takeStart(m)
	case typeAccept:
		f.takeAccept(m)
	case typeKey:
		f.takeKey(m)
	case typeMAC:
		f.takeMAC(m)
	case typeDone:
		f.takeDone()
	case typeCancel:
		f.takeCancel(m)
	}
}

// place decides about a message.
func (f *flow) place(m message) verdict {
	switch m.typ {
	case typeCancel:
		return take
	case typeReady:
		return f.placeReady(m)
	case typeStart:
		return f.placeStart()
	case typeAccept:
		if f.state == stateStarted {
			return take
		}
	case typeKey:
		switch f.state {
		case stateAccepted, stateKeySent:
			return take
		case stateStarted:
			return hold
		}
	case typeMAC:
		switch f.state {
		case stateCompare, stateAgreed:
			return take
		case stateAccepted, stateKeySent:
			return hold
		}
	case typeDone:
		switch f.state {
		case stateTook, stateClosing, stateChecking, stateScanned, stateCompare, stateAgreed, stateAccepted, stateKeySent:
			return take
		case stateReady:
			return hold
		}
	}
	return refuse
}

func (f *flow) placeReady(m message) verdict {
	switch {
	case f.incoming:
		return refuse
	case f.state == stateAsking:
		return hold
	case f.state == stateAsked:
		return take
	case m.From == f.device:
		return refuse
	case f.room == "" && slices.Contains(f.asked, m.From):
		// Two of their sessions answered: the first one counts.
		f.sendTo(typeCancel, cancelled(codeAccepted), m.From)
	}
	return drop
}

func (f *flow) placeStart() verdict {
	switch f.state {
	case stateReady, stateStarted, stateTook:
		return take
	case stateAsking, stateAsked, statePinning, stateHeard, stateOffered:
		return hold
	}
	return refuse
}

// takeStart takes in that the other side begins.
//
// Spec: client-server-api#mkeyverificationstart
func (f *flow) takeStart(m message) {
	if m.From != f.device {
		f.cancel(codeKey, untrusted("another session began"))
		return
	}
	ours := ""
	switch f.state {
	case stateStarted:
		ours = methodSAS
	case stateTook:
		ours = methodReciprocate
	}
	if ours != "" {
		if m.Method != ours {
			f.cancel(codeUnexpected, nil)
			return
		}
		if f.us().before(f.them()) {
			return // both began: ours counts
		}
	}
	switch m.Method {
	case methodSAS:
		f.acceptSAS(m)
	case methodReciprocate:
		f.takeReciprocate(m)
	default:
		f.cancel(codeMethod, nil)
	}
}

// takeCancel takes in that the other side ends it.
//
// Spec: client-server-api#mkeyverificationcancel
func (f *flow) takeCancel(m message) {
	reason := m.Code
	if reason == "" || len(reason) > maxReason {
		reason = codeInvalid
	}
	f.out = nil
	if f.room == "" && f.state == stateAsked && len(f.asked) > 1 {
		f.tellCancel(codeUser, "") // it was declined for all
	}
	f.end(reason, false, nil)
}

// takeOwn takes in what another session of this account did in the room.
func (f *flow) takeOwn(m message) {
	if f.ended() || f.state == stateSaving {
		return
	}
	switch m.typ {
	case typeReady, typeStart:
		if m.From == f.pins.own.Device {
			f.echoed = f.echoed || m.typ == typeReady
			return
		}
		// What stands first in the room counts.
		if f.incoming && !f.echoed {
			f.out = nil
			f.end(codeAccepted, true, nil)
		}
	case typeCancel:
		f.out = nil
		f.end(codeUser, true, nil)
	}
}
