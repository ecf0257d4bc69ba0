package ui

import (
	"context"
	"encoding/json"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/screen"
	"hubbub/ui/words"
)

// Keys of what the window keeps in the store.
const (
	uiWindow   = "window"
	uiTerminal = "terminal"
)

// pageSize is how many items are read at a time.
const pageSize = 80

// kept is what the window looks like the next time.
type kept struct {
	Room   chat.RoomID `json:"room,omitempty"`
	Server chat.RoomID `json:"server,omitempty"`
	Folded []string    `json:"folded,omitempty"`
	NoTree bool        `json:"no_tree,omitempty"`
	Alone  bool        `json:"no_people,omitempty"`
}

// opening is everything the first frame needs.
type opening struct {
	kept    kept
	sidebar chat.Sidebar
	drafts  []chat.Draft
	page    *chat.Page // of the last channel
}

// start reads what the first frame needs, from disk alone.
func (w *window) start() tea.Cmd {
	reader := w.back.Reader
	w.opening = w.clock.Now()
	return tea.Batch(query(w, askStart, diskLimit, func(ctx context.Context) (opening, error) {
		return readOpening(ctx, reader)
	}, w.begin), w.startTrust())
}

func readOpening(ctx context.Context, reader Reader) (opening, error) {
	var o opening
	raw, err := reader.UIState(ctx, uiWindow)
	if err != nil {
		return o, err
	}
	if json.Unmarshal(raw, &o.kept) != nil {
		o.kept = kept{} // written by another version: start plain
	}
	if o.sidebar, err = reader.Sidebar(ctx); err != nil {
		return o, err
	}
	if o.drafts, err = reader.Drafts(ctx); err != nil {
		return o, err
	}
	if o.kept.Room != "" {
		page, err := reader.Page(ctx, chat.PageQuery{Room: o.kept.Room, Limit: pageSize})
		if err == nil { // else it is asked for again when the channel opens
			o.page = &page
		}
	}
	return o, nil
}

// How long a frame waits for what is read from the disk: an empty pane that
// fills at once would only flicker, and cost a frame.
const (
	firstFrame = 150 * time.Millisecond // the first of all
	roomFrame  = 12 * time.Millisecond  // the first of a channel
	typedAhead = 2 * time.Millisecond   // the first of a dialog: keys that came with its own may have closed it by then
)

// early returns until when the next frame should wait, zero for not at all.
func (w *window) early() time.Time {
	until := time.Time{}
	switch {
	case !w.started:
		until = w.opening.Add(firstFrame)
	case !w.dialogs.Empty():
		until = w.shown.Add(typedAhead)
	case w.room != "" && w.chat.Loading():
		until = w.opened.Add(roomFrame)
	}
	if !w.clock.Now().Before(until) {
		return time.Time{}
	}
	return until
}

// begin shows what start read.
func (w *window) begin(o opening, err error) tea.Cmd {
	w.started, w.dirty = true, true
	if err != nil {
		w.sayProblem(problemOf(err))
		return nil
	}
	w.tell(w.opts.Notice, true)
	w.list.Set(o.sidebar)
	for _, d := range o.drafts {
		w.drafts[d.Room] = d
	}
	for _, key := range o.kept.Folded {
		w.list.SetFolded(key, true)
	}
	w.wantTree, w.wantPeople = !o.kept.NoTree, !o.kept.Alone
	if w.list.Room(o.kept.Server) != nil {
		w.side.SetServer(o.kept.Server)
	}
	w.side.Changed()
	r := w.list.Room(o.kept.Room)
	if r == nil || r.Membership != chat.MemberJoined {
		w.setFocus(focusTree)
		w.besides = true
		return w.wantBesides()
	}
	w.arrange()
	return w.openWith(r.ID, o.page)
}

// keep saves what the window looks like.
func (w *window) keep() {
	raw, err := json.Marshal(kept{
		Room: w.room, Server: w.side.Server(), Folded: w.list.Folded(), NoTree: !w.wantTree, Alone: !w.wantPeople,
	})
	if err != nil {
		w.log.Error("Window state cannot be kept", "error", err)
		return
	}
	w.back.Sender.SaveUI(uiWindow, raw)
}

// terminalFact is what a terminal was like, for the next start.
type terminalFact struct {
	Key     string          `json:"key"`
	Profile json.RawMessage `json:"profile,omitempty"` // how it draws glyphs
	Light   bool            `json:"light,omitempty"`   // its background
	Shift   bool            `json:"shift,omitempty"`   // it tells Shift+Enter from Enter
}

// tells takes whether the terminal tells Shift+Enter from Enter. What names keys
// names that one only where it works.
func (w *window) tells(shift bool) {
	w.shiftAnswered = true
	if w.opts.known.Shift != shift {
		w.opts.known.Shift = shift
		w.keepTerminal()
	}
	if w.chat != nil {
		w.chat.SetShiftEnter(shift)
	}
}

func (w *window) keepProfile(m screen.ProfileMsg) {
	if !w.shiftAnswered {
		w.tells(false) // it was asked before the profile
	}
	profile, err := json.Marshal(m.Profile)
	if err != nil {
		w.log.Error("Terminal profile cannot be kept", "error", err)
		return
	}
	w.opts.known.Key, w.opts.known.Profile = m.Key, profile
	w.keepTerminal()
}

// keepTerminal saves what the terminal is like.
func (w *window) keepTerminal() {
	if w.back == nil {
		return
	}
	raw, err := json.Marshal(w.opts.known)
	if err != nil {
		w.log.Error("Terminal profile cannot be kept", "error", err)
		return
	}
	w.back.Sender.SaveUI(uiTerminal, raw)
}

// readSidebar reads all rooms and edges again, now and then while they keep changing.
func (w *window) readSidebar() tea.Cmd {
	now := w.clock.Now()
	if _, busy := w.waiting[askSidebar]; busy || now.Sub(w.sidebarRead) < sidebarWait {
		w.sidebarStale = true
		return nil
	}
	w.sidebarStale, w.sidebarRead = false, now
	return query(w, askSidebar, diskLimit, w.back.Reader.Sidebar, func(s chat.Sidebar, err error) tea.Cmd {
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		w.list.Set(s)
		w.side.Changed()
		return w.roomsChanged()
	})
}

// sayProblem shows a problem with its next step.
func (w *window) sayProblem(p *chat.Problem) {
	if p == nil || p.Kind == chat.ProblemCancelled {
		return
	}
	w.tell(words.ProblemLine(p), true)
}
