package outbox

import (
	"sync"

	"hubbub/store/chat"
)

type intentKind uint8

const (
	doSend intentKind = iota
	doRetry
	doDiscard
	doDraft
	doUI
	doRead
	doUnread
)

// intent is one call of an Outbox method.
type intent struct {
	kind   intentKind
	out    chat.Outgoing
	done   chan result // of SendWait
	key    chat.ItemKey
	draft  chat.Draft
	name   string
	value  []byte
	room   chat.RoomID
	event  chat.EventID
	unread bool
}

// mailbox keeps intents in order. It has no limit: nothing that a person did is dropped.
type mailbox struct {
	mu     sync.Mutex
	queue  []intent
	signal chan struct{} // one slot
}

func (m *mailbox) init() { m.signal = make(chan struct{}, 1) }

func (m *mailbox) put(i intent) {
	m.mu.Lock()
	m.queue = append(m.queue, i)
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default: // the reader knows already
	}
}

func (m *mailbox) take() []intent {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}

// lazy reports whether everything that waits may wait a little longer.
func (m *mailbox) lazy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.queue {
		if k := m.queue[i].kind; k != doDraft && k != doUI {
			return false
		}
	}
	return true
}

// result is what became of a message.
type result struct {
	id  chat.EventID
	err error
}

func answer(c chan result, r result) {
	if c != nil {
		c <- r // has room for the one answer
	}
}

// waiters are the callers of SendWait.
type waiters struct {
	mu sync.Mutex
	of map[chat.ItemKey]waiter
}

type waiter struct {
	room chat.RoomID
	c    chan result
}

func (w *waiters) init() { w.of = map[chat.ItemKey]waiter{} }

func (w *waiters) add(room chat.RoomID, key chat.ItemKey, c chan result) {
	if c == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.of[key] = waiter{room, c}
}

// in returns for which messages of a room somebody waits.
func (w *waiters) in(room chat.RoomID) (keys []chat.ItemKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, one := range w.of {
		if one.room == room {
			keys = append(keys, key)
		}
	}
	return keys
}

func (w *waiters) done(key chat.ItemKey, r result) {
	w.mu.Lock()
	one := w.of[key]
	delete(w.of, key)
	w.mu.Unlock()
	answer(one.c, r)
}
