package timeline

import "hubbub/store/chat"

// RequestKind says what a model asks for.
type RequestKind uint8

// Request kinds.
const (
	LoadOlder  RequestKind = iota // Query, answered by Older
	LoadNewer                     // Query, answered by Newer
	FillGap                       // Token; the rows come as changes
	FetchReply                    // Event, which a message answers; the answer changes
)

// Request is something that the timeline would like to have.
type Request struct {
	Kind  RequestKind
	Query chat.PageQuery
	Token string
	Event chat.EventID
}

// margin is how many items beyond the visible ones should be loaded.
const margin = 30

// Want returns what is missing around the visible items first…last. A request is
// made once: until it is answered, or failed and asked for again with Retry.
func (m *Model) Want(first, last int) []Request {
	if len(m.msgs) == 0 {
		return nil
	}
	var out []Request
	if m.older && m.askOlder == askIdle && first < margin {
		m.askOlder = asked
		out = append(out, Request{LoadOlder, chat.PageQuery{Room: m.room, Before: m.msgs[0].Seq, Limit: PageSize}, "", ""})
	}
	if m.newer && m.askNewer == askIdle && last >= len(m.items)-margin {
		m.askNewer = asked
		out = append(out, Request{LoadNewer, chat.PageQuery{Room: m.room, After: m.lastLoaded(), Limit: PageSize}, "", ""})
	}
	for i := max(first-margin/2, 0); i <= min(last+margin/2, len(m.items)-1); i++ {
		it := &m.items[i]
		if it.Kind == KindGap && it.Messages[0].ask == askIdle {
			out = append(out, m.fill(it.Messages[0]))
		}
		if r := it.Message().Reply; it.Kind == KindMessage && r != nil && r.Sender == "" && r.ID != "" && !m.fetched[r.ID] {
			m.fetched[r.ID] = true
			out = append(out, Request{Kind: FetchReply, Event: r.ID})
		}
	}
	return out
}

// lastLoaded is where a page of newer items continues: local echoes sort last,
// but are no part of the history.
func (m *Model) lastLoaded() chat.Seq {
	if e := m.lastRemote(); e != nil {
		return e.Seq
	}
	return 0
}

func (m *Model) fill(e *Entry) Request {
	e.ask, e.problem = asked, nil
	m.clock++
	e.version = m.clock
	m.build()
	return Request{Kind: FillGap, Token: e.GapToken}
}

// PageFailed says that a page could not be read.
func (m *Model) PageFailed(kind RequestKind) {
	if kind == LoadOlder {
		m.askOlder = askFailed
	} else {
		m.askNewer = askFailed
	}
}

// GapFailed says that a gap could not be filled. The row says why.
func (m *Model) GapFailed(token string, p *chat.Problem) {
	for _, e := range m.msgs {
		if e.Kind == chat.KindGap && e.GapToken == token {
			m.clock++
			e.ask, e.problem, e.version = askFailed, p, m.clock
			m.build()
			return
		}
	}
}

// Retry lets everything that failed be asked for again, as when the connection is back.
func (m *Model) Retry() {
	clear(m.fetched)
	if m.askOlder == askFailed {
		m.askOlder = askIdle
	}
	if m.askNewer == askFailed {
		m.askNewer = askIdle
	}
	changed := false
	for _, e := range m.msgs {
		if e.ask == askFailed {
			m.clock++
			e.ask, e.problem, e.version = askIdle, nil, m.clock
			changed = true
		}
	}
	if changed {
		m.build()
	}
}
