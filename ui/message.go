package ui

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/emoji"
	"hubbub/ui/internal/keymap"
	chatpane "hubbub/ui/internal/pane/chat"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// messageIntent does what concerns one message.
func (w *window) messageIntent(in *chatpane.Intent) tea.Cmd {
	m := in.Message
	if m == nil {
		return nil
	}
	switch in.Kind {
	case chatpane.IntentMenu:
		w.openMenu()
	case chatpane.IntentReact:
		w.openReact(m)
	case chatpane.IntentDelete:
		w.openDelete(m)
	case chatpane.IntentDetails:
		return w.openDetails(m)
	case chatpane.IntentOpenLinks:
		return w.openLinks(in.Links, m)
	case chatpane.IntentSave:
		w.save(m)
	case chatpane.IntentRetry:
		if m.Kind == chat.KindUndecrypted {
			return w.retryKey(m)
		}
		w.back.Sender.Retry(m.Key)
	case chatpane.IntentDiscard:
		w.discard(m)
	}
	return nil
}

// openMenu lists what can be done with the selected message.
func (w *window) openMenu() {
	var items []dialog.Item
	have := w.have()
	for _, b := range w.keys.Bindings() {
		switch b.Action {
		case keymap.Reply, keymap.React, keymap.Edit, keymap.Copy, keymap.Open, keymap.Save, keymap.Delete, keymap.MarkUnread,
			keymap.Details, keymap.Retry, keymap.Discard, keymap.Expand, keymap.JumpReply:
		default:
			continue
		}
		if b.Context != keymap.Message {
			continue
		}
		why := b.Reason(have)
		if why != "" && (b.Action == keymap.Retry || b.Action == keymap.Discard || b.Action == keymap.Save || b.Action == keymap.JumpReply) {
			continue
		}
		it := dialog.Item{Title: safe.Own(b.Title), Disabled: why, Do: func() tea.Cmd {
			w.arrange()
			return w.doIn(keymap.Message, b.Action)
		}}
		if len(b.Keys) > 0 {
			it.Detail = safe.Own(words.Key(b.Keys[0]))
		}
		items = append(items, it)
	}
	menu := dialog.NewMenu(dialogMenu, safe.Lit(words.MenuTitle), items)
	menu.Refused = w.refused
	w.show(menu)
}

// openReact picks a reaction: those that the message has already come first.
func (w *window) openReact(m *chat.Message) {
	var items []dialog.Item
	for _, r := range m.Reactions {
		it := dialog.Item{Title: safe.Line(r.Key), Count: r.Count, Weight: 50, Do: func() tea.Cmd { w.react(m, r.Key); return nil }}
		if r.Mine != "" || r.MineKey != 0 {
			it.Detail = safe.Lit(words.TakeBack)
		}
		items = append(items, it)
	}
	if w.emoji == nil {
		w.emoji = emoji.Load()
	}
	quick := quickReactions()
	for _, e := range w.emoji.All() {
		if len(e.Codes) == 0 {
			continue
		}
		weight := 0
		if i := slices.Index(quick, e.Char); i >= 0 {
			weight = len(quick) - i
		}
		items = append(items, dialog.Item{
			Title: safe.Own(e.Char + "  " + e.Codes[0]), Find: strings.Join(e.Codes, " "), Weight: weight,
			Do: func() tea.Cmd { w.react(m, e.Char); return nil },
		})
	}
	p := dialog.NewPicker(dialogReact, words.ReactTitle, words.ReactHint, items)
	p.Free = func(text string) *dialog.Item {
		return &dialog.Item{Title: safe.Own(text), Detail: safe.Lit(words.AsText), Do: func() tea.Cmd { w.react(m, text); return nil }}
	}
	w.show(p)
}

// quickReactions are what people react with most: they stand first.
func quickReactions() []string {
	return []string{"👍", "❤️", "😂", "🎉", "👀", "🤔", "🙏", "✅"}
}

// react adds a reaction, or takes the own one back.
func (w *window) react(m *chat.Message, key string) {
	for _, r := range m.Reactions {
		if r.Key == key && (r.Mine != "" || r.MineKey != 0) {
			w.back.Sender.Send(chat.Outgoing{Room: m.Room, Kind: chat.OutRedact, Target: r.Mine, TargetKey: r.MineKey})
			return
		}
	}
	w.back.Sender.Send(chat.Outgoing{Room: m.Room, Kind: chat.OutReaction, Target: m.ID, Key: key})
}

func (w *window) openDelete(m *chat.Message) {
	w.show(&dialog.Confirm{
		Name: dialogDelete, Head: safe.Lit(words.DeleteTitle), Danger: true,
		Question: safe.Own(words.DeleteQuestion + " " + preview(m)),
		Yes: func() tea.Cmd {
			w.back.Sender.Send(chat.Outgoing{Room: m.Room, Kind: chat.OutRedact, Target: m.ID, TargetKey: m.Key})
			return nil
		},
	})
}

// preview returns the beginning of a message in quotes, or "".
func preview(m *chat.Message) string {
	t := cutText(chatpane.Preview(m), 60)
	if t.Empty() {
		return ""
	}
	return "“" + t.String() + "”"
}

func (w *window) openPaste(text string, lines int) {
	w.show(&dialog.Confirm{
		Name: dialogPaste, Head: safe.Lit(words.PasteTitle), Question: safe.Own(words.PasteQuestion(lines, len([]rune(text)))),
		Yes: func() tea.Cmd {
			w.chat.PasteNow(text)
			return w.intents()
		},
	})
}

func (w *window) save(m *chat.Message) {
	w.refs[w.back.Media.Save(m.Key, "")] = followUp{}
	w.say(words.Saving, false)
}

// detailLines are what a message says of itself.
func detailLines(m *chat.Message) []dialog.Line {
	var lines []dialog.Line
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, dialog.Line{Name: safe.Own(words.DetailName(key)), Text: safe.Own(value)})
		}
	}
	add("time", m.Time.Local().Format("2006-01-02 15:04:05"))
	if m.Kind == chat.KindUnreadable {
		add("cause", m.Problem)
	}
	if m.Send != chat.Sent {
		add("state", words.SendState(m.Send))
		what, next := words.Problem(m.SendProblem)
		add("cause", what)
		add("fix", next)
	}
	if m.Media != nil {
		add("file", m.Media.Name+" "+m.Media.Mime)
	}
	for _, r := range m.Reactions {
		names := make([]string, len(r.Senders))
		for i, u := range r.Senders {
			names[i] = string(u)
		}
		lines = append(lines, dialog.Line{Name: safe.Line(r.Key), Text: safe.Own(strings.Join(names, ", "))})
	}
	add("type", m.Type)
	add("id", string(m.ID))
	return lines
}

// maxSource bounds how much of an event is shown.
const maxSource = 64 << 10

// maxSourceDepth is how far JSON is indented: each level adds to the length of
// every line in it, and a few kilobytes of brackets would become hundreds of megabytes.
const maxSourceDepth = 100

// deep reports whether JSON may be nested deeper than maxSourceDepth.
func deep(raw []byte) bool {
	depth := 0
	for _, c := range raw {
		switch c {
		case '{', '[':
			if depth++; depth > maxSourceDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// sourceLines shows an event as indented JSON.
func sourceLines(title string, raw []byte) []dialog.Line {
	if len(raw) == 0 {
		return nil
	}
	var b bytes.Buffer
	text := raw
	if !deep(raw) && json.Indent(&b, raw, "", "  ") == nil {
		text = b.Bytes()
	}
	if len(text) > maxSource {
		text = text[:maxSource]
	}
	lines := []dialog.Line{{Text: safe.Lit(" ")}, {Text: safe.Own(title), Heading: true}}
	for _, l := range safe.Body(string(text)).Lines() {
		lines = append(lines, dialog.Line{Text: l})
	}
	return lines
}
