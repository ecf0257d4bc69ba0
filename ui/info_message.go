package ui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// whyMessage is the sheet that explains a message.
type whyMessage struct {
	w       *window
	sheet   *info.Sheet
	message chat.Message
	trust   *chat.MessageTrust // nil until it is known
	problem *chat.Problem      // why it is not
	raw     []byte
	clear   []byte
}

// openDetails explains a message: who, when, how it was protected, and the event itself.
func (w *window) openDetails(m *chat.Message) tea.Cmd {
	y := &whyMessage{w: w, message: *m, sheet: info.New(dialogDetails, safe.Lit(words.DetailsHeading), w.keys)}
	w.info.why = y
	y.show()
	return tea.Batch(w.sheet(y.sheet, y.ask), y.askSource())
}

// protected reports whether there is something to know about the message's encryption.
func (y *whyMessage) protected() bool {
	m := &y.message
	return m.ID != "" && m.Kind != chat.KindGap && (m.Encrypted || m.Kind == chat.KindUndecrypted) && y.w.back.Trust != nil
}

func (y *whyMessage) ask() tea.Cmd {
	if !y.protected() {
		return nil
	}
	trust, key := y.w.back.Trust, y.message.Key
	return query(y.w, askMessageTrust, networkLimit, func(ctx context.Context) (chat.MessageTrust, error) {
		return trust.Message(ctx, key)
	}, func(t chat.MessageTrust, err error) tea.Cmd {
		if err != nil {
			y.problem = problemOf(err)
		} else {
			y.trust, y.problem = &t, nil
		}
		y.show()
		return nil
	})
}

func (y *whyMessage) askSource() tea.Cmd {
	if y.message.ID == "" || y.message.Kind == chat.KindGap {
		return nil
	}
	reader, key := y.w.back.Reader, y.message.Key
	type source struct{ raw, clear []byte }
	return query(y.w, askSource, diskLimit, func(ctx context.Context) (source, error) {
		raw, clear, err := reader.Source(ctx, key)
		return source{raw, clear}, err
	}, func(s source, err error) tea.Cmd {
		if err != nil {
			y.w.sayProblem(problemOf(err))
			return nil
		}
		y.raw, y.clear = s.raw, s.clear
		y.show()
		return nil
	})
}

// whyChanged takes a change of the message that is being explained.
func (w *window) whyChanged(c *chat.RoomChange) tea.Cmd {
	y := w.info.why
	if y == nil || !w.dialogs.Has(dialogDetails) {
		w.info.why = nil
		return nil
	}
	i := slices.IndexFunc(c.Items, func(m chat.Message) bool { return m.Key == y.message.Key })
	if i < 0 {
		return nil
	}
	opened := y.message.Kind == chat.KindUndecrypted && c.Items[i].Kind != chat.KindUndecrypted
	y.message = c.Items[i]
	if opened {
		y.trust = nil
		y.sheet.Say(words.KeyFound, info.Good)
	}
	y.show()
	return tea.Batch(y.ask(), y.askSource())
}

// show writes the sheet.
func (y *whyMessage) show() {
	m := &y.message
	var lines []info.Line
	if m.Kind == chat.KindUndecrypted {
		lines = y.undecrypted(heading(lines, words.WhyUndecrypted))
	} else {
		lines = y.encryption(heading(lines, words.WhyEncryption))
	}
	if m.Encrypted && shieldOf(m) != chat.ShieldChanged && y.w.identityChanged(m.Sender) {
		lines = sentence(lines, info.Warn, words.SenderChanged)
	}
	lines = y.blockers(lines)
	if y.problem != nil {
		lines = sentence(lines, info.Note, words.ProblemLine(y.problem))
	}
	lines = y.origin(lines)
	lines = heading(lines, words.WhyMessage)
	for _, l := range detailLines(m) {
		lines = append(lines, info.Line{Name: l.Name, Text: l.Text})
	}
	lines = append(lines, sourceOf(words.SourceDecrypted, y.clear)...)
	lines = append(lines, sourceOf(words.SourceReceived, y.raw)...)
	y.sheet.SetLines(lines)
	y.sheet.Actions = y.actions()
	y.w.dialogs.Changed()
}

// blockers lists the people whose changed identity keeps a message from being sent.
func (y *whyMessage) blockers(lines []info.Line) []info.Line {
	p := y.message.SendProblem
	if p == nil || p.Kind != chat.ProblemIdentity {
		return lines
	}
	for _, name := range strings.FieldsFunc(p.Detail, func(r rune) bool { return r == ' ' || r == ',' }) {
		user := chat.UserID(name)
		if !user.Valid() {
			continue
		}
		lines = append(lines, info.Line{
			Level: info.Warn, Name: safe.Own(words.InfoName("changed")), Text: safe.Own(y.w.nameOf(user)), ID: "blocker " + name,
			Choose: func() tea.Cmd { return y.w.openPersonInfo(user) },
		})
	}
	return lines
}

// sourceOf shows an event in a sheet.
func sourceOf(title string, raw []byte) []info.Line {
	var lines []info.Line
	for _, l := range sourceLines(title, raw) {
		lines = append(lines, info.Line{Text: l.Text, Heading: l.Heading})
	}
	return lines
}

// shield returns the shield of a message: one that came in clear has that one.
func shieldOf(m *chat.Message) chat.Shield {
	if m.Plain {
		return chat.ShieldPlain
	}
	return m.Shield
}

// encryption says how far a message that can be read can be trusted.
func (y *whyMessage) encryption(lines []info.Line) []info.Line {
	m := &y.message
	shield := shieldOf(m)
	if y.trust != nil && !m.Plain {
		shield = y.trust.Shield
	}
	what, next := words.ShieldWhy(shield)
	switch {
	case m.ID == "":
		return sentence(lines, info.Plain, words.NotSentYet)
	case shield.Grave():
		lines = sentence(lines, info.Bad, what)
	case shield != chat.ShieldNone:
		lines = sentence(lines, info.Note, what)
	case !m.Encrypted:
		return sentence(lines, info.Plain, words.NotEncryptedMessage)
	case y.trust == nil:
		return sentence(lines, info.Plain, words.CameEncrypted)
	default:
		text, sure := words.TrustedMessage(&y.trust.Session, m.Own)
		level := info.Plain
		if sure {
			level = info.Good
		}
		return sentence(lines, level, text)
	}
	return sentence(lines, info.Plain, next)
}

// undecrypted says why a message cannot be read, and what has been tried.
func (y *whyMessage) undecrypted(lines []info.Line) []info.Line {
	cause, next := words.Undecrypted(&y.message)
	lines = sentence(lines, info.Warn, cause)
	lines = sentence(lines, info.Plain, next)
	if y.trust == nil || !words.KeyMayCome(y.message.Cause) {
		return lines
	}
	if own := y.trust.Session; own.ID != "" && own.Trust == chat.SessionUnsigned {
		lines = sentence(lines, info.Note, words.SenderUnsigned)
	}
	lines = fact(lines, "backup", words.UndecryptedBackup(y.trust))
	return fact(lines, "asked", words.UndecryptedAsked(y.trust.Asked))
}

// origin says who wrote the message, on which session, and where its key came from.
func (y *whyMessage) origin(lines []info.Line) []info.Line {
	m, w := &y.message, y.w
	if m.Sender != "" {
		user := m.Sender
		l := info.Line{Name: safe.Own(words.InfoName("person")), Text: safe.Own(w.senderOf(m)), ID: "person"}
		if w.back.Trust != nil {
			l.Choose = func() tea.Cmd { return w.openPersonInfo(user) }
		}
		lines = append(lines, l)
	}
	if y.trust == nil {
		return lines
	}
	t := y.trust
	if t.Session.ID == "" {
		lines = fact(lines, "wrote", words.SessionUnknown)
	} else {
		s, own := t.Session, t.Session.User == w.back.Account.User
		lines = append(lines, info.Line{
			Name: safe.Own(words.InfoName("wrote")), Text: safe.Own(words.SessionLine(&s, own)), ID: "session",
			Level: sessionLevel(s.Trust), Choose: func() tea.Cmd { return w.openSessionInfo(s) },
		})
	}
	if m.Kind != chat.KindUndecrypted {
		lines = fact(lines, "source", words.KeySource(t.Source, string(t.From)))
	}
	if t.WithheldCode != "" {
		lines = fact(lines, "code", t.WithheldCode)
	}
	return fact(lines, "key", t.KeyID)
}

// senderOf names the sender of a message, always with the id.
func (w *window) senderOf(m *chat.Message) string {
	name := safe.Line(m.SenderName).String()
	if name == "" || name == string(m.Sender) {
		return string(m.Sender)
	}
	return name + " (" + string(m.Sender) + ")"
}
