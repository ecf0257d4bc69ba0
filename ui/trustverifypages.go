package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// verifyTitle names the other side: an own session, or a person with the id.
func (w *window) verifyTitle(v *chat.Verification) string {
	if !v.Own {
		return w.nameOf(v.User)
	}
	if v.Device == "" {
		return words.VerifyOwnName
	}
	return safe.Line(string(v.Device)).String()
}

// verifyPage makes the page for how far a verification is.
func (w *window) verifyPage(v chat.Verification) *trust.Page {
	p := &trust.Page{
		Name: dialogVerify, Head: safe.Own(words.VerifyWithWhom(w.verifyTitle(&v))), All: true, Keys: safe.Lit(words.VerifyKeys), Left: w.leaveVerification,
	}
	switch v.Phase {
	case chat.VerifyRequested:
		w.requestedPage(p, &v)
	case chat.VerifyReady:
		w.readyPage(p, &v)
	case chat.VerifyStarted:
		p.Blocks = says(trust.Strong, words.VerifyWaitKeys)
		w.stopOnly(p, v.ID)
	case chat.VerifyCompare:
		w.comparePage(p, &v)
	case chat.VerifyConfirmed:
		p.Blocks = says(trust.Strong, words.VerifyConfirmed)
		w.stopOnly(p, v.ID)
	case chat.VerifyScanned:
		p.Blocks, p.Unset = says(trust.Strong, words.VerifyScannedAsk), true
		p.Choices = w.answers(v.ID, words.VerifyScannedYes, words.VerifyScannedNo)
	case chat.VerifyDone:
		p.Blocks, p.Keys = says(trust.Good, words.VerifyDoneTitle, w.verifyDone(&v)), safe.Lit(words.EnterEnd)
		p.Blocks[0].Mark = w.theme.Glyphs.Check
	default:
		w.cancelledPage(p, &v)
	}
	if v.Open() && v.Problem != nil {
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(words.ProblemLine(v.Problem)), Tone: trust.Warn})
	}
	w.security.page = p
	return p
}

// leaveVerification closes the page; the verification goes on.
func (w *window) leaveVerification() tea.Cmd {
	w.security.showing = ""
	w.verifyBadge()
	return nil
}

// verifying does something to a verification, and waits for what comes of it.
func (w *window) verifying(id string, do func(Verifier, string)) func() tea.Cmd {
	return func() tea.Cmd {
		if backend, ok := w.withTrust(); ok {
			do(backend, id)
		}
		if p, ok := w.dialogs.Top().(*trust.Page); ok && p.Name == dialogVerify {
			p.Wait(words.BusyWord)
			w.dialogs.Changed()
		}
		return nil
	}
}

// stopOnly lets a page that waits offer nothing but to stop, which Enter alone does not.
func (w *window) stopOnly(p *trust.Page, id string) {
	p.Choices, p.Unset = w.stopChoice(id), true
}

func (w *window) stopChoice(id string) []trust.Choice {
	return []trust.Choice{{Key: "x", Title: safe.Lit(words.VerifyStop), Do: w.verifying(id, Verifier.CancelVerification)}}
}

func (w *window) answers(id, yes, no string) []trust.Choice {
	return []trust.Choice{
		{Key: "y", Title: safe.Own(yes), Do: w.verifying(id, Verifier.ConfirmVerification)},
		{Key: "n", Title: safe.Own(no), Do: w.verifying(id, Verifier.DenyVerification)},
	}
}

func (w *window) requestedPage(p *trust.Page, v *chat.Verification) {
	switch {
	case !v.Incoming && v.Own:
		ask := words.VerifyAskOwn
		if v.Device != "" {
			ask = words.VerifyAskThat(safe.Line(string(v.Device)).String())
		}
		p.Blocks = says(trust.Strong, words.VerifyWaitOther, ask)
	case !v.Incoming:
		p.Blocks = says(trust.Strong, words.VerifyWaitOther, words.VerifyAskOther)
	case v.Own:
		p.Blocks = says(trust.Strong, words.VerifyAskOwnSession(safe.Line(string(v.Device)).String()), words.VerifyAskWarnOwn)
	default:
		p.Blocks = says(trust.Strong, words.VerifyAsk(w.nameOf(v.User)), words.VerifyAskWarn)
	}
	if !v.Until.IsZero() {
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(words.VerifyUntil(v.Until.In(time.Local).Format("15:04"))), Tone: trust.Quiet})
	}
	if !v.Incoming {
		w.stopOnly(p, v.ID)
		return
	}
	p.Unset = true
	p.Choices = []trust.Choice{
		{Key: "y", Title: safe.Lit(words.VerifyAccept), Do: func() tea.Cmd {
			w.follows(v.ID)
			return w.verifying(v.ID, Verifier.AcceptVerification)()
		}},
		{Key: "n", Title: safe.Lit(words.VerifyDecline), Do: func() tea.Cmd {
			cmd := w.verifying(v.ID, Verifier.CancelVerification)()
			w.leaveVerification()
			w.closePage(dialogVerify)
			return cmd
		}},
	}
}

func (w *window) readyPage(p *trust.Page, v *chat.Verification) {
	p.Blocks = says(trust.Strong, words.VerifyHow)
	if v.CanSAS {
		p.Choices = append(p.Choices, trust.Choice{Key: "e", Title: safe.Lit(words.VerifyEmoji), Do: w.verifying(v.ID, Verifier.CompareEmoji)})
	}
	if v.CanShow && len(v.Code) > 0 {
		p.Choices = append(p.Choices, trust.Choice{Key: "c", Title: safe.Lit(words.VerifyShow), Do: func() tea.Cmd { return w.showCode(*v) }})
	}
	if v.CanScan {
		p.Choices = append(p.Choices, trust.Choice{Key: "s", Title: safe.Lit(words.VerifyEnter), Do: func() tea.Cmd { return w.takeCode(*v) }})
	}
	if len(p.Choices) == 0 {
		p.Blocks = says(trust.Warn, words.VerifyUnsupported)
	}
	p.Choices = append(p.Choices, w.stopChoice(v.ID)...)
}

func (w *window) comparePage(p *trust.Page, v *chat.Verification) {
	label := safe.Lit(words.VerifyNumbers)
	p.Blocks = []trust.Block{
		{Text: safe.Lit(words.VerifyCompareAsk), Tone: trust.Strong},
		{Art: &trust.Emoji{Emoji: v.Emoji, Decimals: v.Decimals, Label: label}},
	}
	p.Unset = true
	p.Choices = w.answers(v.ID, words.VerifySame, words.VerifyDifferent)
}

func (w *window) cancelledPage(p *trust.Page, v *chat.Verification) {
	what, next := words.VerifyCancelled(v.Reason, v.ByUs)
	p.Blocks, p.Keys = says(trust.Warn, what), safe.Lit(words.PageKeys)
	if next != "" {
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(next)})
	}
	switch {
	case v.Problem == nil || v.Problem.Kind == chat.ProblemMismatch:
	case v.Own && v.Problem.Kind == chat.ProblemNotFound:
		p.Blocks = says(trust.Warn, words.VerifyNobody)
	case v.Reason == "m.user" && v.ByUs: // it was given up for that, not at the person's wish
		p.Blocks = says(trust.Warn, words.ProblemLine(v.Problem))
	default:
		p.Blocks = append(p.Blocks, trust.Block{Text: safe.Own(words.ProblemLine(v.Problem)), Tone: trust.Quiet})
	}
	user, device := v.User, v.Device
	p.Choices = []trust.Choice{
		{Key: "q", Title: safe.Lit(words.CloseWord), Do: func() tea.Cmd {
			w.leaveVerification()
			w.closePage(dialogVerify)
			return nil
		}},
		{Key: "a", Title: safe.Lit(words.VerifyAgain), Do: func() tea.Cmd { return w.startVerify(user, device) }},
	}
}
