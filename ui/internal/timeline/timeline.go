// Package timeline folds pages and changes of one room into the items that the
// timeline shows: messages in groups, day dividers, the line at the last-read
// place, folded state changes, holes in the history.
//
// A [Model] is pure: it does no I/O and has no clock. It says what it would like
// to have with [Model.Want], and whoever fetches it gives it to [Model.Older],
// [Model.Newer] or [Model.Apply]. It is not safe for concurrent use. Owner: the
// goroutine of Update.
package timeline

import (
	"cmp"
	"slices"
	"time"

	"hubbub/store/chat"
)

const (
	// GroupSpan is how long messages of one sender stay under one name line.
	GroupSpan = 5 * time.Minute
	// MaxLoaded is the number of messages beyond which the far end is dropped.
	MaxLoaded = 3000
	// PageSize is the number of items asked for at a time.
	PageSize = 80
)

// Kind is the kind of an item.
type Kind uint8

// Item kinds.
const (
	KindMessage Kind = iota
	KindStates       // a run of state changes
	KindDay          // the divider before the first message of a day
	KindNew          // the divider at the last-read place
	KindGap          // history that is not loaded from the homeserver
)

// Key names an item as long as it exists. The dividers have the key of the
// message they stand before.
type Key struct {
	Kind Kind
	ID   chat.ItemKey
}

// Item is what one entry of the list shows.
type Item struct {
	Kind Kind
	Key  Key
	// Messages are the state changes of a run, else the one message: for a
	// divider the one it stands before.
	Messages []*Entry
	Grouped  bool      // the name line is left out
	Day      time.Time // of a day divider, in the zone of the model
	Count    int       // of the new divider: messages below it, 0 when not known
	Stamp    uint64    // changes whenever the look does
}

// Message returns the message of the item, the first of a run.
func (it *Item) Message() *chat.Message { return &it.Messages[0].Message }

// Open reports whether the item was expanded: a run unfolded, a message revealed.
func (it *Item) Open() bool {
	return slices.ContainsFunc(it.Messages, func(e *Entry) bool { return e.open })
}

// Entry is a message with what the screen knows about it. It is owned by its model.
type Entry struct {
	chat.Message
	day     int   // a number for the day, in the zone of the model
	seconds int64 // of Time
	version uint64
	open    bool
	item    int           // number of the item that shows it
	ask     askState      // of a gap
	problem *chat.Problem // of a gap that could not be filled
}

// Problem returns why a gap could not be filled, or nil.
func (e *Entry) Problem() *chat.Problem { return e.problem }

// Asked reports whether the messages of a gap are on their way.
func (e *Entry) Asked() bool { return e.ask == asked }

type askState uint8

const (
	askIdle askState = iota
	asked
	askFailed // stays until the person asks again
)

// Marker is the last-read place when the room was opened.
type Marker struct {
	Event  chat.EventID // fully-read marker or own receipt, or ""
	Unread int          // messages after it, for when Event is not in the timeline
	First  chat.EventID // oldest message after it, once that is known; then Event does not count
}

// Model is the timeline of one room.
type Model struct {
	zone *time.Location
	room chat.RoomID
	msgs []*Entry // by Seq, ties by Key
	keys map[chat.ItemKey]*Entry

	older, newer       bool // the store has more on that side
	askOlder, askNewer askState

	fetched map[chat.EventID]bool // answered messages that were asked for

	marker    Marker
	newBefore chat.ItemKey // message below the new divider, 0 when there is none
	newCount  int

	items []Item
	low   int    // lowest number of a message that changed since the items were made
	clock uint64 // last version given
}

// New returns an empty timeline that tells days in the given zone.
func New(zone *time.Location) *Model {
	return &Model{zone: zone, keys: map[chat.ItemKey]*Entry{}, fetched: map[chat.EventID]bool{}}
}

// Reset shows a page of a room in place of everything.
func (m *Model) Reset(p chat.Page, marker Marker) {
	m.room = p.Room
	m.msgs, m.keys = nil, make(map[chat.ItemKey]*Entry, len(p.Items))
	m.marker, m.newBefore, m.newCount = marker, 0, 0
	m.askOlder, m.askNewer = askIdle, askIdle
	for i := range p.Items {
		m.put(p.Items[i])
	}
	m.older = olderThan(p)
	m.newer = !p.AtNewest
	m.build()
}

// Replace shows another stretch of the same room. The new divider keeps its place.
func (m *Model) Replace(p chat.Page) {
	marker, before, count := m.marker, m.newBefore, m.newCount
	m.Reset(p, Marker{})
	m.marker, m.newBefore, m.newCount = marker, before, count
	m.build()
}

// olderThan reports whether the store has items before a page.
func olderThan(p chat.Page) bool {
	return !p.AtStart && len(p.Items) > 0 && (p.Items[0].Kind != chat.KindGap || !p.Items[0].GapAtStart)
}

// Older puts the answer to a [LoadOlder] before the timeline.
func (m *Model) Older(p chat.Page) {
	m.askOlder = askIdle
	if p.Room != m.room {
		return
	}
	for i := range p.Items {
		m.put(p.Items[i])
	}
	m.older = olderThan(p)
	if cut := len(m.msgs) - MaxLoaded; cut > 0 {
		m.drop(m.msgs[MaxLoaded:])
		m.msgs = slices.Clip(m.msgs[:MaxLoaded])
		m.newer = true
	}
	m.build()
}

// Newer puts the answer to a [LoadNewer] after the timeline.
func (m *Model) Newer(p chat.Page) {
	m.askNewer = askIdle
	if p.Room != m.room {
		return
	}
	for i := range p.Items {
		m.put(p.Items[i])
	}
	m.newer = !p.AtNewest
	if cut := len(m.msgs) - MaxLoaded; cut > 0 {
		m.drop(m.msgs[:cut])
		m.msgs = slices.Clone(m.msgs[cut:])
		m.older = true
	}
	m.build()
}

func (m *Model) drop(entries []*Entry) {
	for _, e := range entries {
		delete(m.keys, e.Key)
	}
}

// put adds a message, or replaces it if something about it changed.
func (m *Model) put(msg chat.Message) *Entry {
	m.clock++
	if e, ok := m.keys[msg.Key]; ok {
		if e.Seq != msg.Seq {
			m.remove(e)
			e.Message = msg
			m.insert(e)
		} else if i, ok := slices.BinarySearchFunc(m.msgs, e, order); ok {
			m.low = min(m.low, i)
		}
		if e.GapToken != msg.GapToken {
			e.ask, e.problem = askIdle, nil
		}
		e.Message, e.version = msg, m.clock
		e.day, e.seconds = m.dayOf(msg.Time), msg.Time.Unix()
		return e
	}
	e := &Entry{Message: msg, version: m.clock, day: m.dayOf(msg.Time), seconds: msg.Time.Unix()}
	m.keys[msg.Key] = e
	m.insert(e)
	return e
}

// dayOf numbers days. Two times have the same number when they are on one day in the zone.
func (m *Model) dayOf(t time.Time) int {
	y, mon, d := t.In(m.zone).Date()
	return y*512 + int(mon)*32 + d
}

func order(a, b *Entry) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Key, b.Key))
}

func (m *Model) insert(e *Entry) {
	if n := len(m.msgs); n == 0 || order(m.msgs[n-1], e) < 0 {
		m.low = min(m.low, n)
		m.msgs = append(m.msgs, e)
		return
	}
	m.low = 0
	i, _ := slices.BinarySearchFunc(m.msgs, e, order)
	m.msgs = slices.Insert(m.msgs, i, e)
}

func (m *Model) remove(e *Entry) {
	m.low = 0
	if i, ok := slices.BinarySearchFunc(m.msgs, e, order); ok {
		m.msgs = slices.Delete(m.msgs, i, i+1)
	}
}

// Outcome says what a change did to the timeline.
type Outcome struct {
	Changed bool
	Reload  bool // the page has to be read again
	Added   int  // messages of others that came at the end, loaded or not
	Mine    bool // an own message was added at the end
}

// Apply takes a change in.
func (m *Model) Apply(c *chat.RoomChange) (o Outcome) {
	if c.Reload {
		return Outcome{Reload: true}
	}
	m.low = len(m.msgs)
	for _, key := range c.Gone {
		if e, ok := m.keys[key]; ok {
			m.remove(e)
			delete(m.keys, key)
			o.Changed = true
		}
	}
	for i := range c.Items {
		m.applyItem(&c.Items[i], &o)
	}
	if cut := len(m.msgs) - MaxLoaded; cut > MaxLoaded/10 && !m.newer {
		m.drop(m.msgs[:cut])
		m.msgs = slices.Clone(m.msgs[cut:])
		m.older, o.Changed, m.low = true, true, 0
	}
	if o.Changed {
		m.rebuild(m.low)
	}
	return o
}

// applyItem takes one message in, unless it lies beyond what is loaded on a side
// where the store has more: then it comes with its page.
func (m *Model) applyItem(msg *chat.Message, o *Outcome) {
	e, known := m.keys[msg.Key]
	echoed := known && e.Seq >= chat.SeqLocal
	if !known && len(m.msgs) > 0 {
		newest := m.lastRemote()
		switch {
		case m.older && msg.Seq < m.msgs[0].Seq:
			return
		case msg.Seq >= chat.SeqLocal:
			o.Mine = true
		case newest == nil || msg.Seq > newest.Seq:
			if msg.Own {
				o.Mine = true
			} else if counts(msg) {
				o.Added++
			}
		}
		if m.newer && msg.Seq > m.msgs[len(m.msgs)-1].Seq {
			return
		}
	}
	if echoed && (m.newer && msg.Seq < chat.SeqLocal || m.older && m.msgs[0] != e && msg.Seq < m.msgs[0].Seq) {
		// The echo moves to its place, which is not loaded.
		m.remove(e)
		delete(m.keys, msg.Key)
		o.Changed = true
		return
	}
	m.put(*msg)
	o.Changed = true
}

func (m *Model) lastRemote() *Entry {
	for i := len(m.msgs) - 1; i >= 0; i-- {
		if m.msgs[i].Seq < chat.SeqLocal {
			return m.msgs[i]
		}
	}
	return nil
}

// counts reports whether a message is news.
func counts(msg *chat.Message) bool {
	switch msg.Kind {
	case chat.KindState, chat.KindGap, chat.KindRedacted, chat.KindUnknown:
		return false
	}
	return true
}
