package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// line is a room as the homeserver has it, and what one client has asked of it:
// answers get lost, syncs leave holes, pages of history are of any length.
type line struct {
	t     *testing.T
	s     *store.Store
	rnd   *rand.Rand
	posts []store.Event // the room, oldest first
	since int           // how many of them sync has told of
	// mine are messages that we have written: those the homeserver has, by transaction id, and those whose answer is missing.
	at      map[chat.TxnID]int
	waiting []chat.ItemKey
}

func (l *line) post(ev store.Event) int {
	l.posts = append(l.posts, ev)
	return len(l.posts)
}

// say has somebody post n messages.
func (l *line) say(n int) {
	for range n {
		l.post(storetest.Text(len(l.posts)+1, ada, fmt.Sprint(len(l.posts)+1)))
	}
}

// write queues a message of ours.
func (l *line) write() {
	key := echo(l.t, l.s, chat.TxnID(fmt.Sprint("txn", len(l.posts), "-", len(l.waiting), "-", l.rnd.Uint64())), "mine")
	l.waiting = append(l.waiting, key)
}

// send brings our oldest message to the homeserver, whose answer may get lost:
// then it has it, and says so again the next time.
func (l *line) send(lost bool) {
	if len(l.waiting) == 0 {
		return
	}
	key := l.waiting[0]
	p, ok, err := l.s.PendingItem(l.t.Context(), key)
	if err != nil {
		l.t.Fatal(err)
	}
	if !ok { // sync was faster
		l.waiting = l.waiting[1:]
		return
	}
	n, known := l.at[p.Txn]
	if !known {
		ev := storetest.Text(len(l.posts)+1, storetest.Me, "mine")
		ev.Txn = p.Txn
		n = l.post(ev)
		l.at[p.Txn] = n
	}
	if lost {
		return
	}
	storetest.Write(l.t, l.s, func(tx *store.Tx) error { return tx.Sent(room, key, storetest.ID(n)) })
	l.waiting = l.waiting[1:]
}

// copies are the posts from, and without, an index as an answer holds them: with transaction ids or without.
func (l *line) copies(from, to int) []store.Event {
	all := slices.Clone(l.posts[from:to])
	for i := range all {
		if l.rnd.IntN(3) == 0 {
			all[i].Txn = ""
		}
	}
	return all
}

// sync asks, sends or writes something while asking, and takes in the answer.
func (l *line) sync() {
	answers := l.s.Answers()
	upTo := len(l.posts)
	l.chance(l.rnd.IntN(6))
	const most = 5
	from, limited := l.since, upTo-l.since > most
	if limited || l.rnd.IntN(5) == 0 { // or as if: some homeservers repeat what they have told of
		from, limited = max(0, upTo-most), true
	}
	l.since = upTo
	storetest.Write(l.t, l.s, func(tx *store.Tx) error {
		events := l.copies(from, upTo)
		if limited {
			ids := make([]chat.EventID, 0, len(events))
			for _, ev := range events {
				ids = append(ids, ev.ID)
			}
			if _, err := tx.StartChunk(room, fmt.Sprint("p", from), ids); err != nil {
				return err
			}
		}
		for _, ev := range events {
			if _, err := tx.Append(room, ev); err != nil {
				return err
			}
		}
		return tx.Overtaken(room, answers)
	})
}

// fill asks for a page of one of the holes.
func (l *line) fill() bool {
	var gaps []string
	for _, m := range storetest.Page(l.t, l.s, room, 500).Items {
		if m.Kind == chat.KindGap {
			gaps = append(gaps, m.GapToken)
		}
	}
	if len(gaps) == 0 {
		return false
	}
	token := gaps[l.rnd.IntN(len(gaps))]
	var upTo int
	if _, err := fmt.Sscanf(token, "p%d", &upTo); err != nil {
		l.t.Fatal(err)
	}
	from := max(0, upTo-1-l.rnd.IntN(14))
	events := l.copies(from, upTo)
	slices.Reverse(events)
	next := ""
	if from > 0 {
		next = fmt.Sprint("p", from)
	}
	prepend(l.t, l.s, token, next, events)
	return true
}

func (l *line) chance(what int) {
	switch what {
	case 0:
		l.say(1 + l.rnd.IntN(3))
	case 1:
		l.say(4 + l.rnd.IntN(9))
	case 2:
		l.write()
	case 3:
		l.send(l.rnd.IntN(3) == 0)
	case 4:
		l.send(false)
	case 5:
		l.fill()
	}
}

// ordered checks that what has a place of the homeserver's stands in its order, and nothing stands twice.
func (l *line) ordered() {
	l.t.Helper()
	last := 0
	for _, m := range storetest.Page(l.t, l.s, room, 500).Items {
		if m.Kind == chat.KindGap || m.Seq >= chat.SeqLocal || int64(m.Seq)&(1<<40-1) < 1<<38 {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(string(m.ID), "$event%d", &n); err != nil {
			l.t.Fatalf("%+v: %v", m, err)
		}
		if n <= last {
			l.t.Fatalf("%d stands behind %d", n, last)
		}
		last = n
	}
}

// TestOrderIsThatOfTheHomeserver: whatever is asked in whatever order, what is
// shown stands in the order of the homeserver, and with all holes filled
// everything is there once.
func TestOrderIsThatOfTheHomeserver(t *testing.T) {
	for seed := range uint64(12) {
		l := &line{t: t, s: storetest.New(t), rnd: rand.New(rand.NewPCG(seed, 7)), at: map[chat.TxnID]int{}}
		l.say(3)
		for range 60 {
			if l.rnd.IntN(3) == 0 {
				l.sync()
			} else {
				l.chance(l.rnd.IntN(6))
			}
			l.ordered()
		}
		for len(l.waiting) > 0 || l.since < len(l.posts) {
			l.send(false)
			l.sync()
		}
		for l.fill() {
			l.ordered()
		}
		var got, want []string
		for _, m := range storetest.Page(t, l.s, room, 500).Items {
			got = append(got, string(m.ID))
		}
		for _, ev := range l.posts {
			want = append(want, string(ev.ID))
		}
		if !slices.Equal(got, want) {
			n := 0
			for n < len(got) && n < len(want) && got[n] == want[n] {
				n++
			}
			t.Fatalf("seed %d shows from place %d on %v, want %v", seed, n, got[n:min(n+5, len(got))], want[n:min(n+5, len(want))])
		}
	}
}
