package timeline

import (
	"slices"
	"time"

	"hubbub/store/chat"
)

// build makes the items of all messages.
func (m *Model) build() {
	m.mark()
	m.items = m.items[:0]
	m.addFrom(0, 0, nil)
}

// rebuild makes the items anew from the message with the number from on. Items
// before it stay: their messages have not moved.
func (m *Model) rebuild(from int) {
	if m.newBefore == 0 && m.marker != (Marker{}) || from <= 0 || from >= len(m.msgs) {
		m.build()
		return
	}
	// The item of the message before may go on in the changed one.
	first := m.msgs[from-1].item
	for first > 0 && (m.items[first-1].Kind == KindDay || m.items[first-1].Kind == KindNew) {
		first--
	}
	head := m.items[first].Messages[0]
	from, _ = slices.BinarySearchFunc(m.msgs, head, order)
	day, prev := 0, (*Entry)(nil)
	if from > 0 {
		for i := from - 1; i >= 0 && day == 0; i-- {
			if m.msgs[i].Kind != chat.KindGap { // a gap is on no day
				day = m.msgs[i].day
			}
		}
		if before := &m.items[first-1]; before.Kind == KindMessage {
			prev = before.Messages[0]
		}
	}
	m.items = m.items[:first]
	m.addFrom(from, day, prev)
}

// addFrom adds the items of the messages from number i on. day is the day of the
// message before, prev that message if the next may be grouped with it.
func (m *Model) addFrom(i, day int, prev *Entry) {
	for i < len(m.msgs) {
		e := m.msgs[i]
		if e.Kind == chat.KindGap {
			m.add(Item{Kind: KindGap, Messages: m.msgs[i : i+1], Stamp: e.version << 4})
			prev = nil
			i++
			continue
		}
		if e.day != day {
			day = e.day
			m.add(Item{Kind: KindDay, Messages: m.msgs[i : i+1], Day: e.Time.In(m.zone), Stamp: uint64(day)})
			prev = nil
		}
		if e.Key == m.newBefore {
			m.add(Item{Kind: KindNew, Messages: m.msgs[i : i+1], Count: m.newCount, Stamp: uint64(m.newCount)})
			prev = nil
		}
		if e.Kind == chat.KindState {
			i = m.addStates(i)
			prev = nil
			continue
		}
		grouped := prev != nil && joins(prev, e)
		stamp := e.version << 4
		if grouped {
			stamp |= 1
		}
		m.add(Item{Kind: KindMessage, Messages: m.msgs[i : i+1], Grouped: grouped, Stamp: stamp})
		prev = e
		i++
	}
}

// addStates adds the run of state changes that starts at i, on one day and not
// across the new divider, and returns where it ends.
func (m *Model) addStates(i int) int {
	from, newest := i, uint64(0)
	for ; i < len(m.msgs); i++ {
		e := m.msgs[i]
		if e.Kind != chat.KindState || e.day != m.msgs[from].day || i > from && e.Key == m.newBefore {
			break
		}
		newest = max(newest, e.version)
	}
	m.add(Item{Kind: KindStates, Messages: m.msgs[from:i], Stamp: newest<<16 | uint64(min(i-from, 1<<16-1))})
	return i
}

func (m *Model) add(it Item) {
	it.Key = Key{it.Kind, it.Messages[0].Key}
	for _, e := range it.Messages {
		e.item = len(m.items) // the item itself comes after its dividers
	}
	m.items = append(m.items, it)
}

// joins reports whether b goes under the name line of a.
func joins(a, b *Entry) bool {
	return a.Sender == b.Sender && b.Reply == nil && heads(&a.Message) && heads(&b.Message) &&
		Shield(&a.Message) == Shield(&b.Message) && a.ThreadRoot == b.ThreadRoot &&
		b.seconds-a.seconds < int64(GroupSpan/time.Second) && a.seconds-b.seconds < 60
}

// Shield returns why one should look twice at a message: one that came in
// clear into an encrypted room has that shield, whatever else is known.
func Shield(m *chat.Message) chat.Shield {
	if m.Plain {
		return chat.ShieldPlain
	}
	return m.Shield
}

// heads reports whether a message stands under a name line.
func heads(msg *chat.Message) bool { return msg.Kind != chat.KindEmote }

// mark finds the message that the new divider stands before, once.
func (m *Model) mark() {
	if m.newBefore != 0 || m.marker == (Marker{}) {
		return
	}
	at := m.firstNew()
	if at < 0 {
		return
	}
	for i := at; i < len(m.msgs); i++ {
		e := m.msgs[i]
		if e.Own || !counts(&e.Message) {
			continue
		}
		if m.newBefore == 0 {
			m.newBefore = e.Key
		}
		m.newCount++
	}
	if m.newer {
		m.newCount = m.marker.Unread // more of them are not loaded
	}
	m.marker = Marker{}
}

// firstNew returns the number of the message that the new divider may stand
// before, or -1 when that is not loaded.
func (m *Model) firstNew() int {
	after := m.marker.Event
	if m.marker.First != "" {
		after = ""
	}
	for i := len(m.msgs) - 1; i >= 0; i-- {
		switch id := m.msgs[i].ID; {
		case id == "":
		case id == m.marker.First:
			return i
		case id == after:
			return i + 1
		}
	}
	if m.marker.First != "" {
		return -1
	}
	return m.countBack()
}

// SetFirst says before which message the new divider stands, unless it stands already.
func (m *Model) SetFirst(first chat.EventID, unread int) {
	if m.newBefore != 0 || first == "" {
		return
	}
	m.marker = Marker{First: first, Unread: unread}
	m.build()
}

// countBack finds the place by the number of unread messages, or -1.
func (m *Model) countBack() int {
	if m.marker.Unread <= 0 || m.newer {
		return -1
	}
	left := m.marker.Unread
	for i := len(m.msgs) - 1; i >= 0; i-- {
		if e := m.msgs[i]; !e.Own && counts(&e.Message) {
			if left--; left == 0 {
				return i
			}
		}
	}
	return -1
}

// Len returns the number of items.
func (m *Model) Len() int { return len(m.items) }

// At returns item i. It is valid until the model changes.
func (m *Model) At(i int) *Item { return &m.items[i] }

// Index finds an item. A message that has become part of a run is found as the
// run; a divider that is gone, as the message that it stood before.
func (m *Model) Index(k Key) (int, bool) {
	e, ok := m.keys[k.ID]
	if !ok {
		return 0, false
	}
	for i := e.item - 1; i >= 0 && i >= e.item-2 && (k.Kind == KindDay || k.Kind == KindNew); i-- {
		if m.items[i].Key == k {
			return i, true
		}
	}
	return e.item, true
}

// Find returns the item of an event.
func (m *Model) Find(id chat.EventID) (int, bool) {
	if id == "" {
		return 0, false
	}
	for i := len(m.msgs) - 1; i >= 0; i-- {
		if m.msgs[i].ID == id {
			return m.msgs[i].item, true
		}
	}
	return 0, false
}

// NewDivider returns the item number of the new divider, or -1.
func (m *Model) NewDivider() int {
	if i, ok := m.Index(Key{KindNew, m.newBefore}); ok && m.items[i].Kind == KindNew {
		return i
	}
	return -1
}

// AtNewest reports whether nothing newer is in the store.
func (m *Model) AtNewest() bool { return !m.newer }

// Newest returns the newest loaded message that has an event id, or nil.
func (m *Model) Newest() *chat.Message {
	for i := len(m.msgs) - 1; i >= 0; i-- {
		if e := m.msgs[i]; e.ID != "" && e.Kind != chat.KindGap {
			return &e.Message
		}
	}
	return nil
}

// LastOwn returns the newest own text message that can be edited, or nil.
func (m *Model) LastOwn() *chat.Message {
	for i := len(m.msgs) - 1; i >= 0; i-- {
		if e := m.msgs[i]; e.Own && e.ID != "" && Editable(&e.Message) {
			return &e.Message
		}
	}
	return nil
}

// Editable reports whether the text of an own message can be changed.
func Editable(msg *chat.Message) bool {
	return msg.Own && msg.ID != "" && (msg.Kind == chat.KindText || msg.Kind == chat.KindEmote)
}

// Toggle unfolds or folds a run, reveals or hides what a message hides. It
// reports whether the item can be toggled.
func (m *Model) Toggle(i int) bool {
	it := &m.items[i]
	if it.Kind != KindMessage && it.Kind != KindStates {
		return false
	}
	open := !it.Open()
	m.clock++
	for _, e := range it.Messages {
		e.open, e.version = open, m.clock
	}
	m.build()
	return true
}
