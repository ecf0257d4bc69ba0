package matrix_test

import (
	"context"
	"fmt"
	"strings"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// timeline is everything that a room shows, oldest first.
func (k *core) timeline(room chat.RoomID) []chat.Message {
	k.t.Helper()
	var all []chat.Message
	q := chat.PageQuery{Room: room, Limit: 500}
	for {
		page, err := k.Store().Page(k.t.Context(), q)
		if err != nil {
			k.t.Fatal(err)
		}
		all = append(page.Items, all...)
		if page.AtStart || len(page.Items) == 0 {
			return all
		}
		q.Before = page.Items[0].Seq
	}
}

// byID is the timeline of a room by event id.
func (k *core) byID(room chat.RoomID) map[chat.EventID]chat.Message {
	k.t.Helper()
	all := map[chat.EventID]chat.Message{}
	for _, m := range k.timeline(room) {
		all[m.ID] = m
	}
	return all
}

// gaps lists the gap rows of a room, oldest first.
func (k *core) gaps(room chat.RoomID) []chat.Message {
	k.t.Helper()
	var all []chat.Message
	for _, m := range k.timeline(room) {
		if m.Kind == chat.KindGap {
			all = append(all, m)
		}
	}
	return all
}

// fillGaps fetches everything that is missing in a room.
func (k *core) fillGaps(room chat.RoomID) {
	k.t.Helper()
	for {
		gaps := k.gaps(room)
		if len(gaps) == 0 {
			return
		}
		token := gaps[len(gaps)-1].GapToken
		k.FillGap(room, token)
		k.wait("a filled gap", func(ctx context.Context) (bool, error) {
			for _, g := range k.gaps(room) {
				if g.GapToken == token {
					return false, ctx.Err()
				}
			}
			return true, nil
		})
	}
}

// post is a message that somebody sent.
type post struct {
	sender chat.UserID
	id     chat.EventID
}

func (p post) bySender(other post) int {
	return strings.Compare(string(p.sender), string(other.sender))
}

// listed is what the homeserver has of messages in a room, oldest first.
func listed(who *matrixtest.Client, room chat.RoomID) []post {
	var all []post
	for _, e := range who.Events(string(room)) {
		if e.Type == "m.room.message" || e.Type == "m.room.encrypted" {
			all = append(all, post{chat.UserID(e.Sender), chat.EventID(e.ID)})
		}
	}
	return all
}

// difference tells where two lists part.
func difference(got, want []post) string {
	for n := range max(len(got), len(want)) {
		if n >= len(got) || n >= len(want) || got[n] != want[n] {
			return fmt.Sprintf("from place %d on:\n%v\n%v", n, got[min(n, len(got)):min(n+5, len(got))], want[min(n, len(want)):min(n+5, len(want))])
		}
	}
	return "none"
}
