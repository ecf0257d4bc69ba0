package chat

import (
	"errors"
	"slices"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/timeline"
)

// SetSeen takes the newest receipt of every other person.
func (p *Pane) SetSeen(seen []chat.Seen) {
	clear(p.seen)
	p.addSeen(seen)
	p.readers()
}

func (p *Pane) addSeen(seen []chat.Seen) {
	for _, s := range seen {
		if s.User != p.opts.Me {
			p.seen[s.User] = s
		}
	}
}

// maxReaders bounds the names that are collected.
const maxReaders = 50

// readers finds who has read the newest own message.
func (p *Pane) readers() {
	key, names := chat.ItemKey(0), []string(nil)
	if own := p.lastSent(); own >= 0 {
		m := p.tl.At(own).Message()
		key = m.Key
		for _, s := range p.seen {
			at, ok := p.tl.Find(s.Event)
			if ok && at >= own || !ok && s.Time.After(m.Time) {
				name := s.Name
				if name == "" {
					name = s.User.Localpart()
				}
				names = append(names, timeline.NameAlone(name, s.User, false))
			}
		}
		slices.SortFunc(names, strings.Compare)
		names = names[:min(len(names), maxReaders)]
	}
	if key != p.seenKey || !slices.Equal(names, p.seenBy) {
		p.seenKey, p.seenBy = key, names
		p.seenStamp++
		p.touched()
	}
}

// lastSent returns the item of the newest message of our own near the end, or -1.
func (p *Pane) lastSent() int {
	const near = 60
	for i := p.tl.Len() - 1; i >= max(0, p.tl.Len()-near); i-- {
		it := p.tl.At(i)
		if m := it.Message(); it.Kind == timeline.KindMessage && m.Own && m.ID != "" {
			return i
		}
	}
	return -1
}

// problem makes a problem of any error.
func problem(err error) *chat.Problem {
	var pr *chat.Problem
	if errors.As(err, &pr) {
		return pr
	}
	return &chat.Problem{Kind: chat.ProblemUnknown, Detail: err.Error(), Err: err}
}
