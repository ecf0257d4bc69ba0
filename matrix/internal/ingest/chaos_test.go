package ingest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// chaos is a homeserver that says anything in any order: ids that stand for
// several events, relations to everything, tokens that lead nowhere.
type chaos struct {
	*rig
	rnd *rand.Rand
}

func (c *chaos) one(all ...string) string { return all[c.rnd.IntN(len(all))] }

func (c *chaos) id() int { return 1 + c.rnd.IntN(40) }

func (c *chaos) user() chat.UserID {
	return chat.UserID(c.one("@ada:x", "@bo:x", "@mal:x", string(me)))
}

func (c *chaos) event() string {
	n, who := c.id(), c.user()
	relates := fmt.Sprintf(`"m.relates_to":{"rel_type":%q,"event_id":"$%d","key":"x","m.in_reply_to":{"event_id":"$%d"}}`,
		c.one("m.replace", "m.annotation", "m.thread", "m.reference", "?"), c.id(), c.id())
	var ev string
	switch c.rnd.IntN(12) {
	case 0:
		ev = text(n, who, "edit", relates, `"m.new_content":{"msgtype":"m.text","body":"new"}`)
	case 1:
		ev = event(n, who, "m.reaction", "{"+relates+"}")
	case 2:
		ev = event(n, who, "m.room.redaction", fmt.Sprintf(`{"redacts":"$%d"}`, c.id()))
	case 3:
		ev = strings.TrimSuffix(event(n, who, "m.room.redaction", `{}`), "}") + fmt.Sprintf(`,"redacts":"$%d"}`, c.id())
	case 4:
		clear := c.one(text(n, who, "clear"), event(n, who, "m.room.redaction", `{"redacts":"$1"}`), `{"type":"m.key.verification.done","content":{}}`, `5`)
		ev = sealed(n, who, c.one("s1", "s2", "s3"), clear)
	case 5:
		ev = state(n, who, "m.room.member", string(c.user()), fmt.Sprintf(`{"membership":%q,"displayname":"X"}`, c.one("join", "leave", "ban", "invite", "?")))
	case 6:
		ev = state(n, who, c.one("m.room.name", "m.room.encryption", "m.room.power_levels", "m.room.create", "m.room.tombstone", "m.space.child"), c.one("", "!o:x"),
			c.one(`{}`, `{"name":5}`, `{"name":"N","replacement_room":"!r:x","via":["x"]}`, `{"users":{"@me:example.org":-1},"events_default":"50"}`))
	case 7:
		ev = c.one(`{}`, `5`, `{"event_id":"$3"}`, `{"event_id":"$4","type":"m.room.message","sender":"@ada:x","content":[]}`)
	case 8:
		ev = strings.TrimSuffix(text(n, who, "gone"), "}") + `,"unsigned":{"redacted_because":{"sender":"@ada:x"}}}`
	case 9:
		ev = strings.TrimSuffix(text(n, who, "old"), "}") + `,"unsigned":{"m.relations":{"m.thread":{"count":3},"m.replace":` + text(c.id(), who, "bundled", relates, `"m.new_content":{"msgtype":"m.text","body":"new"}`) + `}}}`
	default:
		ev = text(n, who, "text", c.one(relates, `"m.mentions":{"user_ids":["`+string(me)+`"]}`))
	}
	if c.rnd.IntN(6) == 0 && !strings.Contains(ev, `"unsigned"`) && strings.HasSuffix(ev, "}") && len(ev) > 20 {
		ev = strings.TrimSuffix(ev, "}") + fmt.Sprintf(`,"unsigned":{"transaction_id":"t%d"}}`, c.n-1-c.rnd.IntN(8))
	}
	return ev
}

func (c *chaos) events() string {
	var all []string
	for range c.rnd.IntN(6) {
		all = append(all, c.event())
	}
	return "[" + strings.Join(all, ",") + "]"
}

func (c *chaos) part() part {
	id := chat.RoomID(c.one(string(room), string(room), "!o:x"))
	switch c.rnd.IntN(8) {
	case 0:
		p := invited(c.event(), c.event())
		p.room = id
		return p
	case 1:
		return part{id, chat.MemberLeft, `{"timeline":{"prev_batch":"p` + fmt.Sprint(c.id()) + `","events":` + c.events() + `}}`}
	}
	return part{id, chat.MemberJoined, fmt.Sprintf(`{%q:{"events":%s},"timeline":{"limited":%s,"prev_batch":%q,"events":%s},
		"unread_notifications":{"notification_count":%d,"highlight_count":%d},"summary":{"m.joined_member_count":%d},
		"ephemeral":{"events":[{"type":"m.receipt","content":{"$%d":{"m.read":{%q:{"ts":%d}}}}}]}}`,
		c.one("state", "state_after", "x"), c.events(), c.one("true", "false"), c.one("", "p1", "p2", "p3"), c.events(),
		c.rnd.IntN(4)-1, c.rnd.IntN(4)-1, c.rnd.IntN(5), c.id(), c.user(), 1_000_000+c.id())}
}

// echo is a message of ours whose answer names any event, or none yet.
func (c *chaos) echo() {
	err := c.store.Write(c.t.Context(), func(tx *store.Tx) error {
		key, err := storetest.Echo(tx, room, chat.TxnID(fmt.Sprint("t", c.n)), "mine")
		if err != nil || c.rnd.IntN(2) == 0 {
			return err
		}
		err = tx.Sent(room, key, chat.EventID(fmt.Sprint("$", c.id())))
		if errors.Is(err, store.ErrForeignEvent) {
			return nil
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) history() {
	for _, m := range c.items() {
		if m.Kind != chat.KindGap {
			continue
		}
		if _, _, err := c.ingest.History(c.t.Context(), HistoryPage{Room: room, Token: m.GapToken, Next: c.one("", "p7", "p8"), Events: []byte(c.events())}); err != nil {
			c.t.Fatal(err)
		}
		return
	}
}

// TestChaos: whatever a homeserver says, the store stays whole (it is checked
// at the end), no room is shown without end, and every page can be read.
func TestChaos(t *testing.T) {
	for seed := range uint64(8) {
		r := newRig(t)
		c := &chaos{rig: r, rnd: rand.New(rand.NewPCG(seed, 11))}
		for n := range 120 {
			switch c.rnd.IntN(7) {
			case 0:
				c.history()
			case 1:
				c.echo()
			case 2:
				c.keys.known[c.one("s1", "s2", "s3")] = c.rnd.IntN(2) == 0
				if err := c.ingest.Retry(t.Context(), room, c.one("s1", "s2", "s3")); err != nil {
					t.Fatal(err)
				}
			default:
				account := c.one("", `{"type":"m.direct","content":{"@ada:x":["!r:x","!r:x",5],"":["!o:x"]}}`, `{"type":"m.direct","content":{"@bo:x":"!r:x"}}`)
				in, err := c.ingest.Begin(t.Context(), c.rnd.IntN(30) == 0)
				if err != nil {
					t.Fatal(err)
				}
				in.Asked(c.store.Answers())
				in.Account([]byte("[" + account + "]"))
				for range 1 + c.rnd.IntN(2) {
					p := c.part()
					if _, err := in.Add(t.Context(), in.Prepare(t.Context(), Section{Room: p.room, Membership: p.is, Raw: []byte(p.json)})); err != nil {
						t.Fatal(err)
					}
				}
				if err := in.Finish(t.Context(), fmt.Sprint("s", c.rnd.IntN(20)), nil); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, n, err)
				}
			}
			c.n++
			if shown := len(c.items()); shown > 199 {
				t.Fatalf("seed %d: %d items", seed, shown)
			}
		}
		storetest.Check(t, c.store)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
