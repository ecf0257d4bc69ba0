// Package login draws the sign-in screen: which homeserver, then who and with
// which password, each problem in words with its next step.
package login

import (
	"slices"

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

// Found takes the outcome of the discovery. With a problem, the options are
// what was found before it.
func (p *Pane) Found(o chat.LoginOptions, problem *chat.Problem) {
	switch {
	case problem != nil:
		p.step = StepAddress
		what, next := words.SignInProblem(o, problem)
		p.say(what, next, true)
	case !o.Password:
		p.step = StepAddress
		p.say(words.LoginNoPassword(o.Flows), words.LoginOtherWay, true)
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
	what, next := words.SignInProblem(p.options, problem)
	p.say(what, next, true)
}

// Done says that the sign-in worked, and forgets the password.
func (p *Pane) Done() {
	p.pass.Set("")
	p.step = StepStarting
	p.say(words.LoginStarting, "", false)
}

// Size of the box: wide enough for an address, and as high as most of what is said needs.
const (
	boxWidth  = 66
	boxHeight = 14
)

// row is a line of the box: a field, a text, or a blank that goes when it is low.
type row struct {
	field *pane.Input
	text  safe.Text
	style screen.Style
}

func (r row) blank() bool { return r.field == nil && r.text.Empty() }

// Paint draws the screen and returns the cursor.
func (p *Pane) Paint(c screen.Canvas) screen.Cursor {
	p.dirty = false
	th := p.theme
	w, h := c.Size()
	c.Fill(0, 0, w, h, th.Text)
	bw := min(w, boxWidth)
	top, keys := p.rows(c.Widths(), bw-4)
	bh := min(h, max(boxHeight, len(top)+len(keys)+3))
	x0, y0 := (w-bw)/2, max(0, (h-bh)/3)
	box := pane.Box(c.Sub(x0, y0, bw, bh), th, safe.Lit(words.LoginTitle), th.BorderFocus, th.DialogTitle)
	iw, ih := box.Size()
	in := box.Sub(1, 0, iw-2, ih)
	top, keys = fit(top, keys, ih)
	cur := screen.Cursor{Shape: screen.CursorBar}
	paint := func(r row, y int) {
		if r.field == nil {
			in.Text(0, y, iw-2, r.text, r.style, "")
			return
		}
		x := r.field.Paint(in, th, y)
		if r.field == p.input() {
			cur.X, cur.Y, cur.Visible = x0+2+x, y0+1+y, true
		}
	}
	for y, r := range top {
		paint(r, y)
	}
	for i, r := range keys {
		paint(r, ih-len(keys)+i)
	}
	return cur
}

// rows returns what stands at the top of the box, and the keys at its bottom.
func (p *Pane) rows(wd screen.Widths, width int) (top, keys []row) {
	th := p.theme
	text := func(rows []row, t safe.Text, st screen.Style) []row {
		if t.Empty() {
			return rows
		}
		for _, line := range pane.Wrap(wd, t, width) {
			rows = append(rows, row{text: line, style: st})
		}
		return rows
	}
	top = []row{{}, {field: &p.address}}
	if p.step >= StepPassword {
		top = append(top, row{}, row{field: &p.user}, row{field: &p.pass})
	}
	top = append(top, row{})
	what, next, st := p.what, p.next, th.Accent
	switch {
	case p.bad:
		st = th.Error
	case p.step == StepAddress:
		what, next, st = safe.Lit(words.LoginAbout), safe.Lit(words.LoginNoAccount), th.Hint
	}
	top = text(text(top, what, st), next, th.Text)
	hint := words.LoginKeysWait
	switch p.step {
	case StepAddress:
		hint = words.LoginKeysAddress
	case StepPassword:
		hint = words.LoginKeysFields
	case StepLooking, StepSigningIn, StepStarting:
	}
	return top, text(nil, safe.Own(hint), th.Hint)
}

// fit drops rows until all fit: blanks first, then the keys, then what is said last.
func fit(top, keys []row, height int) (fitTop, fitKeys []row) {
	for i := 0; i < len(top) && len(top)+len(keys) > height; {
		if top[i].blank() {
			top = slices.Delete(top, i, i+1)
			continue
		}
		i++
	}
	keys = keys[:max(0, min(len(keys), height-len(top)))]
	return top[:min(len(top), height)], keys
}
