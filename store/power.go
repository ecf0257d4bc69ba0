package store

import (
	"context"
	"encoding/json"
	"fmt"

	"hubbub/store/chat"
)

// Levels that a room asks for where it says nothing about an event type.
//
// Spec: client-server-api#mroompower_levels
const (
	stateLevel  = 50 // with power levels: what changes state
	redactLevel = 50 // to delete what others wrote
)

// Power implements ui.Reader.
//
// Spec: client-server-api#mroompower_levels
func (s *Store) Power(ctx context.Context, room chat.RoomID) (chat.Power, error) {
	levels, known, err := s.State(ctx, room, "m.room.power_levels", "")
	if err != nil {
		return chat.Power{}, fmt.Errorf("load power in %s: %w", room, err)
	}
	_, created, err := s.State(ctx, room, "m.room.create", "")
	if err != nil {
		return chat.Power{}, fmt.Errorf("load power in %s: %w", room, err)
	}
	if !known && !created {
		return chat.Power{}, nil
	}
	of, err := s.powers(ctx, room)
	if err != nil {
		return chat.Power{}, fmt.Errorf("load power in %s: %w", room, err)
	}
	p := chat.Power{Known: true, Own: of(s.ownUser()), Redact: redactLevel}
	if known { // where there are none, anybody may change state
		p.AddChannels, p.Redact = asked(levels.Content)
	}
	return p, nil
}

// asked returns what it takes to add channels to a space, and to delete what
// others wrote. What is no level counts as the default.
func asked(content []byte) (addChannels, redact int) {
	var p struct {
		Events map[string]json.RawMessage `json:"events"`
		State  json.RawMessage            `json:"state_default"`
		Redact json.RawMessage            `json:"redact"`
	}
	_ = json.Unmarshal(content, &p) // what has another shape asks for the defaults
	return level(p.Events["m.space.child"], level(p.State, stateLevel)), level(p.Redact, redactLevel)
}
