package syncer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/ingest"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestKeysComeBeforeRooms is about homeservers that send rooms first: no real one can be made to
// show both orders.
func TestKeysComeBeforeRooms(t *testing.T) {
	const (
		keys  = `"to_device":{"events":[{"type":"m.room_key"}]},"device_lists":{"changed":["@a:x",5]},"device_one_time_keys_count":{"signed_curve25519":3},"device_unused_fallback_key_types":[]`
		rooms = `"rooms":{"join":{"!r:x":{"timeline":{"events":[{"event_id":"$1","type":"m.room.message","sender":"@a:x","content":{"msgtype":"m.text","body":"hi"}}]}}}}`
	)
	for name, body := range map[string]string{
		"keys first":  `{"next_batch":"s2",` + keys + `,` + rooms + `}`,
		"rooms first": `{` + rooms + `,` + keys + `,"next_batch":"s2"}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("since") {
			case "s1":
				_, _ = io.WriteString(w, body)
			default:
				<-r.Context().Done()
			}
		}))
		st := storetest.New(t)
		storetest.Write(t, st, func(tx *store.Tx) error { return tx.PutSync(store.SyncNextBatch, "s1") })
		c := newCore(t, st, srv.URL, string(storetest.Me), "token")
		c.run()
		c.waitBodies("!r:x", "hi")
		c.stop()
		srv.Close()
		if len(c.keys) != 1 || c.listed[0] != 0 {
			t.Fatalf("%s: keys handed on %d times, %v rooms known then", name, len(c.keys), c.listed)
		}
		if k := c.keys[0]; len(k.Events) != 1 || len(k.Changed) != 1 || k.OTKCounts["signed_curve25519"] != 3 || !k.HasOTKCounts || !k.HasFallback || len(k.FallbackTypes) != 0 {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

// lateKey is a decrypter whose only key comes with the first to-device message.
type lateKey struct {
	ingest *ingest.Ingest
	known  atomic.Bool
}

func (k *lateKey) Decrypt(context.Context, chat.RoomID, jsontext.Value) (crypto.Clear, *crypto.Undecryptable) {
	if !k.known.Load() {
		return crypto.Clear{}, &crypto.Undecryptable{SessionID: "s"}
	}
	return crypto.Clear{Raw: jsontext.Value(`{"type":"m.room.message","content":{"msgtype":"m.text","body":"secret"}}`), Session: "s"}, nil
}

func (k *lateKey) HandleSync(ctx context.Context, td crypto.ToDevice) error {
	if len(td.Events) == 0 {
		return nil
	}
	k.known.Store(true)
	return k.ingest.Retry(ctx, "!r:x", "s")
}

func TestFirstSyncWithKeysBehindRooms(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("since") != "" {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, `{"next_batch":"s1","rooms":{"join":{"!r:x":{"timeline":{"events":[
			{"event_id":"$1","type":"m.room.encrypted","sender":"@a:x","content":{"session_id":"s"}}]}}}},"to_device":{"events":[{"type":"m.room.encrypted"}]}}`)
	}))
	defer srv.Close()
	st := storetest.New(t)
	c := newCore(t, st, srv.URL, string(storetest.Me), "token")
	keys := &lateKey{}
	keys.ingest = ingest.New(ingest.Options{Store: st, User: storetest.Me, Decrypter: keys})
	c.sync.o.Ingest, c.sync.o.Keys = keys.ingest, keys
	c.run()
	c.waitState(chat.ConnOnline)
	if got := c.bodies("!r:x"); got != "secret" {
		t.Errorf("room shows %q", got)
	}
	c.stop()
}

// serveRooms answers a first sync with ordinary rooms of 20 messages.
func serveRooms(rooms int) http.HandlerFunc {
	var b strings.Builder
	b.WriteString(`{"next_batch":"s1","rooms":{"join":{`)
	for n := range rooms {
		fmt.Fprintf(&b, `"!r%d:x":{"summary":{"m.heroes":["@a:x"],"m.joined_member_count":9},"state":{"events":[`, n)
		for k, typ := range []string{"create", "power_levels", "join_rules", "history_visibility", "topic", "name"} {
			fmt.Fprintf(&b, `{"type":"m.room.%s","state_key":"","event_id":"$s%d_%d","sender":"@a:x","origin_server_ts":1,"content":{"name":"room %d","topic":"talk"}},`, typ, n, k, n)
		}
		for k := range 12 {
			fmt.Fprintf(&b, `{"type":"m.room.member","state_key":"@u%d:x","event_id":"$m%d_%d","sender":"@u%d:x","origin_server_ts":1,"content":{"membership":"join","displayname":"User %d"}},`, k, n, k, k, k)
		}
		b.WriteString(`{}]},"timeline":{"limited":true,"prev_batch":"p","events":[`)
		for k := range 20 {
			fmt.Fprintf(&b, `{"type":"m.room.message","event_id":"$e%d_%d","sender":"@u%d:x","origin_server_ts":%d,"content":{"msgtype":"m.text","m.mentions":{},"body":"the build broke again after that merge so I am looking at it #%d"}},`, n, k, k%12, 1_700_000_000_000+k, k)
		}
		fmt.Fprintf(&b, `{}]},"unread_notifications":{"notification_count":%d,"highlight_count":0}},`, n%3)
	}
	b.WriteString(`"!last:x":{}}}}`)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("since") != "" {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, b.String())
	}
}

// BenchmarkFirstSync takes in accounts of 500 rooms with 20 messages each, from the socket to the disk.
func BenchmarkFirstSync(b *testing.B) {
	const rooms = 500
	srv := httptest.NewServer(serveRooms(rooms))
	defer srv.Close()
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		st := storetest.New(b)
		cli, err := mautrix.NewClient(srv.URL, id.UserID(storetest.Me), "token")
		if err != nil {
			b.Fatal(err)
		}
		s := New(Options{Client: cli, Store: st, SpoolDir: b.TempDir(), Ingest: ingest.New(ingest.Options{Store: st, User: storetest.Me}), OnChange: func(c chat.Connection) {
			if c.State == chat.ConnOnline {
				cancel()
			}
		}})
		if err := s.Run(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rooms*20*b.N)/b.Elapsed().Seconds(), "messages/s")
}

func TestFirstSyncTakesWhatMattersFirst(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"next_batch":"s1","account_data":{"events":[{"type":"m.direct","content":{"@a:x":["!r401:x"]}}]},"rooms":{"join":{`)
	for n := range 500 {
		state, unread := "", 0
		switch n {
		case 402:
			state = `{"type":"m.room.create","state_key":"","event_id":"$c","sender":"@a:x","content":{"type":"m.space"}}`
		case 403:
			unread = 1
		}
		fmt.Fprintf(&b, `"!r%d:x":{"state":{"events":[%s]},"unread_notifications":{"notification_count":%d}},`, n, state, unread)
	}
	b.WriteString(`"!last:x":{}}}}`)
	st := storetest.New(t)
	c := newCore(t, st, "http://127.0.0.1:1", string(storetest.Me), "token")
	in, err := c.sync.o.Ingest.Begin(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan *ingest.Prepared, 1000)
	r := &response{}
	if err := c.sync.readFirst(t.Context(), in, newStream(strings.NewReader(b.String())), r, ready); err != nil {
		t.Fatal(err)
	}
	close(ready)
	var order []chat.RoomID
	for p := range ready {
		order = append(order, p.Room())
	}
	if len(order) != 501 || order[99] != "!r99:x" || order[100] != "!r401:x" || order[101] != "!r402:x" || order[102] != "!r403:x" || order[103] != "!r100:x" {
		t.Errorf("%d rooms: %v", len(order), order[95:105])
	}
}

func TestSpoolKeepsOrderAcrossMemoryAndFile(t *testing.T) {
	s := &spool{dir: t.TempDir()}
	defer s.close()
	raw := []byte(strings.Repeat("x", 100_000))
	for n := range 100 {
		if err := s.add(ingest.Section{Room: chat.RoomID(fmt.Sprint(n)), Membership: chat.MemberLeft, Raw: raw}); err != nil {
			t.Fatal(err)
		}
	}
	if s.file == nil || len(s.held) == 0 {
		t.Fatal("not both used")
	}
	n := 0
	for sec, err := range s.all() {
		if err != nil || sec.Room != chat.RoomID(fmt.Sprint(n)) || len(sec.Raw) != len(raw) || sec.Membership != chat.MemberLeft {
			t.Fatalf("%d: %v %d bytes, %v", n, sec.Room, len(sec.Raw), err)
		}
		n++
	}
	if n != 100 {
		t.Errorf("%d sections", n)
	}
}

func TestPacingLeavesOutAResponseThatWaitedForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spent := func(work ...time.Duration) time.Duration {
			p := &pacer{}
			for range paceBurst {
				p.wait(t.Context())
			}
			for _, d := range work {
				p.worked(d)
			}
			start := time.Now()
			p.wait(t.Context())
			return time.Since(start)
		}
		if d := spent(time.Millisecond, 80*time.Millisecond); d > paceMin {
			t.Errorf("one slow response makes the next wait %v", d)
		}
		if d := spent(80*time.Millisecond, 80*time.Millisecond); d < paceMax*9/10 {
			t.Errorf("slow responses leave a pause of %v", d)
		}
	})
}

func TestPacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{}
		took := func() time.Duration {
			start := time.Now()
			if !p.wait(t.Context()) {
				t.Fatal("ended")
			}
			return time.Since(start)
		}
		for n := range paceBurst {
			if d := took(); d != 0 {
				t.Errorf("response %d after quiet waits %v", n, d)
			}
		}
		start := time.Now()
		for range 100 {
			took()
		}
		if d := time.Since(start); d < 90*paceMin || d > 110*paceMin {
			t.Errorf("100 responses in a row take %v", d)
		}
		<-time.After(time.Second)
		if d := took(); d != 0 {
			t.Errorf("first response after quiet waits %v", d)
		}
	})
}

// A homeserver that answers at once though nothing happened, or says the same
// again and again, is not asked without end; what it brings then is taken at once.
func TestEmptyAnswersAreNotAskedForWithoutEnd(t *testing.T) {
	const said = `"rooms":{"join":{"!r:x":{"timeline":{"events":[{"event_id":"$1","type":"m.room.message","sender":"@a:x","content":{"msgtype":"m.text","body":"hi"}}]}}}}`
	for name, answer := range map[string]func(n int) string{
		"empty":    func(n int) string { return fmt.Sprintf(`{"next_batch":"s%d","device_one_time_keys_count":{}}`, n) },
		"the same": func(int) string { return `{"next_batch":"s1",` + said + `}` },
	} {
		asked := make(chan time.Time, 100)
		n := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n > 11 {
				<-r.Context().Done()
				return
			}
			asked <- time.Now()
			_, _ = io.WriteString(w, answer(n))
		}))
		st := storetest.New(t)
		storetest.Write(t, st, func(tx *store.Tx) error { return tx.PutSync(store.SyncNextBatch, "s1") })
		c := newCore(t, st, srv.URL, string(storetest.Me), "token")
		c.run()
		first, last := <-asked, time.Time{}
		for range 10 {
			last = <-asked
		}
		if d := last.Sub(first); d < time.Second {
			t.Errorf("%s: 11 requests in %v", name, d)
		}
		c.stop()
		srv.Close()
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		out  outcome
		kind chat.ProblemKind
	}{
		{fmt.Errorf("x: %w", store.ErrDiskFull), blocked, chat.ProblemDiskFull},
		{store.ErrReadOnly, blocked, chat.ProblemReadOnly},
		{syscall.ENOSPC, blocked, chat.ProblemDiskFull},
		{store.ErrCorrupt, damaged, chat.ProblemCorrupt},
		{crypto.ErrCorrupt, damaged, chat.ProblemCorrupt},
		{errShape, failed, chat.ProblemNotMatrix},
		{errStalled, failed, chat.ProblemTimeout},
		{io.ErrUnexpectedEOF, failed, chat.ProblemOffline},
		{&chat.Problem{Kind: chat.ProblemSignedOut}, refused, chat.ProblemSignedOut},
		{errors.New("?"), failed, chat.ProblemUnknown},
	} {
		out, p := classify(c.err)
		if out != c.out || p.Kind != c.kind {
			t.Errorf("%v: %d, %v", c.err, out, p.Kind)
		}
	}
	for n := range 20 {
		if d := delay(n, &chat.Problem{}); d < firstDelay/2 || d > lastDelay*6/5 {
			t.Errorf("try %d waits %v", n, d)
		}
	}
	if d := delay(0, &chat.Problem{RetryAfter: time.Hour}); d != time.Hour {
		t.Errorf("Retry-After is not kept: %v", d)
	}
}
