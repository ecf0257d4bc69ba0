package verify

import (
	"slices"

	"hubbub/store/chat"
)

// accept answers a request.
func (f *flow) accept() {
	if f.state != stateOffered {
		return
	}
	if f.problem = f.obstacle(); f.problem != nil {
		return
	}
	can := answerMethods(f.methods)
	if len(can) == 0 {
		// Another session of ours may know a method of theirs.
		f.problem = &chat.Problem{Kind: chat.ProblemBadInput, Detail: codeMethod}
		return
	}
	if !f.direct {
		f.send(typeReady, content{From: f.pins.own.Device, Methods: can})
	}
	f.state = stateReady
	f.makeCode()
	f.drain()
}

// begin is what our person decides when both are there: compare emoji.
func (f *flow) begin() {
	if f.state == stateReady && slices.Contains(answerMethods(f.methods), methodSAS) {
		f.startSAS()
	}
}

// confirm is our person's word that what is compared is the same, or that the
// other side has scanned the code.
func (f *flow) confirm() {
	switch f.state {
	case stateCompare:
		f.sendMAC()
	case stateScanned:
		f.finish()
	}
}

// deny is our person's word that it is different.
func (f *flow) deny() {
	switch f.state {
	case stateCompare, stateAgreed:
		f.cancel(codeSAS, mismatch())
	default:
		f.cancel(codeUser, nil)
	}
}

func mismatch() *chat.Problem { return &chat.Problem{Kind: chat.ProblemMismatch} }
