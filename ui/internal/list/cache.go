package list

import (
	"container/list"

	"hubbub/ui/internal/richtext"
)

// maxCachedLines bounds the laid out lines that are kept: a few hundred pages.
const maxCachedLines = 20000

// cache keeps the lines of items, the least recently used leave first.
type cache[K comparable] struct {
	byKey map[K]*list.Element
	order *list.List // of entry[K], most recently used first
	lines int
}

type entry[K comparable] struct {
	key   K
	stamp uint64
	lines []richtext.Line
}

func newCache[K comparable]() cache[K] {
	return cache[K]{byKey: make(map[K]*list.Element), order: list.New()}
}

func (c *cache[K]) clear() { *c = newCache[K]() }

// get returns the lines of an item if they are of the look that stamp names.
func (c *cache[K]) get(key K, stamp uint64) ([]richtext.Line, bool) {
	el, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	e, ok := el.Value.(*entry[K])
	if !ok || e.stamp != stamp {
		return nil, false
	}
	c.order.MoveToFront(el)
	return e.lines, true
}

func (c *cache[K]) put(key K, stamp uint64, lines []richtext.Line) {
	if el, ok := c.byKey[key]; ok {
		c.remove(el)
	}
	c.byKey[key] = c.order.PushFront(&entry[K]{key, stamp, lines})
	c.lines += len(lines)
	for c.lines > maxCachedLines && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *cache[K]) remove(el *list.Element) {
	e, ok := c.order.Remove(el).(*entry[K])
	if !ok {
		return
	}
	delete(c.byKey, e.key)
	c.lines -= len(e.lines)
}
