package ingest

import (
	"strconv"

	"hubbub/matrix/internal/convert"
	"hubbub/store/chat"
)

// power is what m.room.power_levels says, with the spec's defaults.
//
// Spec: client-server-api#mroompower_levels
type power struct {
	levels   []byte // content, or nil when the room has none
	creators []chat.UserID
	above    bool // creators stand above every number (room version 12 and later)
}

// powerOf reads the power levels of a room.
func powerOf(v *view, version string) (power, error) {
	var p power
	var err error
	if p.levels, err = v.content("m.room.power_levels", ""); err != nil {
		return p, err
	}
	create, err := v.content("m.room.create", "")
	if err != nil || create == nil {
		return p, err
	}
	if sender, ok := v.state[stateKey{"", creatorKey}]; ok {
		p.creators = append(p.creators, chat.UserID(sender))
	} else if st, ok, err := v.tx.State(v.room, "m.room.create", ""); err != nil {
		return p, err
	} else if ok {
		p.creators = append(p.creators, st.Sender)
	}
	n, err := strconv.Atoi(version)
	if p.above = err == nil && n >= 12; p.above {
		convert.Elements(convert.Get(create, "additional_creators"), func(u []byte) bool {
			if s, ok := convert.String(u); ok {
				p.creators = append(p.creators, chat.UserID(s))
			}
			return len(p.creators) < 100
		})
	}
	return p, nil
}

// of returns a person's level.
func (p power) of(user chat.UserID) int64 {
	for _, c := range p.creators {
		if c == user && (p.above || p.levels == nil) {
			if p.above {
				return chat.PowerCreator
			}
			return 100
		}
	}
	return level(convert.Get(p.levels, "users", string(user)), level(convert.Get(p.levels, "users_default"), 0))
}

// toSend returns the level that sending an event type takes.
func (p power) toSend(typ string) int64 {
	return level(convert.Get(p.levels, "events", typ), level(convert.Get(p.levels, "events_default"), 0))
}

// toNotifyRoom returns the level that mentioning everybody takes.
func (p power) toNotifyRoom() int64 { return level(convert.Get(p.levels, "notifications", "room"), 50) }

// level reads a power level; old rooms have some as strings.
func level(raw []byte, otherwise int64) int64 {
	if n, ok := convert.Int(raw); ok {
		return n
	}
	if s, ok := convert.String(raw); ok {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	}
	return otherwise
}

// permissions sets whether we may send messages.
func (w *work) permissions() error {
	if w.known && w.power == nil && !w.touchesPower() {
		return nil
	}
	p, err := w.levels()
	if err != nil {
		return err
	}
	typ := "m.room.message"
	if w.r.Encrypted {
		typ = "m.room.encrypted"
	}
	w.r.CanSend = w.r.Membership == chat.MemberJoined && p.of(w.i.me) >= p.toSend(typ)
	return nil
}

// touchesPower says whether the response may change what we are allowed to.
func (w *work) touchesPower() bool {
	if w.before != w.r.Membership {
		return true
	}
	for _, typ := range []string{"m.room.power_levels", "m.room.create", "m.room.encryption"} {
		if _, ok := w.state[stateKey{typ, ""}]; ok {
			return true
		}
	}
	return false
}

func (w *work) levels() (power, error) {
	if w.power == nil {
		p, err := powerOf(w.view, w.r.Version)
		if err != nil {
			return p, err
		}
		w.power = &p
	}
	return *w.power, nil
}

func (w *work) mayNotifyRoom(user chat.UserID) (bool, error) {
	if user == w.i.me {
		return false, nil
	}
	p, err := w.levels()
	return err == nil && p.of(user) >= p.toNotifyRoom(), err
}
