package seed

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// settle registers everybody and builds the servers with their channels; the people join.
func (b *Builder) settle(ctx context.Context) error {
	b.o.Say("registering %d people", len(cast)+len(writers))
	for _, p := range slices.Concat(cast, writers) {
		if err := b.register(ctx, p); err != nil {
			return fmt.Errorf("register %s: %w", p.name, err)
		}
	}
	if err := writeFiles(b.o.Dir); err != nil {
		return err
	}
	for _, s := range servers {
		b.o.Say("building %s", s.name)
		if err := b.buildServer(ctx, s); err != nil {
			return fmt.Errorf("build %s: %w", s.name, err)
		}
	}
	return nil
}

func (b *Builder) register(ctx context.Context, p person) error {
	user := b.world.People[p.name]
	id, err := matrixtest.Register(ctx, b.o.Homeserver, b.o.Secret, user.Localpart(), Password, false)
	if err != nil {
		return err
	}
	if id != string(user) {
		return fmt.Errorf("the homeserver made %s of %s", id, user)
	}
	s, err := signIn(ctx, b.o.Homeserver, id)
	if err != nil {
		return err
	}
	b.plain[p.name] = s
	return s.setName(ctx, user, p.shown)
}

func (b *Builder) buildServer(ctx context.Context, s server) error {
	members := s.members
	if members == nil {
		members = names()
	}
	top, err := b.create(ctx, room{key: s.key, name: s.name, topic: s.topic, sub: s.rooms}, "", "", members)
	if err != nil {
		return err
	}
	for i, r := range s.rooms {
		under, order := top, fmt.Sprintf("%02d", i)
		made, err := b.create(ctx, r, under, order, members)
		if err != nil {
			return err
		}
		for j, inner := range r.sub {
			if _, err := b.create(ctx, inner, made, fmt.Sprintf("%02d", j), members); err != nil {
				return err
			}
		}
	}
	return nil
}

// create makes a room, a category or a server, puts it into its parent and has the members join. They join the long
// channel when it is full, so that nobody's session follows its filling.
func (b *Builder) create(ctx context.Context, r room, parent chat.RoomID, order string, members []string) (chat.RoomID, error) {
	if r.members != nil {
		members = r.members
	}
	founder := b.plain[members[0]]
	var made struct {
		ID chat.RoomID `json:"room_id"`
	}
	if err := founder.call(ctx, http.MethodPost, "/_matrix/client/v3/createRoom", b.request(r, parent, members), &made); err != nil {
		return "", err
	}
	b.world.Rooms[r.key] = made.ID
	if parent != "" {
		child := map[string]any{"via": []string{b.o.ServerName}, "order": order}
		if err := founder.setState(ctx, parent, "m.space.child", string(made.ID), child); err != nil {
			return "", err
		}
	}
	if r.key == longRoom {
		return made.ID, nil
	}
	return made.ID, b.joinAll(ctx, made.ID, members[1:])
}

func (b *Builder) joinAll(ctx context.Context, id chat.RoomID, members []string) error {
	for _, name := range members {
		if err := b.plain[name].join(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// request is the body of createRoom.
//
// Spec: client-server-api#post_matrixclientv3createroom
func (b *Builder) request(r room, parent chat.RoomID, members []string) map[string]any {
	levels := map[string]any{"users": b.levels(members)}
	state := []any{}
	add := func(kind, key string, content map[string]any) {
		state = append(state, map[string]any{"type": kind, "state_key": key, "content": content})
	}
	body := map[string]any{
		"name": r.name, "topic": r.topic, "preset": "public_chat",
		// Version 11 keeps the founder in the list of levels, where the script may name others.
		"room_version": "11", "power_level_content_override": levels,
	}
	switch {
	case r.sub != nil:
		body["creation_content"] = map[string]any{"type": "m.space"}
		levels["events_default"] = 100
	case r.voice:
		// MSC3417 (unstable prefix org.matrix.msc3417). Joining a call is a state event.
		body["creation_content"] = map[string]any{"type": "org.matrix.msc3417.call"}
		levels["events"] = map[string]any{"org.matrix.msc3401.call.member": 0, "m.call.member": 0}
	default:
		body["room_alias_name"] = r.key + b.o.Suffix
	}
	if r.readOnly {
		levels["events_default"] = 50
		levels["events"] = map[string]any{"m.reaction": 0, "m.room.redaction": 0}
	}
	if r.encrypted {
		add("m.room.encryption", "", map[string]any{"algorithm": "m.megolm.v1.aes-sha2"})
		add("m.room.history_visibility", "", map[string]any{"history_visibility": "shared"})
		add("m.room.join_rules", "", map[string]any{"join_rule": "restricted", "allow": []any{
			map[string]any{"type": "m.room_membership", "room_id": parent},
		}})
	}
	if parent != "" {
		add("m.space.parent", string(parent), map[string]any{"via": []string{b.o.ServerName}, "canonical": true})
	}
	body["initial_state"] = state
	return body
}

func (b *Builder) levels(members []string) map[string]int {
	users := map[string]int{string(b.world.People[members[0]]): 100}
	for _, name := range moderators {
		if slices.Contains(members, name) {
			users[string(b.world.People[name])] = 50
		}
	}
	return users
}

// writeFiles puts the files that the script sends into a folder.
func writeFiles(dir string) error {
	dir = filepath.Join(dir, "files")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write files: %w", err)
	}
	for name, draw := range files {
		data, err := draw()
		if err != nil {
			return fmt.Errorf("draw %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("write files: %w", err)
		}
	}
	return nil
}
