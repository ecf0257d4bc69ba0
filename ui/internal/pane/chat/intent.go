package chat

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/words"
)

// IntentKind says what the window shall do.
type IntentKind uint8

// Intents. What they carry stands behind each.
const (
	IntentPage       IntentKind = iota // Page: read it, then Answer
	IntentFill                         // Text: the token for FillGap; on failure GapFailed
	IntentFetch                        // Event: a message that is answered, for FetchEvent
	IntentSubmit                       // Out: the person pressed send; Out.Text is raw and may be a slash command
	IntentDraft                        // Draft: the composer changed
	IntentSay                          // Text: a sentence for the status line
	IntentWork                         // Job: run it in a command, then Worked
	IntentPaste                        // Text, Count lines: ask, then PasteNow
	IntentEditor                       // Text: edit it in $EDITOR, then SetText
	IntentMenu                         // Message
	IntentReact                        // Message: choose a reaction
	IntentDelete                       // Message: ask, then redact
	IntentDetails                      // Message
	IntentCopy                         // Text
	IntentOpenLinks                    // Message, Links
	IntentSave                         // Message: its file
	IntentRetry                        // Message: not sent, try again
	IntentDiscard                      // Message: not sent, drop it
	IntentMarkUnread                   // Message: unread from here
	IntentInfo                         // what is known of the room
)

// Intent is something that only the window can do.
type Intent struct {
	Kind    IntentKind
	Page    PageRequest
	Out     chat.Outgoing
	Draft   chat.Draft
	Text    string
	Event   chat.EventID
	Count   int
	Job     richtext.Job
	Message *chat.Message // a copy
	Links   []string
}

// PageKind says what a page is for.
type PageKind uint8

// Page kinds.
const (
	PageOpen   PageKind = iota // the first page of a room
	PageOlder                  // before what is loaded
	PageNewer                  // after it
	PageNewest                 // the newest, in place of what is loaded
	PageJump                   // around an event, in place of what is loaded
	PageReload                 // the same place again
)

// PageRequest asks for a page of the timeline.
type PageRequest struct {
	Kind  PageKind
	Query chat.PageQuery
	gen   uint64
}

// Intents returns what is to be done since the last call.
func (p *Pane) Intents() []Intent {
	p.settle()
	out := p.intents
	p.intents = nil
	return out
}

func (p *Pane) want(in Intent) { p.intents = append(p.intents, in) }

func (p *Pane) say(s string) { p.want(Intent{Kind: IntentSay, Text: s}) }

func (p *Pane) ask(kind PageKind, q chat.PageQuery) {
	p.want(Intent{Kind: IntentPage, Page: PageRequest{kind, q, p.gen}})
}

// settle lays out what is visible and asks for what is missing around it.
func (p *Pane) settle() {
	if !p.open || !p.loaded {
		return
	}
	if p.h <= 0 || p.wd == nil {
		return
	}
	p.arrange()
	p.notice()
	first, last := p.list.Visible()
	for _, r := range p.tl.Want(first, last) {
		switch r.Kind {
		case timeline.LoadOlder:
			p.ask(PageOlder, r.Query)
		case timeline.LoadNewer:
			p.ask(PageNewer, r.Query)
		case timeline.FillGap:
			p.want(Intent{Kind: IntentFill, Text: r.Token})
			p.touched()
		case timeline.FetchReply:
			p.want(Intent{Kind: IntentFetch, Event: r.Event})
		}
	}
	for _, j := range p.code.Jobs() {
		p.want(Intent{Kind: IntentWork, Job: j})
	}
}

// Worked takes the result of an IntentWork.
func (p *Pane) Worked(r richtext.Result) {
	p.code.Deliver(r)
	p.list.Restyle()
	p.dirty |= partTimeline
}

// Answer takes the page of an IntentPage. Answers that came too late are dropped.
func (p *Pane) Answer(req PageRequest, page chat.Page, err error) {
	if req.gen != p.gen || !p.open {
		return
	}
	p.dirty |= partTimeline
	if err != nil {
		p.pageFailed(req, err)
		return
	}
	switch req.Kind {
	case PageOpen:
		p.show(page)
	case PageOlder:
		p.tl.Older(page)
	case PageNewer:
		p.tl.Newer(page)
	case PageNewest:
		p.replace(page)
		p.list.ToEnd()
		p.below = 0
		p.showItem()
	case PageJump:
		p.replace(page)
		if p.jumpNew {
			p.jumpTo, p.jumpNew = "", false
			p.list.Changed()
			p.arrange()
			p.toFirstNew()
			break
		}
		p.jump(p.jumpTo)
	case PageReload:
		p.replace(page)
	}
	p.touched()
	if p.mode == Reading && p.list.Cursor() < 0 {
		p.arrange()
		p.list.CursorToVisible() // its message is not loaded any more
	}
	p.readers()
}

// replace shows another stretch of the room. The new divider stays where it was.
func (p *Pane) replace(page chat.Page) {
	p.gen++ // pages on their way belong to the stretch before
	p.tl.Replace(page)
	p.loaded, p.failed = true, nil
}

func (p *Pane) pageFailed(req PageRequest, err error) {
	switch req.Kind {
	case PageOlder:
		p.tl.PageFailed(timeline.LoadOlder)
	case PageNewer:
		p.tl.PageFailed(timeline.LoadNewer)
	case PageJump:
		p.jumpTo, p.jumpNew = "", false
		p.say(words.NotHere)
	case PageOpen, PageNewest, PageReload:
		if req.Query.Around != "" && req.Kind == PageOpen {
			p.back = place{} // that place is gone: the end, then
			p.askOpen()
			return
		}
		p.failed = problem(err)
	}
}

// GapFailed says that a gap could not be filled.
func (p *Pane) GapFailed(token string, why *chat.Problem) {
	p.tl.GapFailed(token, why)
	p.touched()
}

// Retry asks again for everything that failed, as when the connection is back.
func (p *Pane) Retry() {
	p.tl.Retry()
	p.touched()
	if p.open && !p.loaded && p.failed != nil {
		p.failed = nil
		p.askOpen()
	}
}

// touched says that the timeline changed.
func (p *Pane) touched() {
	p.list.Changed()
	p.dirty |= partTimeline
}

// Apply takes changes of the open room in.
func (p *Pane) Apply(c *chat.RoomChange) {
	if !p.open || c == nil {
		return
	}
	if len(c.Seen) > 0 {
		p.addSeen(c.Seen)
	}
	if !p.loaded {
		return // the page that is on its way has it all, or a reload follows
	}
	following := p.list.Following()
	o := p.tl.Apply(c)
	if o.Reload {
		p.reload()
		return
	}
	if o.Changed {
		p.touched()
	}
	if !following {
		p.below += o.Added
		if o.Added > 0 {
			p.dirty |= partTimeline
		}
	}
	if o.Mine {
		p.toNewest()
	}
	if o.Changed || len(c.Seen) > 0 {
		p.readers()
	}
}

// reload reads the visible stretch again.
func (p *Pane) reload() {
	q := chat.PageQuery{Room: p.room.ID, Limit: 2 * timeline.PageSize}
	if !p.list.Following() {
		if first, _ := p.list.Visible(); first >= 0 {
			for i := first; i < p.tl.Len(); i++ {
				if m := p.tl.At(i).Message(); m.ID != "" {
					q.Around = m.ID
					break
				}
			}
		}
	}
	p.ask(PageReload, q)
}

// toNewest goes to the newest message, loading it if need be.
func (p *Pane) toNewest() {
	if !p.tl.AtNewest() {
		p.ask(PageNewest, chat.PageQuery{Room: p.room.ID, Limit: timeline.PageSize})
		return
	}
	p.list.ToEnd()
	p.below = 0
	p.dirty |= partTimeline
}

// Jump shows an event, loading its surroundings if need be.
func (p *Pane) Jump(event chat.EventID) {
	if event == "" || !p.open {
		return
	}
	if _, ok := p.tl.Find(event); ok {
		p.jump(event)
		return
	}
	p.jumpTo, p.jumpNew = event, false
	p.askJump()
}

func (p *Pane) askJump() {
	p.ask(PageJump, chat.PageQuery{Room: p.room.ID, Around: p.jumpTo, Limit: timeline.PageSize})
}

func (p *Pane) jump(event chat.EventID) {
	p.jumpTo = ""
	p.list.Changed()
	if i, ok := p.tl.Find(event); ok {
		p.arrange()
		p.setMode(Reading)
		p.list.JumpTo(i, p.tl.AtNewest())
		p.dirty |= partTimeline
	}
}

// ShowItem shows an item of the newest stretch, such as a message that was not
// sent, with the cursor on it.
func (p *Pane) ShowItem(key chat.ItemKey) {
	p.showKey = key
	switch {
	case !p.loaded: // once the page is there
	case p.tl.AtNewest():
		p.showItem()
	default:
		p.toNewest()
	}
}

func (p *Pane) showItem() {
	if p.showKey == 0 {
		return
	}
	i, ok := p.tl.Index(timeline.Key{Kind: timeline.KindMessage, ID: p.showKey})
	switch {
	case !ok && !p.tl.AtNewest():
		p.toNewest()
		return
	case !ok:
		p.showKey = 0
		return
	}
	p.showKey = 0
	p.list.Changed()
	p.arrange()
	p.setMode(Reading)
	p.list.JumpTo(i, p.tl.AtNewest())
	p.dirty |= partTimeline
}
