package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/internal/pane/members"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Ids of sheets and of what they ask.
const (
	dialogPersonInfo  = "person-info"
	dialogSessionInfo = "session-info"
	dialogSessions    = "sessions"
	dialogDoctor      = "doctor"
	dialogPolicy      = "policy"
	dialogRename      = "rename"
	dialogEnd         = "end-session"
	dialogBlock       = "block"
	dialogAccept      = "accept"
	dialogRotate      = "rotate"
)

// Questions about trust.
const (
	askLock         question = "lock"
	askMarks        question = "marks"
	askMessageTrust question = "message trust"
	askRetryKey     question = "retry key"
	askPerson       question = "person"
	askSession      question = "session"
	askRoomInfo     question = "room info"
	askSessions     question = "sessions"
	askCheckup      question = "checkup"
	askAct          question = "act"
	askEnd          question = "end sessions"
	askPolicy       question = "policy"
)

// lockWait is the time between two readings of what protects the open channel,
// which changes with every message of ours and every new session of somebody.
const lockWait = 2 * time.Second

// knowledge is what the window knows about trust. Update's goroutine owns it.
type knowledge struct {
	lock      *chat.RoomLock // of the open channel, nil until it is known
	of        chat.Room      // the open channel as it was when the lock was read
	lockRead  time.Time
	lockStale bool
	fresh     []chat.Session            // own sessions that nobody has said anything about
	told      map[chat.DeviceID]bool    // of these: said once
	why       *whyMessage               // the message that a sheet explains
	again     map[string]func() tea.Cmd // how an open sheet is read again
	stale     bool                      // what open sheets say changed since they were read
	readAt    time.Time                 // when they were read again last
	doctor    *info.Sheet
	setup     setup // when the doctor looked last
}

// setup is what a checkup depends on.
type setup struct {
	identity chat.IdentityState
	keys     bool
	recovery chat.RecoveryState
	backup   chat.BackupState
}

// sheet opens a sheet. again reads what it shows; it runs now and whenever
// something about trust changed.
func (w *window) sheet(s *info.Sheet, again func() tea.Cmd) tea.Cmd {
	s.Refused = func(keymap.Action) tea.Cmd { w.say(words.SheetNotHere, false); return nil }
	w.show(s)
	if w.info.again == nil {
		w.info.again = map[string]func() tea.Cmd{}
	}
	w.info.again[s.Name] = again
	w.info.stale, w.info.readAt = false, w.clock.Now()
	return again()
}

// sheetsAgain reads what open sheets show once more.
func (w *window) sheetsAgain() tea.Cmd {
	w.info.stale, w.info.readAt = false, w.clock.Now()
	var cmds []tea.Cmd
	for name, again := range w.info.again {
		if !w.dialogs.Has(name) {
			delete(w.info.again, name)
			continue
		}
		cmds = append(cmds, again())
	}
	return tea.Batch(cmds...)
}

// applyInfo takes what a batch of changes says about trust.
func (w *window) applyInfo(cs *chat.ChangeSet) tea.Cmd {
	if w.back.Trust == nil {
		return nil
	}
	var cmds []tea.Cmd
	if len(cs.People) > 0 {
		w.people.Forget(cs.People)
		w.info.lockStale, w.info.stale = true, true
	}
	if cs.Reload {
		w.people.Forget(nil)
		w.info.lockStale, w.info.stale = true, true
	}
	if cs.Trust != nil {
		w.info.stale = true
		w.doctorStale(cs.Trust)
	}
	if change := cs.Timeline[w.room]; change != nil && w.room != "" {
		w.info.lockStale = w.info.lockStale || slices.ContainsFunc(change.Items, func(m chat.Message) bool { return m.Own && m.Send == chat.Sent })
		cmds = append(cmds, w.whyChanged(change))
	}
	if r := w.list.Room(w.room); r != nil && w.info.of.ID == r.ID &&
		(r.Encrypted != w.info.of.Encrypted || r.Joined != w.info.of.Joined || r.Invited != w.info.of.Invited || r.History != w.info.of.History) {
		w.info.lockStale = true
	}
	return tea.Batch(cmds...)
}

// infoWants asks for what the screen shows of trust and is not known.
func (w *window) infoWants() tea.Cmd {
	return tea.Batch(w.wantLock(), w.wantMarks(), w.wantSheets())
}

// wantSheets reads open sheets again when something about trust changed.
func (w *window) wantSheets() tea.Cmd {
	if due := w.sheetsDue(); due.IsZero() || w.clock.Now().Before(due) {
		return nil
	}
	return w.sheetsAgain()
}

// sheetsDue returns when open sheets are read again, zero for not at all.
func (w *window) sheetsDue() time.Time {
	if !w.info.stale || len(w.info.again) == 0 {
		return time.Time{}
	}
	return w.info.readAt.Add(lockWait)
}

// infoDo does actions about trust.
func (w *window) infoDo(c keymap.Context, a keymap.Action) (tea.Cmd, bool) {
	switch a {
	case keymap.Doctor:
		return w.openDoctor(), true
	case keymap.Sessions:
		return w.openSessions(), true
	case keymap.Details:
		if c != keymap.People {
			return nil, false
		}
		if m := w.people.Selected(); m != nil {
			return w.openPersonInfo(m.User), true
		}
	case keymap.RotateKey, keymap.RoomPolicy, keymap.ServerPolicy, keymap.NeverPlain:
		return w.roomAction(a), true
	default:
		return nil, false
	}
	return nil, true
}

// forPalette reports whether an action of sheets makes sense without one.
func forPalette(a keymap.Action) bool {
	switch a {
	case keymap.RotateKey, keymap.RoomPolicy, keymap.ServerPolicy, keymap.NeverPlain:
		return true
	}
	return false
}

// maxShown is how much of a name stands before the id, in bytes.
const maxShown = 40

// nameOf names a person as the open channel knows them: with the id, which
// alone tells who it is, and without a name that could pass for another's.
func (w *window) nameOf(user chat.UserID) string {
	if name := w.shortName(user); name != string(user) {
		return cutText(safe.Line(name), maxShown).String() + " (" + string(user) + ")"
	}
	return string(user)
}

// shortName names a person by the name alone where that tells who it is, else by the id.
func (w *window) shortName(user chat.UserID) string {
	for _, m := range w.people.List().People {
		if m.User == user && !timeline.Doubtful(m.Name, m.User, m.Ambiguous) {
			return members.Name(m)
		}
	}
	return string(user)
}

// act runs something that changes trust, and says how it went in a sheet.
func (w *window) act(s *info.Sheet, done string, f func(ctx context.Context) error) tea.Cmd {
	s.Say(words.Loading, info.Plain)
	w.dialogs.Changed()
	return query(w, askAct, networkLimit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f(ctx)
	}, func(_ struct{}, err error) tea.Cmd {
		w.dialogs.Changed()
		if err != nil {
			s.Say(words.ProblemLine(problemOf(err)), info.Bad)
			return nil
		}
		s.Say(done, info.Good)
		w.info.lockStale = true
		return w.sheetsAgain()
	})
}

// copySheet copies what a sheet says.
func (w *window) copySheet(s *info.Sheet) info.Action {
	return info.Action{Do: keymap.CopySheet, Run: func() tea.Cmd { w.copy(s.Text()); return nil }}
}

// fact is a name and what belongs to it; nothing for nothing.
func fact(lines []info.Line, key, value string) []info.Line {
	if value == "" {
		return lines
	}
	return append(lines, info.Line{Name: safe.Own(words.InfoName(key)), Text: safe.Own(value)})
}

func heading(lines []info.Line, text string) []info.Line {
	if len(lines) > 0 {
		lines = append(lines, info.Line{Text: safe.Lit(" ")})
	}
	return append(lines, info.Line{Heading: true, Text: safe.Own(text)})
}

func sentence(lines []info.Line, level info.Level, text string) []info.Line {
	if text == "" {
		return lines
	}
	return append(lines, info.Line{Level: level, Text: safe.Own(text)})
}

// onSheet reports whether the uppermost dialog is a sheet.
func (w *window) onSheet() bool {
	_, ok := w.dialogs.Top().(*info.Sheet)
	return ok
}
