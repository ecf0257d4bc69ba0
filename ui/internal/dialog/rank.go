package dialog

import (
	"cmp"
	"slices"
	"strings"
)

// Source is what a picker of very many entries looks through: only the items
// that are shown or chosen are made.
type Source interface {
	// Len returns about how many entries there are.
	Len() int
	// Each calls f for every entry. What it gets is valid during the call.
	Each(f func(e *Entry))
	// Item makes the item of an entry.
	Item(key string) Item
}

// Entry is an entry of a [Source].
type Entry struct {
	Key        string // names it
	Find, Also string // what a query is compared with
	// Rank returns what is added to the score, and what orders entries of the
	// same score, the greatest first.
	Rank func() (weight int, order int64)
}

// ranking is the place of an entry among those that match.
type ranking struct {
	at    int // index of items, or of what was found
	found bool
	key   string // of the source
	score int
	order int64
}

// before orders rankings.
func before(a, b ranking) int {
	switch {
	case a.score != b.score:
		return cmp.Compare(b.score, a.score)
	case a.order != b.order:
		return cmp.Compare(b.order, a.order)
	case a.at != b.at:
		return cmp.Compare(a.at, b.at)
	}
	return strings.Compare(a.key, b.key)
}

// firstSorted is how many of the matches are put in order before anybody asks
// for more: more than a screen shows.
const firstSorted = 64

// sortFirst puts the first matches in order.
func (p *Picker) sortFirst() {
	p.sorted = min(len(p.ranked), firstSorted)
	first, rest := p.ranked[:p.sorted], p.ranked[p.sorted:]
	slices.SortFunc(first, before)
	for i, r := range rest {
		last := len(first) - 1
		if before(r, first[last]) >= 0 {
			continue
		}
		rest[i] = first[last]
		at, _ := slices.BinarySearchFunc(first, r, before)
		copy(first[at+1:], first[at:last])
		first[at] = r
	}
}

// sortAll puts all matches in order.
func (p *Picker) sortAll() {
	slices.SortFunc(p.ranked, before)
	p.sorted = len(p.ranked)
}

// rank orders the entries that match: by score and weight, then as given.
func (p *Picker) rank() {
	query := p.input.Text()
	pattern := NewPattern(query)
	p.ranked, p.made, p.stale = p.ranked[:0], nil, false
	p.rankItems(pattern, p.items, false)
	p.rankItems(pattern, p.found, true)
	if p.source != nil {
		p.source.Each(func(e *Entry) {
			if s, ok := pattern.Match(e.Find, e.Also); ok {
				weight, order := e.Rank()
				p.ranked = append(p.ranked, ranking{key: e.Key, score: s + weight, order: order})
			}
		})
	}
	p.sortFirst()
	p.free = nil
	if p.Free != nil && query != "" {
		p.free = p.Free(query)
	}
}

func (p *Picker) rankItems(pattern *Pattern, items []Item, found bool) {
	for i := range items {
		it := &items[i]
		find := it.Find
		if find == "" {
			find = it.Title.String()
		}
		if s, ok := pattern.Match(find, it.Also); ok {
			p.ranked = append(p.ranked, ranking{at: i, found: found, score: s + it.Weight})
		}
	}
}
