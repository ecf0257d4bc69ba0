package matrix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const syncPath = "/_matrix/client/v3/sync"

// feeder is a homeserver that puts into sync answers whatever a test wants, on
// behalf of bo, who shares a room with ada.
type feeder struct {
	t       *testing.T
	proxy   *matrixtest.Proxy
	ada     *core
	account matrixtest.Account
	dir     string
	bo      *matrixtest.Client
	room    chat.RoomID
	said    int // markers

	mu     sync.Mutex
	change []func(body []byte) []byte // of the answers to come; guarded by mu
}

func newFeeder(t *testing.T, hs *matrixtest.Homeserver) *feeder {
	t.Helper()
	f := &feeder{t: t, account: hs.NewAccount(t, "ada"), dir: t.TempDir(), bo: hs.NewClient(t, "bo")}
	proxy, behind := hs.Before(t)
	f.proxy = proxy
	f.room = chat.RoomID(f.bo.CreateRoom(map[string]any{"preset": "public_chat", "name": "quay"}))
	hs.Login(t, f.account).Join(string(f.room))
	f.bo.SendText(string(f.room), "hello")
	proxy.On(matrixtest.Match{Method: "GET", Path: syncPath}, func(x *matrixtest.Exchange) {
		a := x.Upstream()
		if a.Status == 200 && bytes.Contains(a.Body, []byte(`"marker `)) {
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, change := range f.change {
				a.Body = change(a.Body)
			}
			f.change = nil
		}
		x.Reply(a)
	})
	f.ada = signIn(t, behind, f.account, f.dir)
	f.ada.room(f.room, chat.MemberJoined)
	return f
}

// next changes the answer with the next marker.
func (f *feeder) next(change func(body []byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change = append(f.change, change)
}

// events puts events, as JSON of any shape, before the next marker.
func (f *feeder) events(all ...string) {
	f.next(func(body []byte) []byte {
		return edited(f.t, body, func(answer map[string]any) {
			timeline := in(answer, "rooms", "join", string(f.room), "timeline")
			list, _ := timeline["events"].([]any)
			timeline["events"] = append([]any{"@INJECT@"}, list...)
		}, `"@INJECT@"`, strings.Join(all, ","))
	})
}

// edited decodes an answer, has it changed, and puts raw JSON in place of a string.
func edited(t *testing.T, body []byte, change func(answer map[string]any), placeholder, raw string) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var answer map[string]any
	if err := d.Decode(&answer); err != nil {
		t.Errorf("the homeserver's answer: %v", err)
		return body
	}
	change(answer)
	out, err := json.Marshal(answer)
	if err != nil {
		t.Errorf("change an answer: %v", err)
		return body
	}
	if placeholder == "" {
		return out
	}
	return bytes.Replace(out, []byte(placeholder), []byte(raw), 1)
}

// in walks down objects, making those that are not there.
func in(at map[string]any, path ...string) map[string]any {
	for _, key := range path {
		next, ok := at[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[key] = next
		}
		at = next
	}
	return at
}

// marker has bo say something and waits until ada shows it: what was put before it has been taken in.
func (f *feeder) marker() {
	f.t.Helper()
	f.said++
	text := fmt.Sprintf("marker %d", f.said)
	f.bo.SendText(string(f.room), text)
	f.ada.message(f.room, text)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.change) > 0 {
		f.t.Errorf("%d changes were not made", len(f.change))
	}
}

// steady fails when an answer was asked for twice: then one of them was not taken in.
func (f *feeder) steady() {
	f.t.Helper()
	asked := map[string]bool{}
	for _, r := range f.proxy.Requests(matrixtest.Match{Method: "GET", Path: syncPath}) {
		since := r.Query.Get("since")
		if r.Status == 200 && asked[since] {
			f.t.Errorf("what comes behind %q was asked for twice", since)
		}
		asked[since] = true
	}
}
