package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Rooms of the account that is measured, and messages in each.
const (
	benchRooms    = 3000
	benchMessages = 100
)

func benchRoom(n int) string { return fmt.Sprintf("!room%d:localhost", n) }

// quay plays a homeserver, so that what is measured is hubbub: it knows one
// account, checks nothing, and serves messages as soon as they are said.
type quay struct {
	*httptest.Server

	mu   sync.Mutex
	said map[string][]string // events that were not served yet, by room; guarded by mu
	news chan struct{}       // closed and replaced when something is said; guarded by mu
	n    int                 // events made; guarded by mu

	answers atomic.Int64 // to sync
}

func newQuay(tb testing.TB) *quay {
	q := &quay{said: map[string][]string{}, news: make(chan struct{})}
	mux := http.NewServeMux()
	answer := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
	}
	answer("/", `{}`)
	answer("/.well-known/", `{"m.homeserver":{"base_url":"http://127.0.0.1:1"}}`)
	answer("/_matrix/client/versions", `{"versions":["v1.11","v1.12"]}`)
	answer("GET /_matrix/client/v3/login", `{"flows":[{"type":"m.login.password"}]}`)
	answer("POST /_matrix/client/v3/login", `{"user_id":"@me:localhost","access_token":"token","device_id":"BENCH"}`)
	answer("/_matrix/client/v3/keys/upload", `{"one_time_key_counts":{"signed_curve25519":50}}`)
	answer("/_matrix/client/v3/keys/query", `{"device_keys":{}}`)
	mux.HandleFunc("/_matrix/client/v3/sync", q.sync)
	q.Server = httptest.NewServer(mux)
	tb.Cleanup(q.Close)
	return q
}

func reply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(body)) // a client that went away is its own business
}

// say makes a message.
func (q *quay) say(room, body string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n++
	text, _ := json.Marshal(body) // a string
	q.said[room] = append(q.said[room], fmt.Sprintf(`{"type":"m.room.message","event_id":"$live%040d","sender":"@user%d:localhost","origin_server_ts":%d,"content":{"msgtype":"m.text","m.mentions":{},"body":%s}}`,
		q.n, q.n%40, time.Now().UnixMilli(), text))
	close(q.news)
	q.news = make(chan struct{})
}

// stream says messages at a rate until stop is closed: every third in the first
// room, the others all over the account.
func (q *quay) stream(perSecond int, stop <-chan struct{}) {
	const tick = 5 * time.Millisecond
	t := time.NewTicker(tick)
	defer t.Stop()
	start, made := time.Now(), 0
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		for due := int(time.Since(start).Seconds() * float64(perSecond)); made < due; made++ {
			room := benchRoom(0)
			if made%3 != 0 {
				room = benchRoom(made * 7919 % benchRooms)
			}
			q.say(room, "message "+strconv.Itoa(made)+" says that the harbour is open and the ships are in")
		}
	}
}

func (q *quay) sync(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("since") == "" {
		reply(w, `{"next_batch":"s0","device_one_time_keys_count":{"signed_curve25519":50}}`)
		return
	}
	wait, _ := strconv.Atoi(r.URL.Query().Get("timeout")) // without one: none
	timer := time.NewTimer(time.Duration(wait) * time.Millisecond)
	defer timer.Stop()
	for {
		q.mu.Lock()
		said, news := q.said, q.news
		if len(said) > 0 {
			q.said = map[string][]string{}
		}
		q.mu.Unlock()
		if len(said) > 0 {
			reply(w, syncOf(q.token(), said))
			return
		}
		select {
		case <-news:
		case <-timer.C:
			reply(w, `{"next_batch":"`+q.token()+`"}`)
			return
		case <-r.Context().Done():
			return
		}
	}
}

// token returns a next_batch that was not there before.
func (q *quay) token() string { return "s" + strconv.FormatInt(q.answers.Add(1), 10) }

func syncOf(token string, said map[string][]string) string {
	rooms := make([]string, 0, len(said))
	for room, events := range said {
		rooms = append(rooms, fmt.Sprintf(`%q:{"timeline":{"events":[%s]},"unread_notifications":{"notification_count":%d,"highlight_count":0}}`,
			room, strings.Join(events, ","), len(events)))
	}
	return `{"next_batch":"` + token + `","rooms":{"join":{` + strings.Join(rooms, ",") + `}}}`
}
