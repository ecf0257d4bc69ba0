package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openSetUp sets up what is missing. An identity that exists is replaced only
// by somebody who has read what that means and typed it.
func (w *window) openSetUp() tea.Cmd {
	if _, ok := w.withTrust(); !ok {
		return nil
	}
	if s := w.security.now.Identity; s == chat.IdentityNone || s == chat.IdentityUnknown {
		return w.setUpHow(chat.SetUp{})
	}
	p := &trust.Page{
		Name: dialogTrust, Head: safe.Lit(words.ResetTitle), All: true, Keys: safe.Lit(words.EnterKeys),
		Fields: []*dialog.Field{input(words.ResetField, "", "")},
	}
	p.Blocks = says(trust.Grave, words.ResetIntro, words.ResetOne, words.ResetTwo, words.ResetThree, words.ResetFour, words.ResetAsk)
	for i := 1; i <= 4; i++ {
		p.Blocks[i].Mark, p.Blocks[i].Close = w.theme.Glyphs.Mine, i > 1
	}
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		if p.Text(0) != words.ResetWord {
			return words.ResetNeed, nil
		}
		return "", w.setUpHow(chat.SetUp{Reset: true})
	}
	w.subpage(p)
	return nil
}

// making is what a new recovery key is made for.
type making struct {
	head, intro, wait string
	make              func(ctx context.Context, phrase chat.Secret, auth chat.Auth) (chat.Secret, error)
}

// setUpHow asks how the recovery key shall be made, and sets up.
func (w *window) setUpHow(want chat.SetUp) tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	intro := words.SetUpIntro
	if want.Reset {
		intro = words.SetUpAnew
	}
	return w.keyHow(making{head: words.SetUpTitle, intro: intro, wait: words.SetUpWait, make: func(ctx context.Context, phrase chat.Secret, auth chat.Auth) (chat.Secret, error) {
		asked := want
		asked.Passphrase, asked.Auth = phrase, auth
		return backend.SetUp(ctx, asked)
	}})
}

// openNewKey makes a new recovery key in the place of the present one.
func (w *window) openNewKey() tea.Cmd {
	backend, ok := w.withTrust()
	if !ok {
		return nil
	}
	return w.keyHow(making{head: words.WalkNewKey, intro: words.SetUpKeyIntro, wait: words.NewKeyWait, make: func(ctx context.Context, phrase chat.Secret, _ chat.Auth) (chat.Secret, error) {
		return backend.NewRecoveryKey(ctx, phrase)
	}})
}

// keyHow asks whether the recovery key is made at random or from a passphrase.
func (w *window) keyHow(m making) tea.Cmd {
	p := &trust.Page{Name: dialogTrust, Head: safe.Own(m.head), All: true, Keys: safe.Lit(words.PageKeys)}
	p.Blocks = says(trust.Plain, m.intro, words.SetUpHow)
	p.Choices = []trust.Choice{
		{Key: "k", Title: safe.Lit(words.SetUpRandom), Note: safe.Lit(words.SetUpRandomNote), Do: func() tea.Cmd { return w.makeKey(p, m, "") }},
		{Key: "p", Title: safe.Lit(words.SetUpPhrase), Note: safe.Lit(words.SetUpPhraseNote), Do: func() tea.Cmd { return w.askPhrase(m) }},
	}
	w.subpage(p)
	return nil
}

// askPhrase takes the passphrase, twice, and says how hard it is to guess.
func (w *window) askPhrase(m making) tea.Cmd {
	p := &trust.Page{
		Name: dialogTrust, Head: safe.Lit(words.PhraseTitle), All: true, Keys: safe.Lit(words.SecretsKeys),
		Fields: []*dialog.Field{dialog.Secret(words.PhraseField, ""), dialog.Secret(words.PhraseAgain, "")},
	}
	meter := &trust.Meter{Label: safe.Lit(words.StrengthLabel)}
	p.Blocks = []trust.Block{{Text: safe.Lit(words.PhraseIntro)}, {Art: meter}}
	p.Edited = func(p *trust.Page) tea.Cmd { return measure(p, meter) }
	p.Submit = func(p *trust.Page) (string, tea.Cmd) {
		phrase, refused := phraseOf(p, 0)
		if refused != "" {
			return refused, nil
		}
		p.Fields[0].Wipe()
		p.Fields[1].Wipe()
		return "", w.makeKey(p, m, phrase)
	}
	w.subpage(p)
	return nil
}

// leastStrength is the least score of a passphrase that is taken.
const leastStrength = 3

// phraseOf returns the passphrase of fields i and i+1, or why it is not taken.
func phraseOf(p *trust.Page, i int) (chat.Secret, string) {
	phrase := p.Fields[i].Secret()
	switch {
	case phrase == "":
		return "", words.PhraseNeed
	case strength(phrase) < leastStrength:
		return "", words.PhraseWeak
	case phrase != p.Fields[i+1].Secret():
		return "", words.PhraseDiffer
	}
	return phrase, ""
}

// measure shows how hard the passphrase is to guess.
func measure(p *trust.Page, meter *trust.Meter) tea.Cmd {
	for _, f := range p.Fields {
		if f.Input.Masked {
			meter.Score = strength(f.Secret())
			meter.Word = safe.Text{}
			if f.Secret() != "" {
				meter.Word = safe.Own(words.Strength(meter.Score))
			}
			return nil
		}
	}
	return nil
}

// makeKey makes the recovery key and shows it.
func (w *window) makeKey(p *trust.Page, m making, phrase chat.Secret) tea.Cmd {
	if w.busy(askSetUp) { // a key that comes must be shown
		p.Say(true, words.StillBusy)
		return nil
	}
	p.Wait(m.wait)
	w.dialogs.Changed()
	return authorised(w, askSetUp, setUpLimit, func(ctx context.Context, auth chat.Auth) (chat.Secret, error) {
		return m.make(ctx, phrase, auth)
	}, func(key chat.Secret, err error) tea.Cmd {
		if err != nil {
			w.failed(p, err)
			return nil
		}
		if key == "" { // the recovery key that there is stays
			w.closePage(dialogTrust)
			w.say(words.KeyStays, false)
			return nil
		}
		w.showKey(key)
		return nil
	})
}

// failed says in a page why something did not work, or in the status line when
// the page was closed meanwhile.
func (w *window) failed(p *trust.Page, err error) {
	if !w.dialogs.Is(p.Name, p) {
		w.outcome("", err)
		return
	}
	refusal(p, problemOf(err))
	w.dialogs.Changed()
}

// busy reports whether a question is not answered yet: asked again, its answer would be lost.
func (w *window) busy(about question) bool {
	_, busy := w.waiting[about]
	return busy
}
