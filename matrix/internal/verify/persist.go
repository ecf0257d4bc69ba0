package verify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// record is what survives a restart of one verification. All of it is public.
type record struct {
	Txn     string          `json:"txn"`
	Room    chat.RoomID     `json:"room,omitzero"`
	User    chat.UserID     `json:"user"`
	Device  chat.DeviceID   `json:"device,omitzero"`
	Asked   []chat.DeviceID `json:"asked,omitzero"`
	Methods []string        `json:"methods,omitzero"`
	At      int64           `json:"at"`    // ms
	Until   int64           `json:"until"` // ms
	// Open is set for a request that waits for our answer: it comes back. Any other one is cancelled.
	Open   bool   `json:"open,omitzero"`
	Direct bool   `json:"direct,omitzero"`
	Start  string `json:"start,omitzero"` // content of the start, with Direct
	// Keys that were pinned: it comes back only with the same ones.
	Key       string `json:"key,omitzero"`
	Master    string `json:"master,omitzero"`
	OwnKey    string `json:"own_key,omitzero"`
	OwnMaster string `json:"own_master,omitzero"`
}

// remember writes down what has to survive a restart; nil when there is nothing.
func (m *Manager) remember() []byte {
	var all []record
	for _, f := range m.flows {
		if f.ended() || f.txn == "" || f.state == stateHeard || f.state == stateAsking || f.state == stateSaving {
			continue
		}
		r := record{
			Txn: f.txn, Room: f.room, User: f.user, Device: f.device, At: f.at.UnixMilli(), Until: f.until.UnixMilli(),
		}
		if f.state == stateAsked {
			r.Asked = f.asked
		}
		if f.state == stateOffered {
			r.Open, r.Methods, r.Direct = true, f.methods, f.direct
			if f.direct {
				r.Start = string(f.held[typeStart].raw)
			}
			r.Key, r.Master, r.OwnKey, r.OwnMaster = f.pins.device, f.pins.master, f.pins.own.Key, f.pins.own.Master
		}
		all = append(all, r)
	}
	if all == nil {
		return nil
	}
	raw, err := json.Marshal(all)
	if err != nil {
		m.log.Warn("Open verifications cannot be written down")
		return m.note
	}
	return raw
}

// restore brings back requests that wait for an answer, and ends what was under way.
func (m *Manager) restore(ctx context.Context) {
	note, err := m.opt.Store.Load(ctx)
	if err != nil {
		if ctx.Err() == nil {
			m.log.Warn("Open verifications not loaded", slog.String("problem", fault.From(err).Kind.String()))
		}
		return
	}
	var all []record
	if len(note) > 0 && json.Unmarshal(note, &all) != nil {
		m.log.Warn("Open verifications cannot be read")
	}
	m.note = note
	now := m.opt.Now()
	for _, r := range all {
		until := time.UnixMilli(r.Until)
		if !now.Before(until) || until.Sub(now) > timeLimit {
			continue // the other side has given up too
		}
		if r.Open {
			m.reopen(r)
			continue
		}
		k := goneKey{room: r.Room, user: r.User, txn: r.Txn}
		if r.Room != "" {
			k.user = ""
		}
		devices := r.Asked
		if len(devices) == 0 {
			devices = []chat.DeviceID{r.Device}
		}
		m.dismiss(ctx, k, r.User, codeUser, devices...)
	}
}

// reopen brings one request back; its keys are looked up and must be the same.
func (m *Manager) reopen(r record) {
	f := m.newFlow(rand.Text(), r.User, r.Room)
	f.txn, f.direct, f.at, f.until = r.Txn, r.Direct, time.UnixMilli(r.At), time.UnixMilli(r.Until)
	msg := message{typ: typeRequest}
	if r.Direct {
		start, err := parse(typeStart, "", []byte(r.Start))
		if err != nil || start.bad {
			m.flows = m.flows[:len(m.flows)-1]
			return
		}
		msg = start
		f.held = map[string]message{typeStart: start}
	}
	msg.From, msg.Methods = r.Device, r.Methods
	f.hear(msg)
	f.pins.device, f.pins.master, f.pins.own.Key, f.pins.own.Master = r.Key, r.Master, r.OwnKey, r.OwnMaster
}
