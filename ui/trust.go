package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/status"
	"hubbub/ui/internal/pane/trust"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Ids of the pages of trust. The pages of one flow share an id: one takes the
// place of the other.
const (
	dialogTrust  = "trust"
	dialogVerify = "verify"
	dialogInbox  = "verifications"
)

// Questions of trust.
const (
	askTrust     question = "trust"
	askLater     question = "later"
	askSetUp     question = "set up"
	askRecover   question = "recover"
	askLockUp    question = "lock secrets"
	askRestore   question = "restore backup"
	askNewBackup question = "new backup"
	askKeyFile   question = "key file"
	askStrength  question = "strength"
	askReadCode  question = "read code"
)

// Limits of what takes long.
const (
	setUpLimit   = 3 * time.Minute
	restoreLimit = 2 * time.Hour
)

// uiLater keeps in the store about which state of the identity one has said "later".
const uiLater = "trust-later"

// security is what the window knows about its account's trust. Update's goroutine owns it.
type security struct {
	now       chat.Trust
	walked    *trust.Page // the page of the account's state, when it was made last
	fromWalk  bool        // the page that is shown was come to through it
	known     bool
	later     string // the state of which "later" was said
	laterRead bool
	offered   string // the state that the walk opened for by itself, in this run
	verify    []chat.Verification
	announced map[string]bool // requests that were told
	rang      time.Time       // when one rang last
	showing   string          // the verification whose page is open, or ""
	page      *trust.Page     // its page
	step      verifyStep
	phase     chat.VerificationPhase // of the page that is shown
	asked     map[string]bool        // verifications that one takes part in, and whether this session was verified then
	keyHeld   bool                   // a new recovery key is on the screen and nowhere else
	quitAsked bool
	restoring bool // the backup is being restored
}

// state names what the walk is about: another identity, or another state of
// it, is another thing to decide.
func (s *security) state() string {
	return string(rune('0'+s.now.Identity)) + " " + s.now.MasterKey
}

// startTrust reads what was decided about the walk, and how the account is set
// up. The second waits until the keys are open; the feed may be faster.
func (w *window) startTrust() tea.Cmd {
	if w.back.Trust == nil {
		return nil
	}
	backend := w.back.Trust
	return tea.Batch(w.readLater(), query(w, askTrust, networkLimit, backend.Trust, func(t chat.Trust, err error) tea.Cmd {
		switch {
		case err != nil:
			w.log.Info("Trust is not known", "problem", problemOf(err).Kind.String())
		case !w.security.known:
			w.setTrust(t)
		}
		return nil
	}))
}

// readLater reads whether "later" was said. What cannot be read was not said.
func (w *window) readLater() tea.Cmd {
	reader := w.back.Reader
	return query(w, askLater, diskLimit, func(ctx context.Context) ([]byte, error) {
		return reader.UIState(ctx, uiLater)
	}, func(later []byte, err error) tea.Cmd {
		if err != nil {
			w.log.Info("What was said about trust cannot be read", "problem", problemOf(err).Kind.String())
		}
		if w.security.later == "" { // else it was said just now
			w.security.later = string(later)
		}
		w.security.laterRead = true
		return nil
	})
}

// applyTrust takes what a batch of changes says about trust.
func (w *window) applyTrust(cs *chat.ChangeSet) {
	if w.back.Trust == nil {
		return
	}
	if cs.Trust != nil {
		w.setTrust(*cs.Trust)
	}
	if cs.Verifications != nil {
		w.setVerifications(cs.Verifications)
	}
}

// setTrust takes how the account is set up.
func (w *window) setTrust(t chat.Trust) {
	w.security.now, w.security.known = t, true
	w.freshSessions(&t)
	key := w.keys.Key(keymap.Global, keymap.Trust)
	w.status.SetBadge(status.BadgeTrust, safe.Own(words.TrustBadge(t, key)), t.Identity == chat.IdentityReplaced)
	w.showProgress(t.Backup)
	w.renewWalk()
}

// calmLag is how many keys may wait for the backup before the status line says so.
const calmLag = 10

// showProgress shows how far the backup is, unless it only takes up what was just written.
func (w *window) showProgress(b chat.Backup) {
	text := words.BackupProgress(b)
	if !b.Restoring && b.Total-b.Saved < calmLag {
		text = ""
	}
	w.status.SetBadge(status.BadgeBackup, safe.Own(text), false)
}

// offerTrust opens the walk by itself, once for each state of the identity
// that asks for a decision, unless "later" was said of it; never while one types.
func (w *window) offerTrust() {
	s := &w.security
	switch s.now.Identity {
	case chat.IdentityNone, chat.IdentityForeign, chat.IdentityReplaced:
	default:
		return
	}
	if !w.started || !s.laterRead || w.typing.room != "" || !w.dialogs.Empty() || !w.early().IsZero() {
		return
	}
	if state := s.state(); s.later != state && s.offered != state {
		s.offered = state
		w.late(w.walk())
	}
}

// trustLater remembers that the walk need not open by itself again.
func (w *window) trustLater() tea.Cmd {
	w.security.later = w.security.state()
	w.back.Sender.SaveUI(uiLater, []byte(w.security.later))
	w.closePage(dialogTrust)
	return nil
}

// withTrust returns the account's trust, or says that there is none.
func (w *window) withTrust() (Trust, bool) {
	if w.back == nil || w.back.Trust == nil {
		w.say(words.TrustMissing, true)
		return nil, false
	}
	return w.back.Trust, true
}

// trustDo does actions of trust.
func (w *window) trustDo(a keymap.Action) (tea.Cmd, bool) {
	do := map[keymap.Action]func() tea.Cmd{
		keymap.Trust:          w.openTrust,
		keymap.Verifications:  w.openVerifications,
		keymap.VerifySession:  func() tea.Cmd { return w.startVerify(w.back.Account.User, "") },
		keymap.VerifyPerson:   w.verifySelected,
		keymap.Recover:        w.openRecover,
		keymap.SetUpTrust:     w.openSetUp,
		keymap.NewRecoveryKey: w.openNewKey,
		keymap.LockSecrets:    w.lockSecrets,
		keymap.RestoreBackup:  w.restoreBackup,
		keymap.ResetBackup:    w.openNewBackup,
		keymap.ExportKeys:     w.openExport,
		keymap.ImportKeys:     w.openImport,
	}[a]
	if do == nil {
		return nil, false
	}
	if _, ok := w.withTrust(); !ok {
		return nil, true
	}
	return do(), true
}

// message makes a page with one thing to say.
func message(id, head string, lines ...trust.Block) *trust.Page {
	return &trust.Page{Name: id, Head: safe.Own(head), Blocks: lines, Keys: safe.Lit(words.EnterEnd)}
}

// refusal makes the lines that say what went wrong and what to do.
func refusal(p *trust.Page, err *chat.Problem) {
	what, next := words.Problem(err)
	p.Say(true, what, next)
}
