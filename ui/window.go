package ui

import (
	"log/slog"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/emoji"
	"hubbub/ui/internal/keymap"
	chatpane "hubbub/ui/internal/pane/chat"
	"hubbub/ui/internal/pane/login"
	"hubbub/ui/internal/pane/members"
	"hubbub/ui/internal/pane/sidebar"
	"hubbub/ui/internal/pane/status"
	"hubbub/ui/internal/roomlist"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// window is the root model. Everything in it belongs to Update's goroutine.
type window struct {
	opts  Options
	log   *slog.Logger
	term  terminal
	clock clock
	ask   asker
	began func(*Backend) // told the backend, once there is one

	theme   theme.Theme
	keys    *keymap.Map
	widths  screen.Widths
	asked   uint64
	waiting map[question]uint64

	width, height int
	frame         frame
	focus         focus
	wantTree      bool
	wantPeople    bool
	dirty         bool // everything must be painted
	cursor        screen.Cursor

	login   *login.Pane // while nobody is signed in
	goBack  func()      // ends the sign-in that is under way; nil before the first
	dialogs dialog.Stack

	back   *Backend // nil while nobody is signed in
	list   *roomlist.Model
	side   *sidebar.Pane
	chat   *chatpane.Pane
	people *members.Pane
	status *status.Pane

	room    chat.RoomID // open channel
	drafts  map[chat.RoomID]chat.Draft
	members map[chat.RoomID]fetched // whole lists that were asked for
	lists   []members.List          // of the channels that were open last, the newest at the end
	refs    map[string]followUp     // what to do when an intent has worked
	notLook bool                    // the terminal has no focus
	alerted time.Time               // when it rang last
	reading reading
	typing  typing
	title   string
	crumbed []safe.Text // the breadcrumb, as it was painted last
	started bool        // the sidebar is there
	opening time.Time   // when it was asked for
	opened  time.Time   // when the open channel was chosen
	shown   time.Time   // when the last dialog that a key asked for was opened
	besides bool        // what stands beside its page is still to be read
	wakeAt  time.Time
	emoji   *emoji.Table // loaded when first needed

	sidebarStale  bool      // the sidebar changed since sidebarRead
	sidebarRead   time.Time // when it was read last
	membersStale  bool      // the member list changed since membersRead
	membersRead   time.Time // when it was read last
	submitted     submitted
	info          knowledge   // about trust
	toMention     chat.RoomID // being opened for a mention in it
	security      security
	openLater     chat.RoomID // joined or created: opened once the list has it
	noticed       int         // rows that a long notice has
	shiftAnswered bool        // the terminal said whether it tells Shift+Enter from Enter
	burstAsked    string      // what a burst asks to paste, or ""
}

// newWindow makes the root model; start or startLogin follows in Init.
func newWindow(opts Options, term terminal, widths screen.Widths, clk clock, ask asker, began func(*Backend)) *window {
	w := &window{
		opts: opts, log: opts.Log, term: term, widths: widths, clock: clk, ask: ask, began: began,
		waiting: map[question]uint64{}, wantTree: true, wantPeople: true, dirty: true,
		drafts: map[chat.RoomID]chat.Draft{}, members: map[chat.RoomID]fetched{}, refs: map[string]followUp{},
	}
	w.theme = theme.New(theme.Options{Light: opts.Theme == "light" || opts.Theme == "" && opts.known.Light, ASCII: opts.ASCII})
	w.keys, _ = keymap.New(opts.Keymap, opts.Keys)
	if opts.Backend == nil {
		w.login = login.New(&w.theme, opts.Address, opts.DeviceName)
	} else {
		w.build(opts.Backend)
	}
	return w
}

// build makes the panes for an account.
func (w *window) build(b *Backend) {
	w.back = b
	w.list = roomlist.New()
	w.side = sidebar.New(w.list, &w.theme)
	w.people = members.New(&w.theme)
	w.status = status.New(b.Account, &w.theme)
	w.status.SetHint(safe.Own(w.keys.Key(keymap.Global, keymap.Help) + " " + words.StatusHelpWord))
	w.status.SetUnsentKey(w.keys.Key(keymap.Global, keymap.Unsent))
	w.chat = w.newChat()
	w.login = nil
	w.arrange()
}

// Init implements screen.Model.
func (w *window) Init() tea.Cmd {
	if w.back == nil {
		return nil
	}
	return w.start()
}

// Update implements screen.Model.
func (w *window) Update(msg tea.Msg) tea.Cmd {
	cmd := w.update(msg)
	if w.back == nil {
		return cmd
	}
	if more := w.intents(); more != nil {
		cmd = tea.Batch(cmd, more)
	}
	if more := w.lookUp(); more != nil {
		cmd = tea.Batch(cmd, more)
	}
	if more := w.infoWants(); more != nil {
		cmd = tea.Batch(cmd, more)
	}
	w.settle()
	return cmd
}

func (w *window) update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		w.resize(m)
	case tea.KeyPressMsg:
		return w.key(m)
	case tea.PasteMsg:
		return w.paste(m.Content)
	case screen.BurstMsg:
		return w.burst(m.Text)
	case tea.MouseClickMsg:
		return w.click(m)
	case tea.MouseWheelMsg:
		return w.wheel(m)
	case feedMsg:
		return w.apply(m)
	case answerMsg:
		return w.answer(m)
	case wakeMsg:
		return w.wake()
	case tea.FocusMsg:
		w.notLook = false
	case tea.BlurMsg:
		w.notLook = true
	case tea.KeyboardEnhancementsMsg:
		w.tells(m.SupportsKeyDisambiguation())
	case tea.ColorProfileMsg:
		w.coloured(m.Profile)
	case tea.BackgroundColorMsg:
		w.background(m.IsDark())
	case screen.WidthsMsg:
		w.measured(m.Widths)
	case screen.ProfileMsg:
		w.keepProfile(m)
	case screen.OpenedMsg:
		w.log.Info("Link was not opened", "error", m.Err)
		w.copyLink(m.Link, words.LinkFailed)
	case screen.EditedMsg:
		return w.edited(m)
	case pageMsg:
		w.chat.Answer(m.req, m.page, m.err)
		if m.req.Query.Room == w.room {
			return w.wantBesides()
		}
	case besidesMsg:
		return w.readBesides(m)
	case workedMsg:
		w.chat.Worked(m.result)
	}
	return nil
}

// settle does what follows from any change: titles, marking as read, the timer.
func (w *window) settle() {
	now := w.clock.Now()
	w.look(now)
	w.greet()
	w.offerTrust()
	w.retitle()
	w.recrumb()
	w.rearm(now)
	w.renotice()
}

// coloured takes what colours the terminal shows.
func (w *window) coloured(p colorprofile.Profile) {
	o := w.theme.Options
	switch {
	case p <= colorprofile.ASCII:
		o.Colours = theme.Mono
	case p <= colorprofile.ANSI:
		o.Colours = theme.Sixteen
	default:
		o.Colours = theme.Full
	}
	w.retheme(o)
}

// background takes whether the terminal is dark, unless the configuration says.
func (w *window) background(dark bool) {
	if w.opts.Theme == "dark" || w.opts.Theme == "light" {
		return
	}
	o := w.theme.Options
	o.Light = !dark
	w.retheme(o)
	if w.opts.known.Light == dark {
		w.opts.known.Light = !dark
		w.keepTerminal()
	}
}

func (w *window) retheme(o theme.Options) {
	if o == w.theme.Options {
		return
	}
	w.theme = theme.New(o)
	w.restyle()
}

// measured takes another width function.
func (w *window) measured(wd screen.Widths) {
	w.widths = wd
	w.restyle()
}

// restyle makes the panes draw everything anew.
func (w *window) restyle() {
	w.dirty = true
	if w.login != nil {
		w.login.SetTheme(&w.theme)
	}
	if w.side == nil {
		return
	}
	w.side.SetTheme(&w.theme)
	w.people.SetTheme(&w.theme)
	w.status.SetTheme(&w.theme)
	w.restyleChat()
}
