package verify

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// timeLimit is how long a verification may take.
//
// Spec: client-server-api#error-and-exception-handling
const timeLimit = 10 * time.Minute

// state is how far a flow is.
type state uint8

const (
	stateAsking   state = iota // ours: keys are looked up, the request is being sent
	stateAsked                 // ours: nobody has answered
	statePinning               // ours: keys of the session that answered are looked up
	stateHeard                 // theirs: keys are looked up
	stateOffered               // theirs: our person decides
	stateReady                 // both are there
	stateStarted               // SAS: our start is out
	stateAccepted              // SAS: their start is accepted
	stateKeySent               // SAS: our start is accepted, our key is out
	stateCompare               // SAS: our person compares
	stateAgreed                // SAS: our person agreed, their MAC is missing
	stateScanned               // QR: ours was scanned, our person confirms
	stateTook                  // QR: we scanned theirs
	stateChecking              // proven; keys are looked up once more
	stateClosing               // our done is out, theirs is missing
	stateSaving                // being signed
	stateDone
	stateCancelled
)

func (s state) String() string {
	return [...]string{
		"asking", "asked", "pinning", "heard", "offered", "ready", "started", "accepted", "key_sent", "compare", "agreed",
		"scanned", "took", "checking", "closing", "saving", "done", "cancelled",
	}[s]
}

// step is something that a flow wishes to happen. Its steps happen in order.
type step struct {
	kind     stepKind
	typ      string // of stepSend
	content  jsontext.Value
	devices  []chat.DeviceID // recipients, between devices
	verified Verified        // of stepConfirm
}

type stepKind uint8

const (
	stepSend    stepKind = iota
	stepPin              // look the keys of both sides up: pinned
	stepCheck            // look them up in the middle: checked
	stepConfirm          // sign: confirmed
)

// flow is one verification. It does no I/O: out is what it wishes to happen.
// Owned by the Manager's goroutine.
type flow struct {
	id       string        // names it on the screen
	txn      string        // transaction id, or id of the request's event; "" while that is being sent
	room     chat.RoomID   // "" between devices
	user     chat.UserID   // the other side
	device   chat.DeviceID // the other session; "" while nobody has answered
	target   chat.DeviceID // whom we asked, "" for all
	asked    []chat.DeviceID
	incoming bool
	offered  bool // our person has been asked
	direct   bool // begun with a start, without a request: it ends without m.key.verification.done
	at       time.Time
	until    time.Time

	state   state
	pins    pins
	methods []string // of the other side
	out     []step

	held map[string]message // came too early; one per type
	seen map[[sha256.Size]byte]struct{}

	key      *ephemeral
	start    jsontext.Value // the start message that counts
	starter  bool           // we sent it
	mac      string         // MAC method
	sas      []string       // agreed kinds of short authentication strings
	commit   []byte         // the other side's
	emoji    []chat.Emoji
	decimals [3]int
	shown    code   // QR code that we show, when payload is set
	payload  []byte // of shown
	verified Verified
	proven   bool // their MAC is right
	theirEnd bool // their done came
	echoed   bool // our own ready came back from the room

	auto   bool  // to be accepted without asking: our person has asked for the same
	busy   bool  // a step is under way
	told   bool  // that it ended
	hidden bool  // another one stands for it on the screen
	after  *flow // whose step under way comes first, or nil

	reason  string
	byUs    bool
	problem *chat.Problem
}

func (f *flow) self() bool  { return f.user == f.pins.own.User }
func (f *flow) ended() bool { return f.state >= stateDone }
func (f *flow) us() side    { return side{f.pins.own.User, f.pins.own.Device} }
func (f *flow) them() side  { return side{f.user, f.device} }

// send wishes a message to the other session.
func (f *flow) send(typ string, c content) {
	f.sendTo(typ, c, f.device)
}

func (f *flow) sendTo(typ string, c content, devices ...chat.DeviceID) {
	raw := f.encode(c)
	f.out = append(f.out, step{kind: stepSend, typ: typ, content: raw, devices: devices})
}

// encode writes a content with what ties it to this verification.
func (f *flow) encode(c content) jsontext.Value {
	if f.room == "" {
		c.Txn = f.txn
	} else if f.txn != "" {
		c.Relates = &relation{reference, chat.EventID(f.txn)}
	}
	raw, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		panic("verify: content cannot be encoded: " + err.Error()) // strings and numbers of our own
	}
	return raw
}

// view is what the screen sees.
func (f *flow) view() chat.Verification {
	v := chat.Verification{
		ID: f.id, User: f.user, Device: f.device, Own: f.self(), Room: f.room, Incoming: f.incoming,
		Phase: f.phase(), At: f.at, Until: f.until, Reason: f.reason, ByUs: f.byUs, Problem: f.problem,
	}
	if v.Phase == chat.VerifyReady {
		can := answerMethods(f.methods)
		v.CanSAS = slices.Contains(can, methodSAS)
		v.CanScan = slices.Contains(can, methodScan)
		v.CanShow = f.payload != nil
		v.Code = f.payload
	}
	if f.state == stateCompare || f.state == stateAgreed {
		v.Emoji, v.Decimals = f.emoji, f.decimals
	}
	if f.state == stateDone && f.self() && f.device != "" {
		v.Verified = []chat.DeviceID{f.device}
	}
	return v
}

// visible reports whether the screen has seen it.
func (f *flow) visible() bool { return !f.hidden && (!f.incoming || f.offered) }

// waitsFor reports whether a step of a kind is still to be done.
func (f *flow) waitsFor(kind stepKind) bool {
	return slices.ContainsFunc(f.out, func(s step) bool { return s.kind == kind })
}

func (f *flow) phase() chat.VerificationPhase {
	switch f.state {
	case stateAsking, stateAsked, statePinning, stateHeard, stateOffered:
		return chat.VerifyRequested
	case stateReady:
		return chat.VerifyReady
	case stateStarted, stateAccepted, stateKeySent:
		return chat.VerifyStarted
	case stateCompare:
		return chat.VerifyCompare
	case stateScanned:
		return chat.VerifyScanned
	case stateDone:
		return chat.VerifyDone
	case stateCancelled:
		return chat.VerifyCancelled
	}
	return chat.VerifyConfirmed
}

// obstacle says why nothing can come of a verification with this person, or
// nil: without an identity on both sides there is nothing to sign.
func (f *flow) obstacle() *chat.Problem {
	switch {
	case f.pins.own.Master == "":
		return &chat.Problem{Kind: chat.ProblemNoIdentity, Detail: string(f.pins.own.User)}
	case !f.self() && f.pins.master == "":
		return &chat.Problem{Kind: chat.ProblemNoIdentity, Detail: string(f.user)}
	case !f.self() && !f.pins.own.Trusted:
		return &chat.Problem{Kind: chat.ProblemUnverified}
	}
	return nil
}

// end closes the flow without telling the other side.
func (f *flow) end(reason string, byUs bool, problem *chat.Problem) {
	f.state, f.reason, f.byUs = stateCancelled, reason, byUs
	if problem != nil {
		f.problem = problem
	}
	f.wipe()
}

// wipe forgets what is secret.
func (f *flow) wipe() {
	f.key, f.shown, f.payload, f.commit, f.held, f.start = nil, code{}, nil, nil, nil, nil
}

// cancel closes the flow and tells the other side. What was to be sent and is
// not under way yet is not sent any more.
func (f *flow) cancel(reason string, problem *chat.Problem) {
	if f.ended() || f.state == stateSaving {
		return
	}
	f.out = nil
	f.tellCancel(reason, "")
	f.end(reason, true, problem)
}

// tellCancel tells everybody who was asked, but for one device.
func (f *flow) tellCancel(reason string, but chat.DeviceID) {
	if f.txn == "" {
		return // nobody has been asked
	}
	to := f.asked
	if f.device != "" && but == "" {
		to = []chat.DeviceID{f.device}
	}
	to = slices.DeleteFunc(slices.Clone(to), func(d chat.DeviceID) bool { return d == but })
	if f.room == "" && len(to) == 0 {
		return
	}
	f.sendTo(typeCancel, cancelled(reason), to...)
}

// fail closes the flow because a step cannot be done.
func (f *flow) fail(err error) {
	f.out = nil
	f.end(codeUser, true, fault.From(err))
}

// tick ends the flow when its time is over.
func (f *flow) tick(now time.Time) {
	if f.ended() || f.state == stateSaving || now.Before(f.until) {
		return
	}
	switch f.state {
	case stateHeard, stateOffered: // another session of ours may still answer
		f.end(codeTimeout, true, nil)
	default:
		f.cancel(codeTimeout, nil)
	}
}
