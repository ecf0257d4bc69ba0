package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openTrust shows how the account stands, with what is missing.
func (w *window) openTrust() tea.Cmd {
	w.security.fromWalk = false
	w.page(w.walk())
	return nil
}

// walk makes the page for the present state of the account.
func (w *window) walk() *trust.Page {
	p := &trust.Page{Name: dialogTrust, Head: safe.Lit(words.WalkTitle), All: true, Keys: safe.Lit(words.PageKeys)}
	t := &w.security.now
	switch t.Identity {
	case chat.IdentityForeign:
		p.Blocks = says(trust.Strong, words.WalkForeign, words.WalkForeignWhy)
		p.Choices = append(w.waysIn(t), w.resetChoice(), w.laterChoice())
	case chat.IdentityReplaced:
		p.Blocks = says(trust.Grave, words.WalkReplaced, words.WalkReplacedWhy)
		p.Choices = append(w.waysIn(t), w.resetChoice(), w.laterChoice())
	case chat.IdentityNone:
		p.Blocks = says(trust.Strong, words.WalkNone, words.WalkNoneWhy)
		p.Choices = []trust.Choice{{Key: "n", Title: safe.Lit(words.WalkSetUp), Do: w.openSetUp}, w.laterChoice()}
	case chat.IdentityOwn:
		w.walkOwn(p, t)
	default:
		p.Blocks = says(trust.Strong, words.WalkUnknown)
		p.Keys = safe.Lit(words.EnterEnd)
	}
	p.Choices = append(w.requestChoices(), p.Choices...)
	w.security.walked = p
	return p
}

// requestChoices are the requests of own sessions that wait for an answer: the
// page lies over the status line that would tell of them.
func (w *window) requestChoices() []trust.Choice {
	for _, v := range w.security.verify {
		if v.Own && waitsForUs(&v) {
			return []trust.Choice{{Key: "a", Title: safe.Lit(words.WalkAnswer), Note: safe.Own(w.verifyTitle(&v)), Do: func() tea.Cmd {
				w.openVerification(v)
				return nil
			}}}
		}
	}
	return nil
}

func says(first trust.Tone, lines ...string) []trust.Block {
	out := make([]trust.Block, len(lines))
	for i, l := range lines {
		out[i].Text = safe.Own(l)
	}
	out[0].Tone = first
	return out
}

// waysIn are the ways to verify this session with an identity that exists.
func (w *window) waysIn(t *chat.Trust) []trust.Choice {
	verify := trust.Choice{Key: "v", Title: safe.Lit(words.WalkVerify), Note: safe.Lit(words.WalkVerifyNote), Do: func() tea.Cmd {
		return w.startVerify(w.back.Account.User, "")
	}}
	if t.CanVerify == 0 {
		verify.Disabled, verify.Note = words.WalkVerifyNone, safe.Lit(words.WalkVerifyNone)
	}
	recovery := trust.Choice{Key: "r", Title: safe.Lit(words.WalkRecover), Do: w.openRecover}
	if t.Recovery == chat.RecoveryNone {
		recovery.Disabled, recovery.Note = words.WalkRecoverNone, safe.Lit(words.WalkRecoverNone)
	}
	return []trust.Choice{verify, recovery}
}

func (w *window) resetChoice() trust.Choice {
	return trust.Choice{Key: "n", Title: safe.Lit(words.WalkReset), Note: safe.Lit(words.WalkResetNote), Do: w.openSetUp}
}

func (w *window) laterChoice() trust.Choice {
	return trust.Choice{Key: "l", Title: safe.Lit(words.LaterWord), Note: safe.Lit(words.LaterNote), Do: w.trustLater}
}

// walkOwn fills the page of a session that is verified: what there is, and what to do.
func (w *window) walkOwn(p *trust.Page, t *chat.Trust) {
	g := w.theme.Glyphs
	head, tone := words.WalkPart, trust.Warn
	if t.Complete() {
		head, tone = words.WalkDone, trust.Good
	}
	p.Blocks = says(tone, head)
	line := func(good bool, text string) {
		b := trust.Block{Text: safe.Own(text), Mark: g.Cross, Tone: trust.Warn, Close: len(p.Blocks) > 1}
		if good {
			b.Mark, b.Tone = g.Check, trust.Plain
		}
		p.Blocks = append(p.Blocks, b)
	}
	line(true, words.IdentityLine(t.Identity))
	line(t.PrivateKeys, words.PrivateKeysLine(t.PrivateKeys))
	line(t.Recovery == chat.RecoveryReady, words.RecoveryLine(t.Recovery, t.Passphrase))
	line(t.Backup.State == chat.BackupOn, words.BackupLine(t.Backup))
	if t.Backup.Problem != nil {
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(words.ProblemLine(t.Backup.Problem)), Close: true, Tone: trust.Quiet})
	}
	if t.UnlockedUntil.After(w.clock.Now()) {
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(words.UnlockedLine(t.UnlockedUntil.Local().Format("15:04"))), Close: true, Tone: trust.Quiet})
	}
	p.Choices = w.ownChoices(t)
}

// ownChoices are what can be done in a verified session: what is missing first.
func (w *window) ownChoices(t *chat.Trust) []trust.Choice {
	var out []trust.Choice
	add := func(when bool, key, title string, do func() tea.Cmd) {
		if when {
			out = append(out, trust.Choice{Key: key, Title: safe.Own(title), Do: do})
		}
	}
	backup := t.Backup.State
	missing := t.Recovery == chat.RecoveryNone || backup == chat.BackupNone
	add(t.Recovery != chat.RecoveryNone && (!t.PrivateKeys || backup == chat.BackupNoKey), "r", words.WalkRecover, w.openRecover)
	add(missing, "n", words.WalkSetUpRest, func() tea.Cmd { return w.setUpHow(chat.SetUp{}) })
	add(backup == chat.BackupUntrusted || backup == chat.BackupUnsupported || backup == chat.BackupFailed, "z", words.WalkNewBackup, w.openNewBackup)
	add(t.Recovery != chat.RecoveryNone && t.Recovery != chat.RecoveryUnknown, "g", words.WalkNewKey, w.openNewKey)
	add(backup == chat.BackupOn, "b", words.WalkRestore, w.restoreBackup)
	add(true, "v", words.WalkVerifyOther, func() tea.Cmd { return w.startVerify(w.back.Account.User, "") })
	add(t.UnlockedUntil.After(w.clock.Now()), "x", words.WalkLock, w.lockSecrets)
	add(true, "q", words.CloseWord, func() tea.Cmd { w.closePage(dialogTrust); return nil })
	return out
}

// walkOpen reports whether the page of the account's state is on the screen,
// and not another page of the flow in its place.
func (w *window) walkOpen() bool {
	return w.security.walked != nil && w.dialogs.Is(dialogTrust, w.security.walked)
}

// renewWalk shows the present state in the place of the one that was shown.
func (w *window) renewWalk() {
	if !w.walkOpen() {
		return
	}
	before := w.security.walked
	p := w.walk()
	p.Resume(before)
	w.dialogs.Open(p, w.clock.Now(), false)
}

// subpage shows a page of the flow. Where the way led through the page of the
// account's state, Esc leads back there.
func (w *window) subpage(p *trust.Page) {
	s := &w.security
	s.fromWalk = w.walkOpen() || s.fromWalk && w.dialogs.Has(dialogTrust)
	if s.fromWalk {
		p.Hold = true
		if p.Keys == safe.Lit(words.PageKeys) {
			p.Keys = safe.Lit(words.SubpageKeys)
		}
		p.Left = func() tea.Cmd { return w.openTrust() }
	}
	w.page(p)
}
