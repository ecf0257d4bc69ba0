package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	chatpane "hubbub/ui/internal/pane/chat"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

func (w *window) newChat() *chatpane.Pane {
	p := chatpane.New(chatpane.Options{
		Theme: &w.theme, Keys: w.keys, Widths: w.widths, Zone: time.Local, Me: w.back.Account.User,
	})
	commands := make([]chatpane.Command, 0, len(slashNames()))
	for _, name := range slashNames() {
		usage, help := words.SlashHelp(name)
		commands = append(commands, chatpane.Command{Name: name, Args: words.SlashArgs(usage), Help: help})
	}
	p.SetCommands(commands)
	p.SetRooms(w.list.All)
	p.SetShiftEnter(w.opts.known.Shift)
	return p
}

func (w *window) restyleChat() {
	w.chat.SetTheme(&w.theme)
	if w.widths != nil {
		w.chat.SetWidths(w.widths)
	}
}

// columns returns the width of a text.
func (w *window) columns(t safe.Text) int {
	if w.widths == nil {
		return len([]rune(t.String()))
	}
	return w.widths.Text(t)
}

func (w *window) messageMode() bool { return w.chat != nil && w.chat.Mode() == chatpane.Reading }

func (w *window) newestVisible() (chat.EventID, bool) {
	event, ok := w.chat.NewestVisible()
	return event, ok && event != ""
}

// showRoom opens a channel in the chat pane.
func (w *window) showRoom(r *chat.Room, page *chat.Page) tea.Cmd {
	draft := w.drafts[r.ID]
	draft.Room = r.ID
	w.chat.Open(*r, draft, page)
	w.arrange()
	return w.intents()
}

func (w *window) clearRoom() { w.chat.Open(chat.Room{}, chat.Draft{}, nil) }

func (w *window) applyTimeline(c *chat.RoomChange) tea.Cmd {
	w.chat.Apply(c)
	return nil
}

// chatDo gives an action to the chat pane.
func (w *window) chatDo(a keymap.Action) tea.Cmd {
	w.chat.Do(a)
	return w.intents()
}

func (w *window) typeText(s string) tea.Cmd {
	w.chat.Type(s)
	return w.intents()
}

// paste gives pasted text to whatever takes text.
func (w *window) paste(s string) tea.Cmd {
	switch {
	case w.frame.tooSmall:
	case !w.dialogs.Empty():
		return w.dialogs.Type(s, w.clock.Now())
	case w.login != nil:
		w.login.Type(s)
	case w.back != nil:
		w.setFocus(focusChat)
		w.chat.Paste(s)
		return w.intents()
	}
	return nil
}

func (w *window) chatClick(x, y int) tea.Cmd {
	w.chat.Click(x, y)
	return w.intents()
}

func (w *window) chatWheel(lines int) tea.Cmd {
	w.chat.Wheel(lines)
	return w.intents()
}

// mention puts a person into the composer.
func (w *window) mention(m chat.Member) tea.Cmd {
	w.chat.Mention(m)
	return w.intents()
}

// edited takes what the editor wrote.
func (w *window) edited(m screen.EditedMsg) tea.Cmd {
	w.dirty = true
	if m.Err != nil {
		w.log.Warn("Editor failed", "error", m.Err)
		w.say(words.EditorFailed, true)
		return nil
	}
	w.chat.SetText(m.Text)
	return w.intents()
}

// have returns what is the case, for actions that need it.
func (w *window) have() keymap.Need {
	if w.back == nil {
		return 0
	}
	var n keymap.Need
	if w.status.Connection().State != chat.ConnOnline {
		n |= keymap.NeedOffline
	}
	if w.list.Room(w.side.Server()) != nil {
		n |= keymap.NeedServer
	}
	r := w.target()
	if r == nil {
		return n
	}
	n |= keymap.NeedRoom
	if r.Membership == chat.MemberJoined {
		n |= keymap.NeedJoined
		if r.CanSend {
			n |= keymap.NeedSend
		}
	}
	return n | w.haveMessage(w.chat.Selected())
}

func (w *window) haveMessage(m *chat.Message) keymap.Need {
	if m == nil {
		return 0
	}
	n := keymap.NeedSelected
	for _, f := range []struct {
		is   bool
		need keymap.Need
	}{
		{m.ID != "", keymap.NeedMessage},
		{m.Kind != chat.KindRedacted, keymap.NeedUndeleted},
		{m.Own, keymap.NeedOwn},
		{w.chat.MayDelete(m), keymap.NeedDelete},
		{m.Body != "" || m.Kind == chat.KindState, keymap.NeedText},
		{m.Media != nil, keymap.NeedFile | keymap.NeedLink},
		{m.Send == chat.SendError || m.Send == chat.Waiting, keymap.NeedFailed | keymap.NeedRetry},
		{m.Kind == chat.KindUndecrypted && words.KeyMayCome(m.Cause), keymap.NeedRetry},
		{m.Reply != nil, keymap.NeedReply},
		{len(w.chat.Links(m)) > 0, keymap.NeedLink},
	} {
		if f.is {
			n |= f.need
		}
	}
	return n
}

// pageMsg is a page that the chat pane asked for.
type pageMsg struct {
	req  chatpane.PageRequest
	page chat.Page
	err  error
}

// Awaited implements screen.Awaited: somebody opened the channel, or jumped in it, and waits to see it.
func (m pageMsg) Awaited() bool { return m.req.Query.Before == 0 && m.req.Query.After == 0 }

// workedMsg is the result of work that the chat pane asked for.
type workedMsg struct{ result richtext.Result }

// intents does what the chat pane asks for.
func (w *window) intents() tea.Cmd {
	var cmds []tea.Cmd
	for range 8 { // an intent may make the pane leave another
		list := w.chat.Intents()
		if len(list) == 0 {
			break
		}
		for i := range list {
			cmds = append(cmds, w.intent(&list[i]))
		}
	}
	return tea.Batch(cmds...)
}

func (w *window) intent(in *chatpane.Intent) tea.Cmd {
	switch in.Kind {
	case chatpane.IntentPage:
		req, reader := in.Page, w.back.Reader
		return w.ask(diskLimit, func(ctx context.Context) tea.Msg {
			page, err := reader.Page(ctx, req.Query)
			return pageMsg{req, page, err}
		})
	case chatpane.IntentWork:
		job := in.Job
		return func() tea.Msg { return workedMsg{job.Run()} }
	case chatpane.IntentFill:
		w.refs[w.back.Rooms.FillGap(w.room, in.Text)] = followUp{gap: in.Text}
	case chatpane.IntentFetch:
		w.back.Rooms.FetchEvent(w.room, in.Event)
	case chatpane.IntentSubmit:
		return w.submit(in.Out)
	case chatpane.IntentDraft:
		w.drafted(in.Draft)
	case chatpane.IntentSay:
		w.say(in.Text, false)
	case chatpane.IntentPaste:
		w.openPaste(in.Text, in.Count)
	case chatpane.IntentEditor:
		return w.term.Edit(in.Text)
	case chatpane.IntentMarkUnread:
		w.reading.keep = true
		w.back.Sender.MarkUnread(w.room, true)
		w.say(words.MarkedUnread, false)
	case chatpane.IntentCopy:
		w.copy(in.Text)
	case chatpane.IntentInfo:
		return w.openChannelInfo()
	default:
		return w.messageIntent(in)
	}
	return nil
}

// drafted keeps what is written.
func (w *window) drafted(d chat.Draft) {
	if d.Room == "" {
		return
	}
	if old := w.drafts[d.Room]; d.Room == w.room && old.Text != d.Text {
		w.typed(w.clock.Now(), d.Text)
	}
	w.drafts[d.Room] = d
	w.back.Sender.SaveDraft(d)
}

// copy puts text on the clipboard: what the screen shows of it. Where it is
// pasted, a shell for one, a control character may be a command.
func (w *window) copy(text string) {
	if err := w.term.Clipboard(pasteable(text)); err != nil {
		w.say(words.TooLongToCopy, true)
		return
	}
	w.say(words.Copied, false)
}

// pasteable sanitises text and keeps its tabs.
func pasteable(text string) string {
	cells := strings.Split(text, "\t")
	for i, c := range cells {
		cells[i] = safe.Body(c).String()
	}
	return strings.Join(cells, "\t")
}
