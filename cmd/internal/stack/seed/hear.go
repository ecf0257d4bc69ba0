package seed

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hubbub/store/chat"
)

// answer is a reason to turn to the demo's own account.
type answer struct {
	to    chat.Message
	room  string // key
	heard string // who heard it
}

// ears says who listens to the demo's own account, and where.
func (t *talk) ears() map[string]map[chat.RoomID]string {
	ears := map[string]map[chat.RoomID]string{}
	add := func(name, key string) {
		if ears[name] == nil {
			ears[name] = map[chat.RoomID]string{}
		}
		ears[name][t.world.Rooms[key]] = key
	}
	for _, s := range servers {
		for _, r := range s.rooms {
			add(cast[0].name, r.key)
			for _, inner := range r.sub {
				add(cast[0].name, inner.key)
			}
		}
	}
	for _, d := range directs {
		add(d.with, d.key)
	}
	for _, i := range invites {
		add(i.by, i.key)
	}
	return ears
}

// listen waits for messages of the demo's own account.
func (t *talk) listen(ctx context.Context, who *actor, rooms map[chat.RoomID]string) error {
	store := who.client.Store()
	feed := store.Subscribe()
	defer store.Unsubscribe(feed)
	ids := make([]chat.RoomID, 0, len(rooms))
	for id := range rooms {
		ids = append(ids, id)
	}
	feed.Watch(ids...)
	me, began, heard := t.world.People[Me], time.Now(), map[chat.ItemKey]bool{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-feed.Wait():
		}
		changes, err := feed.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("listen as %s: %w", who.name, err)
		}
		for id, change := range changes.Timeline {
			for _, m := range change.Items {
				if m.Sender != me || m.Time.Before(began) || heard[m.Key] || rooms[id] == "" || !worth(m) {
					continue
				}
				heard[m.Key] = true
				select {
				case t.answers <- answer{m, rooms[id], who.name}:
				default: // they write faster than anybody reads
				}
			}
		}
	}
}

// worth reports whether a message calls for an answer.
func worth(m chat.Message) bool {
	joined := m.State != nil && m.State.Membership == chat.MemberJoined && m.State.PrevMembership != chat.MemberJoined
	return joined || m.ID != "" && m.State == nil && m.Kind <= chat.KindFile
}

// answer is what somebody does about a message of the demo's own account.
func (t *talk) answer(a answer) act {
	room, label := a.room, fmt.Sprintf("mine-%d", a.to.Key)
	t.remember(room, label, a.to.ID)
	who := a.heard
	if present := t.present(room); len(present) > 0 {
		who = present[t.rng.IntN(len(present))]
	}
	out := act{room: room, who: []string{who}, target: label}
	body := strings.ToLower(a.to.Body)
	switch {
	case a.to.State != nil:
		out.kind, out.target, out.text = say, "", "Welcome aboard @sam! Mind the wet paint."
	case a.to.ThreadRoot != "":
		t.remember(room, label, a.to.ThreadRoot)
		out.kind, out.text = thread, pick(t.rng, threadAnswers...)
	case strings.Contains(body, "?"):
		out.kind, out.text = reply, pick(t.rng, questionAnswers...)
	case t.rng.IntN(3) == 0 && !strings.HasPrefix(room, "dm-"):
		out.kind, out.text = react, pick(t.rng, "👍", "🎉", "😂", "❤️", "🦆", "⚓")
	case a.to.Media != nil:
		out.kind, out.text = reply, "Saved for the archive. The archive is a shoebox, but a dry one."
	default:
		out.kind, out.text = reply, pick(t.rng, answers...)
	}
	return out
}

// present lists who may answer in a channel of a server; none for others.
func (t *talk) present(key string) []string {
	for _, s := range servers {
		for _, r := range s.rooms {
			for _, inner := range append([]room{r}, r.sub...) {
				if inner.key != key {
					continue
				}
				members := inner.members
				if members == nil {
					members = s.members
				}
				if members == nil {
					members = []string{"ada", "bo", "cy", "dee", "eve", "fin", "gil", "hana"}
				}
				return without(members, Me)
			}
		}
	}
	return nil
}

func without(list []string, name string) []string {
	rest := make([]string, 0, len(list))
	for _, s := range list {
		if s != name {
			rest = append(rest, s)
		}
	}
	return rest
}

var (
	answers = []string{
		"Noted in the logbook.", "I like how you think.", "Hear, hear.", "That is going on the fridge.",
		"The duck agrees, and the duck is rarely wrong.", "Agreed. Also: hi!", "Say that again when **bo** is awake 😄",
		"+1, and I have opinions about the colour.", "Strong words for somebody within reach of the foghorn.",
	}
	questionAnswers = []string{
		"Short answer: yes. Long answer: also yes, but wet.", "Ask the duck. Seriously, that is how we found the last leak.",
		"Try it in the engine room first, nobody can hear you there.", "I thought you knew!", "`man foghornd` says *it depends*.",
		"Good question. Ada keeps a list of those.",
	}
	threadAnswers = []string{"Good point, let's keep it in this thread.", "Following.", "Same here.", "I'll draw a picture of that."}
)
