package store

import "hubbub/store/chat"

// Past these a viewer reads all again: cheaper for it than the list, and the
// memory of a feed that nobody reads stays bounded.
const (
	maxItems = 2000 // changed items of one room
	maxRooms = 5000 // changed rooms
)

// changes collects keys of what changed. A transaction fills one; a feed
// merges them until it is read.
type changes struct {
	rooms  map[chat.RoomID]bool // true: present summary, false: gone
	items  map[chat.RoomID]*roomChanges
	edges  bool
	all    bool
	outbox bool
	alerts []chat.Alert
}

// roomChanges is what changed in one room's timeline.
type roomChanges struct {
	keys    map[chat.ItemKey]bool
	targets map[chat.EventID]bool // events whose folded parts changed
	seen    map[chat.UserID]bool
	members bool
	reload  bool
}

func (c *changes) mark(id chat.RoomID, present bool) {
	if c.all {
		return
	}
	if c.rooms == nil {
		c.rooms = make(map[chat.RoomID]bool)
	}
	c.rooms[id] = present
	if len(c.rooms) > maxRooms {
		c.all, c.rooms = true, nil
	}
}

func (c *changes) room(id chat.RoomID) { c.mark(id, true) }
func (c *changes) gone(id chat.RoomID) { c.mark(id, false) }

// reset is for a cache that was emptied: all that is left to say is to read again.
func (c *changes) reset() { *c = changes{all: true, outbox: true, edges: true, alerts: c.alerts} }

func (c *changes) in(id chat.RoomID) *roomChanges {
	r := c.items[id]
	if r == nil {
		if c.items == nil {
			c.items = make(map[chat.RoomID]*roomChanges)
		}
		r = &roomChanges{}
		c.items[id] = r
	}
	return r
}

func (c *changes) item(id chat.RoomID, key chat.ItemKey)     { c.in(id).item(key) }
func (c *changes) target(id chat.RoomID, event chat.EventID) { c.in(id).target(event) }
func (c *changes) members(id chat.RoomID)                    { c.in(id).members = true }
func (c *changes) reload(id chat.RoomID)                     { c.in(id).setReload() }
func (c *changes) seen(id chat.RoomID, user chat.UserID)     { c.in(id).addSeen(user) }

func (r *roomChanges) setReload() { r.reload, r.keys, r.targets = true, nil, nil }

func (r *roomChanges) item(key chat.ItemKey) {
	if r.reload {
		return
	}
	if r.keys == nil {
		r.keys = make(map[chat.ItemKey]bool)
	}
	r.keys[key] = true
	r.limit()
}

func (r *roomChanges) target(event chat.EventID) {
	if r.reload {
		return
	}
	if r.targets == nil {
		r.targets = make(map[chat.EventID]bool)
	}
	r.targets[event] = true
	r.limit()
}

func (r *roomChanges) addSeen(user chat.UserID) {
	if r.seen == nil {
		r.seen = make(map[chat.UserID]bool)
	}
	r.seen[user] = true
}

func (r *roomChanges) limit() {
	if len(r.keys)+len(r.targets) > maxItems {
		r.setReload()
	}
}

// merge folds the changes of one room into r.
func (r *roomChanges) merge(from *roomChanges) {
	r.members = r.members || from.members
	if from.reload {
		r.setReload()
	}
	for key := range from.keys {
		r.item(key)
	}
	for event := range from.targets {
		r.target(event)
	}
	for user := range from.seen {
		r.addSeen(user)
	}
}
