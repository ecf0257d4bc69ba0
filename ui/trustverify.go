package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/status"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// verifyStep is what one does oneself in a verification that is ready.
type verifyStep uint8

// Steps.
const (
	stepChoose verifyStep = iota // how to compare
	stepShow                     // a code is on the screen
	stepTake                     // a code is being taken in
)

// startVerify asks for a verification of an own session, or of a person, and
// shows how it goes on. device "" is any session.
func (w *window) startVerify(user chat.UserID, device chat.DeviceID) tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	own := user == w.back.Account.User
	id := backend.Verify(user, device)
	w.follows(id)
	w.page(w.verifyPage(chat.Verification{ID: id, User: user, Device: device, Own: own}))
	return nil
}

// verifySelected verifies the person under the cursor of the member list.
func (w *window) verifySelected() tea.Cmd {
	m := w.people.Selected()
	if m == nil {
		w.say(words.VerifyNeedPerson, true)
		return nil
	}
	return w.startVerify(m.User, "")
}

// follows makes a verification the one whose page is shown.
func (w *window) follows(id string) {
	s := &w.security
	s.showing, s.step, s.phase = id, stepChoose, 0
	if s.asked == nil {
		s.asked = map[string]bool{}
	}
	s.asked[id] = s.now.Identity == chat.IdentityOwn
}

// setVerifications takes which verifications there are. What one is not
// looking at only changes the status line: nothing opens by itself.
func (w *window) setVerifications(all []chat.Verification) {
	s := &w.security
	s.verify = all
	s.announced = w.announce(all, s.announced)
	w.verifyBadge()
	for i := range all {
		v := &all[i]
		switch {
		case v.ID == s.showing && w.dialogs.Has(dialogVerify):
			w.verifyOn(v)
		case !v.Open():
			w.tellEnd(v)
		}
		if !v.Open() {
			delete(s.asked, v.ID)
		}
	}
	if w.dialogs.Has(dialogInbox) {
		w.renewInbox()
	}
	w.renewWalk()
}

// ringEvery is how often requests ring at most: anybody can send them.
const ringEvery = 30 * time.Second

// announce rings for requests that have come since, and returns which there are.
func (w *window) announce(all []chat.Verification, before map[string]bool) map[string]bool {
	now := map[string]bool{}
	ring := ""
	for i := range all {
		if v := &all[i]; waitsForUs(v) && v.Phase == chat.VerifyRequested {
			now[v.ID] = true
			if !before[v.ID] {
				ring = w.verifyWho(v)
			}
		}
	}
	at := w.clock.Now()
	if ring == "" || at.Sub(w.security.rang) < ringEvery {
		return now
	}
	w.security.rang = at
	if !w.opts.NoBell {
		w.term.Bell()
	}
	if w.notLook && !w.opts.NoNotify {
		w.term.Notify(safe.Lit(words.VerifyTitle), safe.Own(words.VerifyWants(ring, "")))
	}
	return now
}

// waitsForUs reports whether a verification goes on only when we do something.
func waitsForUs(v *chat.Verification) bool {
	switch v.Phase {
	case chat.VerifyRequested:
		return v.Incoming
	case chat.VerifyCompare, chat.VerifyScanned:
		return true
	}
	return false
}

// verifyBadge says in the status line who waits, unless one is looking at it.
func (w *window) verifyBadge() {
	var waiting []*chat.Verification
	for i := range w.security.verify {
		v := &w.security.verify[i]
		if waitsForUs(v) && (v.ID != w.security.showing || !w.dialogs.Has(dialogVerify)) {
			waiting = append(waiting, v)
		}
	}
	key := w.keys.Key(keymap.Global, keymap.Verifications)
	text := ""
	switch len(waiting) {
	case 0:
	case 1:
		text = words.VerifyMany(1, key)
		if waiting[0].Phase == chat.VerifyRequested && w.width >= middleWidth {
			text = words.VerifyWants(w.verifyWho(waiting[0]), key)
		}
	default:
		text = words.VerifyMany(len(waiting), key)
	}
	w.status.SetBadge(status.BadgeVerify, safe.Own(text), false)
}

// longestName is how many bytes of a name the status line has room for.
const longestName = 32

// verifyWho names the other side in few words.
func (w *window) verifyWho(v *chat.Verification) string {
	if v.Own {
		return words.VerifyOwnName
	}
	return cutText(safe.Line(w.shortName(v.User)), longestName).String()
}

// verifyOn shows the next page of the verification that is open. A page that
// asks something appears by itself: a key that was meant for the page before
// must not answer it.
func (w *window) verifyOn(v *chat.Verification) {
	s := &w.security
	asks := v.Phase != s.phase && (v.Phase == chat.VerifyCompare || v.Phase == chat.VerifyScanned)
	if v.Phase == s.phase && s.step != stepChoose {
		return // one is showing or reading a code
	}
	before := s.page
	p := w.verifyPage(*v)
	if v.Phase == s.phase && before != nil {
		p.Resume(before)
	}
	s.step, s.phase = stepChoose, v.Phase
	w.dialogs.Open(p, w.clock.Now(), asks)
	w.arrange()
}

// tellEnd says in the status line how a verification ended that one took part in, and left.
func (w *window) tellEnd(v *chat.Verification) {
	if _, asked := w.security.asked[v.ID]; !asked {
		return
	}
	if v.Phase == chat.VerifyDone {
		w.tell(w.verifyDone(v), false)
		return
	}
	what, next := words.VerifyCancelled(v.Reason, v.ByUs)
	if v.ByUs && v.Reason == "m.user" {
		return
	}
	w.tell(what+" "+next, true)
}

func (w *window) verifyDone(v *chat.Verification) string {
	switch {
	case !v.Own:
		return words.VerifyDonePerson(w.nameOf(v.User))
	case w.security.asked[v.ID]: // this session was verified already
		return words.VerifyDoneOwn(safe.Line(string(v.Device)).String())
	}
	return words.VerifyDoneSelf
}

// openVerifications shows what waits: the one there is, or a list.
func (w *window) openVerifications() tea.Cmd {
	var open []chat.Verification
	for _, v := range w.security.verify {
		if v.Open() {
			open = append(open, v)
		}
	}
	if len(open) == 1 {
		w.openVerification(open[0])
		return nil
	}
	w.page(w.inbox(open))
	return nil
}

// openVerification shows a verification that is under way.
func (w *window) openVerification(v chat.Verification) {
	s := &w.security
	s.showing, s.step, s.phase = v.ID, stepChoose, v.Phase
	w.closePage(dialogInbox)
	w.page(w.verifyPage(v))
	w.verifyBadge()
}

func (w *window) inbox(open []chat.Verification) *trust.Page {
	p := &trust.Page{Name: dialogInbox, Head: safe.Lit(words.VerifyInboxTitle), Keys: safe.Lit(words.PageKeys)}
	if len(open) == 0 {
		p.Blocks = says(trust.Plain, words.VerifyInboxEmpty)
	}
	for i, v := range open {
		key := " "
		if i < 9 {
			key = string(rune('1' + i))
		}
		who := safe.Own(w.verifyTitle(&v) + " — " + words.VerifyPhase(v))
		p.Choices = append(p.Choices, trust.Choice{Key: key, Title: who, Do: func() tea.Cmd { w.openVerification(v); return nil }})
	}
	p.Choices = append(p.Choices, trust.Choice{Key: "v", Title: safe.Lit(words.VerifyStartOwn), Do: func() tea.Cmd {
		w.closePage(dialogInbox)
		return w.startVerify(w.back.Account.User, "")
	}})
	return p
}

// renewInbox shows the list as it is now.
func (w *window) renewInbox() {
	open := slices.DeleteFunc(slices.Clone(w.security.verify), func(v chat.Verification) bool { return !v.Open() })
	w.dialogs.Open(w.inbox(open), w.clock.Now(), true)
}
