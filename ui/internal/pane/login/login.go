// Package login draws the sign-in screen: which homeserver, then who and with
// which password, each problem in words with its next step.
package login

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Step is where the sign-in stands.
type Step uint8

// Steps.
const (
	StepAddress   Step = iota // the homeserver is asked for
	StepLooking               // discovery is under way
	StepPassword              // user and password are asked for
	StepSigningIn             // the request is under way
	StepStarting              // signed in
)

// Event is what the window shall do.
type Event struct {
	Discover string             // look for this homeserver
	Login    *chat.LoginRequest // sign in
	Cancel   bool               // drop the request that is under way
}

// Pane is the sign-in screen. It belongs to Update's goroutine.
type Pane struct {
	theme   *theme.Theme
	device  string
	step    Step
	address pane.Input
	user    pane.Input
	pass    pane.Input
	field   int // in StepPassword: 0 user, 1 password
	options chat.LoginOptions
	what    safe.Text // problem or progress
	next    safe.Text // next step
	bad     bool
	dirty   bool
}

// New makes the screen. address may be known already; device names the session.
func New(th *theme.Theme, address, device string) *Pane {
	p := &Pane{theme: th, device: device, dirty: true}
	p.address = pane.Input{Label: words.LoginAddress, Placeholder: words.LoginAddressHint}
	p.user = pane.Input{Label: words.LoginUser, Placeholder: words.LoginUserHint}
	p.pass = pane.Input{Label: words.LoginPassword, Masked: true}
	p.address.Set(address)
	return p
}

// Dirty reports whether the screen must be painted.
func (p *Pane) Dirty() bool { return p.dirty }

// Changed says that the screen must be painted.
func (p *Pane) Changed() { p.dirty = true }

// SetTheme changes the styles.
func (p *Pane) SetTheme(th *theme.Theme) { p.theme, p.dirty = th, true }

// Step returns where the sign-in stands.
func (p *Pane) Step() Step { return p.step }

func (p *Pane) input() *pane.Input {
	switch {
	case p.step == StepAddress:
		return &p.address
	case p.step == StepPassword && p.field == 0:
		return &p.user
	case p.step == StepPassword:
		return &p.pass
	}
	return nil
}

// Type takes text.
func (p *Pane) Type(s string) {
	if in := p.input(); in != nil {
		in.Type(s)
		p.dirty = true
	}
}

// Do takes an action of keymap.Dialog.
func (p *Pane) Do(a keymap.Action) Event {
	p.dirty = true
	switch a {
	case keymap.Choose:
		return p.enter()
	case keymap.Close:
		return p.back()
	case keymap.FieldNext, keymap.FieldPrev, keymap.ListUp, keymap.ListDown:
		if p.step == StepPassword {
			p.field = 1 - p.field
		}
	default:
		if in := p.input(); in != nil {
			in.Do(a)
		}
	}
	return Event{}
}

func (p *Pane) enter() Event {
	switch p.step {
	case StepAddress:
		address := p.address.Text()
		if u := chat.UserID(address); u.Valid() {
			p.user.Set(address)
			address = u.Homeserver()
		}
		if address == "" {
			p.say(words.LoginNeedAddress, "", true)
			return Event{}
		}
		p.step = StepLooking
		p.say(words.LoginLooking, "", false)
		return Event{Discover: address}
	case StepPassword:
		return p.signIn()
	}
	return Event{}
}

func (p *Pane) signIn() Event {
	switch {
	case p.user.Text() == "":
		p.field = 0
		p.say(words.LoginNeedUser, "", true)
		return Event{}
	case p.pass.Text() == "":
		if p.field == 1 {
			p.say(words.LoginNeedPass, "", true)
		}
		p.field = 1
		return Event{}
	}
	p.step = StepSigningIn
	p.say(words.LoginSigningIn, "", false)
	return Event{Login: &chat.LoginRequest{
		Homeserver: p.options.Homeserver, User: p.user.Text(), Password: p.pass.Text(), DeviceName: p.device,
	}}
}

func (p *Pane) back() Event {
	switch p.step {
	case StepLooking, StepPassword:
		p.step = StepAddress
	case StepSigningIn:
		p.step = StepPassword
	default:
		return Event{}
	}
	p.say("", "", false)
	return Event{Cancel: true}
}

func (p *Pane) say(what, next string, bad bool) {
	p.what, p.next, p.bad, p.dirty = safe.Own(what), safe.Own(next), bad, true
}

// Found takes the outcome of the discovery.
func (p *Pane) Found(o chat.LoginOptions, problem *chat.Problem) {
	switch {
	case problem != nil:
		p.step = StepAddress
		what, next := words.Problem(problem)
		p.say(what, next, true)
	case !o.Password:
		p.step = StepAddress
		p.say(words.LoginNoPassword(o.Flows), "", true)
	default:
		p.options, p.step, p.field = o, StepPassword, 0
		if p.user.Text() != "" {
			p.field = 1
		}
		p.say(words.LoginFound(o.Homeserver), "", false)
	}
}

// Refused takes the problem of a sign-in. A wrong password is to be typed again.
func (p *Pane) Refused(problem *chat.Problem) {
	p.step = StepPassword
	if problem.Kind == chat.ProblemPassword {
		p.pass.Set("")
		p.field = 1
	}
	what, next := words.Problem(problem)
	p.say(what, next, true)
}

// Done says that the sign-in worked, and forgets the password.
func (p *Pane) Done() {
	p.pass.Set("")
	p.step = StepStarting
	p.say(words.LoginStarting, "", false)
}

// Paint draws the screen and returns the cursor.
func (p *Pane) Paint(c screen.Canvas) screen.Cursor {
	p.dirty = false
	th := p.theme
	w, h := c.Size()
	c.Fill(0, 0, w, h, th.Text)
	bw, bh := min(w, 66), min(h, 14)
	box := pane.Box(c.Sub((w-bw)/2, max(0, (h-bh)/3), bw, bh), th, safe.Lit(words.LoginTitle), th.BorderFocus, th.DialogTitle)
	iw, ih := box.Size()
	in := box.Sub(1, 1, iw-2, ih-1)
	iw, ih = in.Size()
	cur := screen.Cursor{Shape: screen.CursorBar}
	place := func(field *pane.Input, y int) {
		x := field.Paint(in, th, y)
		if field == p.input() {
			cur.X, cur.Y, cur.Visible = (w-bw)/2+2+x, max(0, (h-bh)/3)+2+y, true
		}
	}
	place(&p.address, 0)
	if p.step >= StepPassword {
		place(&p.user, 2)
		place(&p.pass, 3)
	}
	st := th.Accent
	if p.bad {
		st = th.Error
	}
	y := 5
	for _, line := range pane.Wrap(in.Widths(), p.what, iw) {
		in.Text(0, y, iw, line, st, "")
		y++
	}
	for _, line := range pane.Wrap(in.Widths(), p.next, iw) {
		in.Text(0, y, iw, line, th.Text, "")
		y++
	}
	pane.Label(in, th, 0, ih-1, iw, safe.Lit(words.LoginKeys), th.Hint)
	return cur
}
