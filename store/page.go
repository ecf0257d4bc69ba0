package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"hubbub/store/chat"
)

// maxPage is the largest page.
const maxPage = 500

// Page implements ui.Reader. A room that is not in the store has an empty page.
// ErrNotFound when q.Around stands in no timeline.
func (s *Store) Page(ctx context.Context, q chat.PageQuery) (chat.Page, error) {
	p, err := s.page(ctx, q)
	if err != nil {
		return chat.Page{}, fmt.Errorf("load page %s: %w", q.Room, err)
	}
	return p, nil
}

func (s *Store) page(ctx context.Context, q chat.PageQuery) (chat.Page, error) {
	p := chat.Page{Room: q.Room}
	q.Limit = min(max(q.Limit, 1), maxPage)
	n, ok, err := s.roomNumber(ctx, q.Room)
	if err != nil {
		return p, err
	}
	if !ok {
		p.AtStart, p.AtNewest = true, true
		return p, nil
	}
	switch {
	case q.Around != "":
		return s.pageAround(ctx, n, q)
	case q.After != 0:
		return s.pageAfter(ctx, n, q.Room, int64(q.After), q.Limit)
	case q.Before != 0:
		return s.pageBefore(ctx, n, q.Room, int64(q.Before), q.Limit)
	}
	p, err = s.pageBefore(ctx, n, q.Room, math.MaxInt64, q.Limit)
	p.AtNewest = true
	return p, err
}

func (s *Store) pageBefore(ctx context.Context, n int64, room chat.RoomID, before int64, limit int) (chat.Page, error) {
	p := chat.Page{Room: room}
	items, err := s.loadRows(ctx, `
		SELECT `+itemColumns+` FROM event e WHERE e.room = ? AND e.shown = 1 AND e.seq < ? ORDER BY e.seq DESC LIMIT ?`, n, before, limit+1)
	if err != nil {
		return p, err
	}
	// Gaps below the row that does not fit any more belong to the next page.
	low := int64(0)
	more := len(items) > limit
	if more {
		low = int64(items[limit].Seq) + 1
		items = items[:limit]
	}
	slices.Reverse(items)
	if p.Items, err = s.withGaps(ctx, room, n, items, low, before); err != nil {
		return p, err
	}
	if len(p.Items) > limit {
		p.Items, more = p.Items[len(p.Items)-limit:], true
	}
	p.AtStart = !more && (len(p.Items) == 0 || p.Items[0].Kind != chat.KindGap)
	p.AtNewest, err = s.nothingAfter(ctx, n, before-1)
	return p, err
}

func (s *Store) pageAfter(ctx context.Context, n int64, room chat.RoomID, after int64, limit int) (chat.Page, error) {
	p := chat.Page{Room: room}
	items, err := s.loadRows(ctx, `
		SELECT `+itemColumns+` FROM event e WHERE e.room = ? AND e.shown = 1 AND e.seq > ? ORDER BY e.seq LIMIT ?`, n, after, limit+1)
	if err != nil {
		return p, err
	}
	high := int64(math.MaxInt64)
	more := len(items) > limit
	if more {
		high = int64(items[limit].Seq)
		items = items[:limit]
	}
	if p.Items, err = s.withGaps(ctx, room, n, items, after+1, high); err != nil {
		return p, err
	}
	if len(p.Items) > limit {
		p.Items, more = p.Items[:limit], true
	}
	p.AtNewest = !more
	return p, nil
}

func (s *Store) pageAround(ctx context.Context, n int64, q chat.PageQuery) (chat.Page, error) {
	var seq int64
	ok, err := s.q(ctx).one(`SELECT seq FROM event WHERE room = ? AND event_id = ? AND seq IS NOT NULL`, []any{n, string(q.Around)}, &seq)
	if err == nil && !ok {
		err = fmt.Errorf("event %s: %w", q.Around, ErrNotFound)
	}
	if err != nil {
		return chat.Page{Room: q.Room}, err
	}
	older, err := s.pageBefore(ctx, n, q.Room, seq+1, q.Limit/2+1)
	if err != nil {
		return older, err
	}
	if q.Limit-len(older.Items) <= 0 {
		return older, nil
	}
	newer, err := s.pageAfter(ctx, n, q.Room, seq, q.Limit-len(older.Items))
	if err != nil {
		return newer, err
	}
	older.Items = append(older.Items, newer.Items...)
	older.AtNewest = newer.AtNewest
	return older, nil
}

func (s *Store) nothingAfter(ctx context.Context, n, seq int64) (bool, error) {
	var x int
	some, err := s.q(ctx).one(`SELECT 1 FROM event WHERE room = ? AND shown = 1 AND seq > ? LIMIT 1`, []any{n, seq}, &x)
	return !some, err
}

// withGaps folds items and puts the gap rows with low ≤ seq < high among them.
func (s *Store) withGaps(ctx context.Context, room chat.RoomID, n int64, items []*item, low, high int64) ([]chat.Message, error) {
	if err := s.fold(ctx, room, n, items); err != nil {
		return nil, err
	}
	out := messages(items)
	gaps, err := s.loadGaps(ctx, room, n, low, high)
	if err != nil || len(gaps) == 0 {
		return out, err
	}
	out = append(out, gaps...)
	slices.SortStableFunc(out, func(a, b chat.Message) int {
		switch {
		case a.Seq < b.Seq:
			return -1
		case a.Seq > b.Seq:
			return 1
		}
		return 0
	})
	return out, nil
}

// loadGaps makes the gap rows of a room with low ≤ seq < high.
func (s *Store) loadGaps(ctx context.Context, room chat.RoomID, n, low, high int64) ([]chat.Message, error) {
	var gaps []chat.Message
	err := s.q(ctx).each(`
		SELECT number, prev_token, number = (SELECT min(number) FROM chunk WHERE room = ?1) FROM chunk
		WHERE room = ?1 AND prev_token IS NOT NULL AND number >= ?2 >> 40 ORDER BY number`, []any{n, low}, func(rows *sql.Rows) error {
		var number int64
		g := chat.Message{Room: room, Kind: chat.KindGap}
		if err := rows.Scan(&number, &g.GapToken, &g.GapAtStart); err != nil {
			return err
		}
		g.Key, g.Seq = gapKey(number), chat.Seq(number<<chunkShift)
		if int64(g.Seq) >= low && int64(g.Seq) < high {
			gaps = append(gaps, g)
		}
		return nil
	})
	return gaps, err
}
