package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"hubbub/store/chat"
)

// Sidebar implements ui.Reader.
func (s *Store) Sidebar(ctx context.Context) (chat.Sidebar, error) {
	var bar chat.Sidebar
	var count int
	if _, err := s.q(ctx).one(`SELECT count(*) FROM room`, nil, &count); err != nil {
		return chat.Sidebar{}, fmt.Errorf("load sidebar: %w", err)
	}
	rooms, err := loadRooms(s.q(ctx), count, `room WHERE membership IN (1, 2, 3)`)
	if err != nil {
		return chat.Sidebar{}, fmt.Errorf("load sidebar: %w", err)
	}
	bar.Rooms = rooms
	err = s.q(ctx).each(`SELECT parent, child, ord, suggested, via FROM space_edge`, nil, func(rows *sql.Rows) error {
		var e chat.SpaceEdge
		var via []byte
		if err := rows.Scan((*string)(&e.Parent), (*string)(&e.Child), &e.Order, &e.Suggested, &via); err != nil {
			return err
		}
		bar.Edges = append(bar.Edges, e)
		return json.Unmarshal(via, &bar.Edges[len(bar.Edges)-1].Via)
	})
	if err != nil {
		return chat.Sidebar{}, fmt.Errorf("load sidebar: %w", err)
	}
	return bar, nil
}

// Parents returns the spaces that list a room, by id.
func (s *Store) Parents(ctx context.Context, room chat.RoomID) ([]chat.RoomID, error) {
	var all []chat.RoomID
	err := s.q(ctx).each(`SELECT parent FROM space_edge WHERE child = ? ORDER BY parent`, []any{string(room)}, func(rows *sql.Rows) error {
		var p string
		err := rows.Scan(&p)
		all = append(all, chat.RoomID(p))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load parents of %s: %w", room, err)
	}
	return all, nil
}

// Receipts implements ui.Reader.
func (s *Store) Receipts(ctx context.Context, room chat.RoomID) ([]chat.Seen, error) {
	all, err := loadSeen(s.q(ctx), `AND c.user <> ?`, string(room), string(s.ownUser()))
	if err != nil {
		return nil, fmt.Errorf("load receipts of %s: %w", room, err)
	}
	return all, nil
}

const seenQuery = `
		SELECT c.user, coalesce(m.name, ''), c.event_id, max(c.ts_ms) FROM room r JOIN receipt c ON c.room = r.id
		LEFT JOIN member m ON m.room = r.id AND m.user = c.user
		WHERE r.room_id = ? AND (m.membership = 1 OR m.user IS NULL AND r.members_complete = 0) `

// loadSeen returns the newest receipt per person, of those who are in the room as far as is known; which is one of two constants.
func loadSeen(q queryFunc, which string, args ...any) ([]chat.Seen, error) {
	var all []chat.Seen
	err := q.each(seenQuery+which+` GROUP BY c.user ORDER BY max(c.ts_ms) DESC`, args, func(rows *sql.Rows) error {
		var seen chat.Seen
		var ms int64
		err := rows.Scan((*string)(&seen.User), &seen.Name, (*string)(&seen.Event), &ms)
		seen.Time = fromMS(ms)
		all = append(all, seen)
		return err
	})
	return all, err
}

// Members implements ui.Reader: joined first, then invited, by power, then by
// name. Who has left is not among them, who is banned is at the end.
func (s *Store) Members(ctx context.Context, room chat.RoomID) ([]chat.Member, error) {
	known, err := s.MembersIn(ctx, room)
	if err != nil {
		return nil, fmt.Errorf("load members of %s: %w", room, err)
	}
	power, err := s.powers(ctx, room)
	if err != nil {
		return nil, fmt.Errorf("load members of %s: %w", room, err)
	}
	count := make(map[string]int)
	for _, m := range known {
		if m.Membership == chat.MemberJoined || m.Membership == chat.MemberInvited {
			count[m.Name]++
		}
	}
	all := make([]chat.Member, 0, len(known))
	for _, m := range known {
		if m.Membership == chat.MemberNone || m.Membership == chat.MemberLeft {
			continue
		}
		all = append(all, chat.Member{
			User: m.User, Name: m.Name, Ambiguous: m.Name != "" && count[m.Name] > 1, Avatar: m.Avatar,
			Membership: m.Membership, Power: power(m.User),
		})
	}
	slices.SortFunc(all, func(a, b chat.Member) int {
		return cmp.Or(cmp.Compare(a.Membership, b.Membership), cmp.Compare(b.Power, a.Power), cmp.Compare(shownName(a), shownName(b)), cmp.Compare(a.User, b.User))
	})
	return all, nil
}

func shownName(m chat.Member) string {
	if m.Name != "" {
		return m.Name
	}
	return m.User.Localpart()
}

// powers returns the power level of everybody in a room.
//
// Spec: client-server-api#mroompower_levels
func (s *Store) powers(ctx context.Context, room chat.RoomID) (func(chat.UserID) int, error) {
	levels, haveLevels, err := s.State(ctx, room, "m.room.power_levels", "")
	if err != nil {
		return nil, err
	}
	create, haveCreate, err := s.State(ctx, room, "m.room.create", "")
	if err != nil {
		return nil, err
	}
	return powerLevels(levels, haveLevels, create, haveCreate), nil
}

// powerLevels is tolerant: a level that is no number counts as the default.
func powerLevels(levels State, haveLevels bool, create State, haveCreate bool) func(chat.UserID) int {
	var p struct {
		Users   map[string]json.RawMessage `json:"users"`
		Default json.RawMessage            `json:"users_default"`
	}
	if haveLevels {
		_ = json.Unmarshal(levels.Content, &p) // what is no object gives everybody the default
	}
	var c struct {
		Version  any             `json:"room_version"`
		Creators json.RawMessage `json:"additional_creators"`
	}
	if haveCreate {
		_ = json.Unmarshal(create.Content, &c) // as above
	}
	creators := make(map[chat.UserID]bool)
	version, isText := c.Version.(string)
	number, err := strconv.Atoi(version)
	if haveCreate && isText && err == nil && number >= 12 {
		var more []chat.UserID
		_ = json.Unmarshal(c.Creators, &more) // additional creators that are no list of strings are none
		creators[create.Sender] = true
		for _, u := range more {
			creators[u] = true
		}
	}
	fallback := level(p.Default, 0)
	return func(user chat.UserID) int {
		switch {
		case creators[user]:
			return chat.PowerCreator
		case haveLevels:
			return level(p.Users[string(user)], fallback)
		case haveCreate && user == create.Sender:
			return 100
		}
		return 0
	}
}

// level reads a power level, which old rooms write as a string.
func level(raw json.RawMessage, fallback int) int {
	var n float64
	if json.Unmarshal(raw, &n) == nil && len(raw) > 0 && string(raw) != "null" {
		return int(min(max(n, -(1<<53)), 1<<53))
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	}
	return fallback
}
