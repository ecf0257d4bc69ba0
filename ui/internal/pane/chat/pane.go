// Package chat is the pane in the middle of the window: the channel's header,
// its timeline, and the composer.
//
// The window tells a [Pane] named actions ([Pane.Do]), text ([Pane.Type],
// [Pane.Paste]), the mouse and what changed; the pane keeps its own state,
// marks the parts that have to be painted, and leaves [Intent] values for what
// only the window can do. The window takes them with [Pane.Intents] after
// everything it told the pane, also after [Pane.SetSize], because what is
// visible decides what has to be loaded.
//
//	p.Open(room, draft, nil)   // leaves an IntentPage
//	p.Answer(page, result, err) // its answer
//	p.Apply(change)            // from the feed
//	p.Type("hi"); p.Do(keymap.Send)
//
// A Pane does no I/O, has no clock and is not safe for concurrent use. Owner:
// the goroutine of Update.
package chat

import (
	"iter"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/compose"
	"hubbub/ui/internal/emoji"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/list"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/internal/timeline"
)

// Options are what a pane is made with.
type Options struct {
	Theme  *theme.Theme
	Keys   *keymap.Map // for the keys in hints; nil leaves the hints out
	Widths screen.Widths
	Zone   *time.Location // of days and clock times
	Me     chat.UserID
}

// Mode is what keys do.
type Mode uint8

// Modes.
const (
	Writing Mode = iota // keys go to the composer
	Reading             // message mode: a cursor on the timeline
)

// part is a set of parts of the pane that have to be painted.
type part uint8

const (
	partHeader part = 1 << iota
	partTimeline
	partText     // of the composer
	partFrame    // around it: who types, what is answered, what keys do
	partComposer = partText | partFrame
	partAll      = partHeader | partTimeline | partComposer
)

// Pane is the chat pane.
type Pane struct {
	opts  Options
	th    *theme.Theme
	wd    screen.Widths
	w, h  int
	dirty part
	focus bool
	mode  Mode

	room    chat.Room
	open    bool // a room is open
	loaded  bool // its first page is there
	gen     uint64
	failed  *chat.Problem         // why the first page could not be read
	jumpTo  chat.EventID          // to show once its page is there
	jumpNew bool                  // jumpTo is the first new message
	places  map[chat.RoomID]place // where rooms were left that were not at their end
	back    place                 // to go back to once its page is there
	showKey chat.ItemKey          // item to show once the newest page is there
	fresh   chat.Unread           // where reading had stopped when the room was opened
	caught  bool                  // that place was on the screen, or is not wanted any more
	below   int                   // messages of others that came below what is visible
	lock    *Lock                 // what protects the room, nil until it is known
	notes   []note                // above the composer
	backup  chat.BackupState
	welcome Welcome // stands where no room is open
	typists []string
	seen    map[chat.UserID]chat.Seen
	seenKey chat.ItemKey // own message below which the readers stand
	seenBy  []string

	tl        *timeline.Model
	list      *list.List[timeline.Key]
	code      *richtext.Highlighter
	seenStamp uint64 // changes with seenBy

	ed         *compose.Editor
	reply      *chat.Message // message being answered
	replyID    chat.EventID  // of a draft whose message is not loaded
	edit       *chat.Message // own message being edited
	editID     chat.EventID
	stash      string                 // what stood in the composer before editing
	stashes    map[chat.RoomID]string // stash of each room whose draft is an edit
	people     []person               // that mentions complete to
	power      chat.Power             // what we may do in the room
	rooms      iter.Seq[*chat.Room]
	commands   []Command
	emoji      *emoji.Table // loaded when first needed
	popup      popup
	shiftEnter bool     // the terminal tells Shift+Enter from Enter
	called     []called // whom names behind an @ mean, the longest name first

	above, under int // rows of the composer's text beyond what was drawn last

	intents []Intent
	layout  layout // where the parts stand
	cursor  screen.Cursor
}

// New returns a pane without a room.
func New(o Options) *Pane {
	p := &Pane{
		opts: o, th: o.Theme, wd: o.Widths, dirty: partAll,
		tl: timeline.New(o.Zone), code: richtext.NewHighlighter(), ed: compose.New(),
		seen: map[chat.UserID]chat.Seen{}, stashes: map[chat.RoomID]string{}, places: map[chat.RoomID]place{},
	}
	p.list = list.New[timeline.Key](source{p})
	return p
}

// Open shows a room with its draft. Its first page is page, or asked for when
// nil. An empty room id closes the pane.
func (p *Pane) Open(room chat.Room, draft chat.Draft, page *chat.Page) {
	p.leave()
	p.gen++
	p.room, p.open, p.loaded, p.failed = room, room.ID != "", false, nil
	p.tl = timeline.New(p.opts.Zone)
	p.list.Reset()
	p.mode, p.below, p.jumpTo, p.typists = Writing, 0, "", nil
	p.fresh, p.caught, p.jumpNew, p.showKey = chat.Unread{}, false, false, 0
	p.people, p.power, p.lock, p.notes = nil, chat.Power{}, nil, nil
	p.seen, p.seenKey, p.seenBy = map[chat.UserID]chat.Seen{}, 0, nil
	p.reply, p.edit, p.replyID, p.editID, p.stash = nil, nil, draft.ReplyTo, draft.Edit, ""
	if draft.Edit != "" {
		p.stash = p.stashes[room.ID]
	}
	p.popup = popup{}
	p.called = nil
	p.load(draft.Text, draft.Cursor)
	p.dirty = partAll
	if !p.open {
		return
	}
	p.back = p.places[room.ID]
	if page != nil {
		p.show(*page)
		return
	}
	p.askOpen()
}

// show takes the first page of a room.
func (p *Pane) show(page chat.Page) {
	p.loaded, p.failed = true, nil
	p.tl.Reset(page, p.marker())
	p.list.Changed()
	p.adopt()
	p.goBack()
	p.showItem()
	p.readers()
	p.dirty |= partTimeline
}

// marker is the last-read place, if there is something new below it.
func (p *Pane) marker() timeline.Marker {
	r := &p.room
	if !r.HasUnread && r.Unread == 0 && !r.Marked {
		return timeline.Marker{}
	}
	if p.fresh.First != "" {
		return timeline.Marker{First: p.fresh.First, Unread: p.fresh.Count}
	}
	event := r.ReadUpTo
	if event == "" {
		event = r.FullyRead
	}
	return timeline.Marker{Event: event, Unread: r.Unread}
}

// adopt finds the messages that a draft answers or edits.
func (p *Pane) adopt() {
	if p.replyID != "" && p.reply == nil {
		if i, ok := p.tl.Find(p.replyID); ok {
			p.reply = copyOf(p.tl.At(i).Message())
			p.dirty |= partComposer
		}
	}
	if p.editID != "" && p.edit == nil {
		if i, ok := p.tl.Find(p.editID); ok {
			p.edit = copyOf(p.tl.At(i).Message())
			p.dirty |= partComposer
		}
	}
}

func copyOf(m *chat.Message) *chat.Message {
	c := *m
	return &c
}

// SetSize sets the size in cells. Paint does so too, but only a size known
// before lets the pane ask for what it needs to fill it.
func (p *Pane) SetSize(w, h int) {
	if w == p.w && h == p.h {
		return
	}
	p.w, p.h = w, h
	p.dirty = partAll
	p.arrange()
}

// SetTheme changes the styles.
func (p *Pane) SetTheme(th *theme.Theme) {
	p.th, p.dirty = th, partAll
	p.list.Restyle()
}

// SetWidths changes the width function.
func (p *Pane) SetWidths(wd screen.Widths) {
	p.wd, p.dirty = wd, partAll
	p.list.Restyle()
}

// SetFocus gives or takes the focus.
func (p *Pane) SetFocus(focus bool) {
	if p.focus == focus {
		return
	}
	p.focus = focus
	p.dirty |= partComposer | partTimeline
}

// SetRoom takes a changed summary of the open room.
func (p *Pane) SetRoom(r chat.Room) {
	if r.ID != p.room.ID {
		return
	}
	if p.room.Name != r.Name || p.room.Topic != r.Topic || p.room.Encrypted != r.Encrypted || p.room.Joined != r.Joined ||
		p.room.Type != r.Type || p.room.Direct != r.Direct || p.room.DirectWith != r.DirectWith {
		p.dirty |= partHeader
	}
	if p.room.CanSend != r.CanSend || p.room.Name != r.Name || p.room.Membership != r.Membership || p.room.Direct != r.Direct {
		p.dirty |= partComposer
	}
	p.room = r
}

// SetMembers gives the people that mentions complete to.
func (p *Pane) SetMembers(m []chat.Member) {
	p.people = people(m, p.opts.Me)
	p.complete()
}

// SetRooms gives the rooms among which completion looks for channels; they are read when it does.
func (p *Pane) SetRooms(r iter.Seq[*chat.Room]) { p.rooms = r }

// SetCommands gives the slash commands that completion offers.
func (p *Pane) SetCommands(c []Command) { p.commands = c }

// SetTyping shows who types in the open room.
func (p *Pane) SetTyping(t chat.Typing) {
	if t.Room != p.room.ID {
		return
	}
	names := make([]string, 0, len(t.Users))
	for i, u := range t.Users {
		name := u.Localpart()
		if i < len(t.Names) && t.Names[i] != "" {
			name = t.Names[i]
		}
		names = append(names, timeline.NameAlone(name, u, false))
	}
	p.typists = names
	p.dirty |= partFrame
	if p.h < boxHeight {
		p.dirty |= partHeader
	}
}

// Changed says that everything must be painted.
func (p *Pane) Changed() { p.dirty = partAll }

// Dirty reports whether something must be painted.
func (p *Pane) Dirty() bool { return p.dirty != 0 }

// Mode returns what keys do.
func (p *Pane) Mode() Mode { return p.mode }

// Room returns the id of the open room, or "".
func (p *Pane) Room() chat.RoomID { return p.room.ID }

// Loading reports whether the first page of the open room is on its way.
func (p *Pane) Loading() bool { return p.open && !p.loaded && p.failed == nil }

// Popup reports whether a completion list is open: then Enter, Tab, Esc, ↑ and ↓ are its keys.
func (p *Pane) Popup() bool { return len(p.popup.found) > 0 && p.layout.list.Dy() > 0 }

// Text returns what stands in the composer.
func (p *Pane) Text() string { return p.ed.Text() }

// SetText replaces what stands in the composer, as when an editor wrote it. Undo brings the old text back.
func (p *Pane) SetText(s string) {
	p.ed.SelectAll()
	p.ed.Paste(s)
	p.typed()
}

// Draft returns what would be kept of the composer.
func (p *Pane) Draft() chat.Draft {
	text, at := p.ed.Text(), p.ed.Cursor()
	d := chat.Draft{Room: p.room.ID, Text: p.expand(text), Cursor: at, ReplyTo: p.replyID, Edit: p.editID}
	if len(d.Text) != len(text) {
		d.Cursor = min(len(p.expand(text[:at])), len(d.Text))
	}
	if p.reply != nil {
		d.ReplyTo = p.reply.ID
	}
	if p.edit != nil {
		d.Edit = p.edit.ID
	}
	return d
}

// Selected returns the message under the cursor of message mode, or nil. For a
// run of state changes it is the first.
func (p *Pane) Selected() *chat.Message {
	if p.mode != Reading {
		return nil
	}
	i := p.list.Cursor()
	if i < 0 {
		return nil
	}
	return p.tl.At(i).Message()
}

// Links returns the targets of the links of a message.
func (p *Pane) Links(m *chat.Message) []string {
	if m == nil {
		return nil
	}
	return p.body(m).Links()
}

// Masked reports whether a link of a message is written as something else.
func (p *Pane) Masked(m *chat.Message, link string) bool { return p.body(m).Masked(link) }

// NewestVisible returns the newest message if its last line is visible, for
// marking the room as read.
func (p *Pane) NewestVisible() (chat.EventID, bool) {
	if !p.loaded || !p.tl.AtNewest() || !p.list.AtEnd() {
		return "", false
	}
	m := p.tl.Newest()
	if m == nil {
		return "", false
	}
	return m.ID, true
}
