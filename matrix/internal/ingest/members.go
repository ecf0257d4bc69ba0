package ingest

import (
	"context"
	"fmt"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// BeginMembers is called before a room's member list is asked for. Who changes
// through sync until Members is called keeps what sync said: the list may be older.
func (i *Ingest) BeginMembers(room chat.RoomID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.moved == nil {
		i.moved = make(map[chat.RoomID]map[chat.UserID]bool)
	}
	i.moved[room] = make(map[chat.UserID]bool)
}

// EndMembers is called when the member list is written, or will not be.
func (i *Ingest) EndMembers(room chat.RoomID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.moved, room)
}

func (i *Ingest) noteMoved(room chat.RoomID, user chat.UserID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if m := i.moved[room]; m != nil {
		m[user] = true
	}
}

// noteHole notes that more may have changed than sync said. It stands as nobody, who has no id.
func (i *Ingest) noteHole(room chat.RoomID) { i.noteMoved(room, "") }

func (i *Ingest) hasMoved(room chat.RoomID, user chat.UserID) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.moved[room][user]
}

// errNoMembers is what comes of a list in which we are not: keys would be given by it.
var errNoMembers = &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "a member list without this account", Retry: true}

// Members writes the whole member list of a room: events is the JSON array of
// all its m.room.member events. A list without this account is not taken.
//
// Spec: client-server-api#get_matrixclientv3roomsroomidmembers
func (i *Ingest) Members(ctx context.Context, room chat.RoomID, events []byte) error {
	sec := &section{room: room}
	sec.addState(events, true)
	err := i.store.Write(ctx, func(tx *store.Tx) error {
		all := make([]store.Member, 0, len(sec.state))
		listed := make(map[chat.UserID]bool, len(sec.state))
		for n := range sec.state {
			ev := &sec.state[n]
			user := chat.UserID(ev.Key)
			if ev.Type != "m.room.member" || user == "" || listed[user] {
				continue
			}
			listed[user] = true
			c := convert.MemberContent(ev.Content)
			m := store.Member{User: user, Membership: c.Membership, Name: c.Name, Avatar: c.Avatar, Sender: ev.Sender, Reason: c.Reason, ID: ev.ID}
			if i.hasMoved(room, user) {
				if known, ok, err := tx.Member(room, user); err != nil {
					return err
				} else if ok {
					m = known
				}
			}
			all = append(all, m)
		}
		if !listed[i.me] {
			return errNoMembers
		}
		known, err := tx.MembersIn(room)
		if err != nil {
			return err
		}
		for _, m := range known {
			if !listed[m.User] && i.hasMoved(room, m.User) {
				all = append(all, m)
			}
		}
		if err := tx.ReplaceMembers(room, all); err != nil || !i.hasMoved(room, "") {
			return err
		}
		return tx.UpdateRoom(room, func(r *store.Room) { r.MembersComplete = false })
	})
	if err != nil {
		return fmt.Errorf("write members of %s: %w", room, err)
	}
	return nil
}
