package seed

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"sync"

	"hubbub/store/chat"
)

// player plays acts on a world.
type player struct {
	company *company
	world   *World
	dir     string              // folder of files
	plain   map[string]*session // nil: no state changes

	mu     sync.Mutex
	labels map[string]chat.EventID // by room key and label; guarded by mu
}

// play does the acts of one room, one after the other.
func (p *player) play(ctx context.Context, room string, acts []act) error {
	for _, a := range acts {
		if err := p.do(ctx, a); err != nil {
			return fmt.Errorf("script line %d (%s): %w", a.line, room, err)
		}
	}
	return nil
}

// do does one act and waits until the homeserver has it.
func (p *player) do(ctx context.Context, a act) error {
	room, ok := p.world.Rooms[a.room]
	if !ok {
		return fmt.Errorf("%w: no room %q", errScript, a.room)
	}
	target := p.label(a.room, a.target)
	if target == "" && a.target != "" {
		return fmt.Errorf("%w: no label %q", errScript, a.target)
	}
	for _, name := range a.who {
		who := p.company.actors[name]
		if who == nil {
			return fmt.Errorf("%w: nobody is called %q", errScript, name)
		}
		if err := who.isIn(ctx, room, chat.MemberJoined); err != nil {
			return err
		}
		if target != "" {
			if err := who.has(ctx, room, target); err != nil {
				return err
			}
		}
		if err := p.one(ctx, who, room, target, a); err != nil {
			return err
		}
	}
	return nil
}

// one is one person's part of an act.
func (p *player) one(ctx context.Context, who *actor, room chat.RoomID, target chat.EventID, a act) error {
	out := chat.Outgoing{Room: room, Text: p.mentions(a.text)}
	switch a.kind {
	case topic:
		return p.plain[who.name].setState(ctx, room, "m.room.topic", "", map[string]any{"topic": a.text})
	case seen:
		return p.read(ctx, who, room, p.label(a.room, ""))
	case reply:
		out.ReplyTo = target
	case thread:
		out.Thread = target
	case edit:
		out.Edit = target
	case remove:
		out.Kind, out.Target, out.Text = chat.OutRedact, target, a.text
	case react:
		out.Kind, out.Target, out.Key = chat.OutReaction, target, a.text
	case send:
		out.Kind, out.Path = chat.OutFile, filepath.Join(p.dir, a.file)
	}
	if text, ok := cutEmote(out.Text); ok && a.kind == say {
		out.Kind, out.Text = chat.OutEmote, text
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id, err := who.client.SendWait(ctx, out)
	if err != nil {
		return fmt.Errorf("%s: %w", who.name, err)
	}
	if a.kind != react && a.kind != edit && a.kind != remove {
		p.remember(a.room, "", id) // the newest message of the room
	}
	if a.label != "" {
		p.remember(a.room, a.label, id)
	}
	return nil
}

// read marks a room as read up to an event.
func (p *player) read(ctx context.Context, who *actor, room chat.RoomID, event chat.EventID) error {
	if err := who.has(ctx, room, event); err != nil {
		return err
	}
	who.client.MarkRead(room, event)
	return who.wait(ctx, func() (bool, error) {
		r, _, err := who.client.Store().Room(ctx, room)
		return r.FullyRead == event, err
	})
}

func (p *player) label(room, name string) chat.EventID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.labels[room+" "+name]
}

func (p *player) remember(room, name string, id chat.EventID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.labels == nil {
		p.labels = map[string]chat.EventID{}
	}
	p.labels[room+" "+name] = id
}

func cutEmote(text string) (string, bool) {
	const emote = "/me "
	if len(text) > len(emote) && text[:len(emote)] == emote {
		return text[len(emote):], true
	}
	return text, false
}

var mentionPattern = regexp.MustCompile(`@[a-z]+\b`)

// mentions turns "@name" into a link to the person, which is what makes it a mention.
//
// Spec: appendices#matrixto-navigation
func (p *player) mentions(text string) string {
	return mentionPattern.ReplaceAllStringFunc(text, func(found string) string {
		user, ok := p.world.People[found[1:]]
		if !ok {
			return found
		}
		return "[" + found[1:] + "](https://matrix.to/#/" + url.PathEscape(string(user)) + ")"
	})
}
