package store_test

import (
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// What one may do in a room follows from its power levels, whatever their shape.
func TestPower(t *testing.T) {
	const me = `"` + string(storetest.Me) + `"`
	for name, c := range map[string]struct {
		levels, create string
		may            bool
		want           chat.Power
	}{
		"nothing is known":     {``, ``, true, chat.Power{}},
		"the usual":            {`{"users":{"@ada:example.org":100}}`, `{"room_version":"11"}`, false, chat.Power{Known: true, AddChannels: 50, Redact: 50}},
		"a moderator":          {`{"users":{` + me + `:50}}`, `{"room_version":"11"}`, true, chat.Power{Known: true, Own: 50, AddChannels: 50, Redact: 50}},
		"everybody adds":       {`{"events":{"m.space.child":0},"redact":10}`, `{"room_version":"11"}`, true, chat.Power{Known: true, Redact: 10}},
		"state takes more":     {`{"state_default":"60","users":{` + me + `:"50"}}`, `{"room_version":"11"}`, false, chat.Power{Known: true, Own: 50, AddChannels: 60, Redact: 50}},
		"no levels":            {``, `{"room_version":"11"}`, true, chat.Power{Known: true, Redact: 50}},
		"a creator of version": {`{"users":{}}`, `{"room_version":"12","additional_creators":[` + me + `]}`, true, chat.Power{Known: true, Own: chat.PowerCreator, AddChannels: 50, Redact: 50}},
		"nonsense":             {`{"events":[],"state_default":{},"redact":null}`, `[]`, false, chat.Power{Known: true, AddChannels: 50, Redact: 50}},
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.New(t)
			storetest.Write(t, s, func(tx *store.Tx) error {
				for eventType, content := range map[string]string{"m.room.power_levels": c.levels, "m.room.create": c.create} {
					if content == "" {
						continue
					}
					if err := tx.PutState(room, store.State{Type: eventType, Sender: ada, Content: []byte(content)}); err != nil {
						return err
					}
				}
				return nil
			})
			got, err := s.Power(t.Context(), room)
			if err != nil || got != c.want || got.CanAddChannels() != c.may {
				t.Errorf("%+v, may add channels %t, %v; want %+v, %t", got, got.CanAddChannels(), err, c.want, c.may)
			}
		})
	}
}
