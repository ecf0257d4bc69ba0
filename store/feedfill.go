package store

import (
	"cmp"
	"context"
	"slices"

	"hubbub/store/chat"
)

// fill reads the present rows for the keys of ch into set.
func (s *Store) fill(ctx context.Context, ch *changes, set *chat.ChangeSet) error {
	set.Reload, set.Edges, set.Alerts = ch.all, ch.edges, ch.alerts
	var present []chat.RoomID
	for id, there := range ch.rooms {
		if there {
			present = append(present, id)
		} else {
			set.Gone = append(set.Gone, id)
		}
	}
	if len(present) > 0 {
		rooms, err := loadRooms(s.q(ctx), len(present), `(SELECT value AS j FROM json_each(?)) CROSS JOIN room ON room_id = j WHERE membership IN (1, 2, 3)`, list(present))
		if err != nil {
			return err
		}
		set.Rooms = rooms
	}
	if ch.outbox {
		o, err := s.OutboxState(ctx)
		if err != nil {
			return err
		}
		set.Outbox = &o
	}
	for id, r := range ch.items {
		rc, err := s.fillRoom(ctx, id, r)
		if err != nil {
			return err
		}
		if set.Timeline == nil {
			set.Timeline = make(map[chat.RoomID]*chat.RoomChange)
		}
		set.Timeline[id] = rc
	}
	return nil
}

// isWatched says whether any feed carries the timeline of a room.
func (s *Store) isWatched(id chat.RoomID) bool {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	return s.feeds.watched[id] > 0
}

func (s *Store) fillRoom(ctx context.Context, id chat.RoomID, r *roomChanges) (*chat.RoomChange, error) {
	rc := &chat.RoomChange{Reload: r.reload, MembersChanged: r.members}
	if len(r.seen) > 0 {
		users := make([]chat.UserID, 0, len(r.seen))
		for u := range r.seen {
			users = append(users, u)
		}
		seen, err := loadSeen(s.q(ctx), `AND c.user IN (SELECT value FROM json_each(?))`, string(id), list(users))
		if err != nil {
			return nil, err
		}
		rc.Seen = seen
	}
	if r.reload || len(r.keys)+len(r.targets) == 0 {
		return rc, nil
	}
	items, gone, err := s.loadItems(ctx, id, r.keys, r.targets)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(items, func(a, b chat.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.Sort(gone)
	rc.Items, rc.Gone = items, gone
	return rc, nil
}
