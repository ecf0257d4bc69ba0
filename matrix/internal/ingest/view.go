package ingest

import (
	"hubbub/store"
	"hubbub/store/chat"
)

// view is the state of one room inside a transaction: what the response
// brought, before what the store has. A room that was not known before has
// nothing in the store, so nothing is asked there.
type view struct {
	tx      *store.Tx
	room    chat.RoomID
	fresh   bool
	state   map[stateKey][]byte
	members map[chat.UserID]store.Member
}

type stateKey struct{ typ, key string }

func newView(tx *store.Tx, room chat.RoomID, fresh bool) *view {
	return &view{tx: tx, room: room, fresh: fresh}
}

// content returns the content of a piece of state, or nil. Members have their own method.
func (v *view) content(typ, key string) ([]byte, error) {
	if c, ok := v.state[stateKey{typ, key}]; ok {
		return c, nil
	}
	if v.fresh {
		return nil, nil
	}
	st, ok, err := v.tx.State(v.room, typ, key)
	if err != nil || !ok {
		return nil, err
	}
	v.setContent(typ, key, st.Content)
	return st.Content, nil
}

func (v *view) setContent(typ, key string, content []byte) {
	if v.state == nil {
		v.state = make(map[stateKey][]byte)
	}
	v.state[stateKey{typ, key}] = content
}

// member returns a person's membership; a zero one when it is not known.
func (v *view) member(user chat.UserID) (store.Member, error) {
	if m, ok := v.members[user]; ok {
		return m, nil
	}
	if v.fresh {
		return store.Member{User: user}, nil
	}
	m, ok, err := v.tx.Member(v.room, user)
	if err != nil || !ok {
		return store.Member{User: user}, err
	}
	v.setMember(m)
	return m, nil
}

func (v *view) setMember(m store.Member) {
	if v.members == nil {
		v.members = make(map[chat.UserID]store.Member)
	}
	v.members[m.User] = m
}
