package backup

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const api = "/_matrix/client/v3/room_keys"

var (
	makes   = matrixtest.Match{Method: http.MethodPost, Path: api + "/version"}
	looks   = matrixtest.Match{Method: http.MethodGet, Path: api + "/version"}
	uploads = matrixtest.Match{Method: http.MethodPut, Path: api + "/keys"}
	restore = matrixtest.Match{Method: http.MethodGet, Path: api + "/keys"}
	fetches = matrixtest.Match{Method: http.MethodGet, Path: api + "/keys/*/*"}
)

// behind signs in a device behind a proxy.
func behind(t testing.TB) (*matrixtest.Proxy, *device, *matrixtest.Homeserver, matrixtest.Account) {
	t.Helper()
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "jane")
	proxy, before := hs.Before(t)
	return proxy, newDevice(t, before.Login(t, account)), hs, account
}

// sent lists the sessions in the uploads of a device, in order.
func sent(t testing.TB, p *matrixtest.Proxy) (sessions []string) {
	t.Helper()
	for _, r := range p.Requests(uploads) {
		var body struct {
			Rooms map[string]struct {
				Sessions map[string]any `json:"sessions"`
			} `json:"rooms"`
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		for _, room := range body.Rooms {
			for s := range room.Sessions {
				sessions = append(sessions, s)
			}
		}
	}
	return sessions
}

func sessionsOf(keys []crypto.RoomKey) (out []string) {
	for i := range keys {
		out = append(out, keys[i].Session)
	}
	slices.Sort(out)
	return out
}

func TestLostAnswersOfTheHomeserver(t *testing.T) {
	proxy, d, _, _ := behind(t)
	keys := someKeys(t, 45)
	d.hold(keys)
	proxy.On(makes.Nth(1), matrixtest.DropAfter())
	if _, err := d.b.Create(t.Context()); kindOf(err) != chat.ProblemOffline {
		t.Fatalf("create: %v", err)
	}
	d.restart()
	key := d.create()
	if v := d.b.Status().Version; v != "1" {
		t.Errorf("version %s: the lost answer's backup was not found again", v)
	}
	if again := d.create(); again != key {
		t.Error("the second call made another key")
	}
	proxy.On(uploads.Nth(1), matrixtest.DropAfter())
	proxy.On(uploads.Nth(2), matrixtest.DropBefore())
	proxy.On(uploads.Nth(3), matrixtest.RateLimit(50))
	d.backUp()
	d.wait("all keys saved", full(45))
	if got := stored(t, d.Client, "1"); !slices.Equal(got, sessionsOf(keys)) {
		t.Errorf("the homeserver has %d keys", len(got))
	}
}

func TestHomeserverThatFails(t *testing.T) {
	proxy, d, _, _ := behind(t)
	for _, status := range []int{500, 403, 429} {
		broken := proxy.On(makes, matrixtest.Refuse(status, "M_UNKNOWN", nil))
		if key, err := d.b.Create(t.Context()); err == nil || key != "" || d.b.Status().State == chat.BackupOn {
			t.Fatalf("%d: no error", status)
		}
		broken.Off()
	}
	if onServer(d.Client).Version != "" {
		t.Fatal("something was made")
	}
	d.create()
	d.hold(someKeys(t, 10))
	broken := proxy.On(uploads, matrixtest.Refuse(500, "M_UNKNOWN", nil))
	d.backUp()
	d.wait("the failure to show", func(s chat.Backup) bool {
		return s.State == chat.BackupFailed && s.Problem != nil && s.Problem.Kind == chat.ProblemHomeserver && s.Problem.Retry
	})
	if broken.Hits() < failedAfter {
		t.Errorf("shown after %d failures", broken.Hits())
	}
	broken.Off()
	d.wait("all keys saved", full(10))
	if s := d.b.Status(); s.Problem != nil {
		t.Errorf("the problem stays: %v", s.Problem)
	}
	// A small homeserver that takes few keys at once.
	proxy.On(matrixtest.Match{Method: uploads.Method, Path: uploads.Path, Where: func(r matrixtest.Record) bool { return len(r.Body) > 10_000 }},
		matrixtest.Refuse(413, "M_TOO_LARGE", nil))
	d.hold(someKeys(t, 90))
	d.wait("all keys saved in small parts", full(100))
}

// TestRestartInTheMiddleOfAnUpload: what the homeserver has is not sent again.
func TestRestartInTheMiddleOfAnUpload(t *testing.T) {
	proxy, d, _, _ := behind(t)
	keys := someKeys(t, 65)
	d.hold(keys)
	d.create()
	gate := matrixtest.NewGate(t)
	hold := proxy.On(matrixtest.Match{Method: uploads.Method, Path: uploads.Path, Skip: 2}, matrixtest.HoldRequest(gate))
	d.backUp()
	hold.Wait(t, 1)
	d.Close()
	hold.Off()
	gate.Open()
	before := len(sent(t, proxy))
	d.open()
	if s, _, err := d.Machine.CountSaved(t.Context(), mark("1", strings.TrimRight(onPublic(d), "="))); err != nil || s != 40 {
		t.Errorf("%d keys are marked before the restart: %v", s, err)
	}
	d.backUp()
	d.wait("all keys saved", full(65))
	if after := len(sent(t, proxy)) - before; after != 25 {
		t.Errorf("%d keys were sent after the restart, 25 were missing", after)
	}
	if got := stored(t, d.Client, "1"); !slices.Equal(got, sessionsOf(keys)) {
		t.Errorf("the homeserver has %d keys", len(got))
	}
}

func onPublic(d *device) string {
	info := onServer(d.Client)
	return info.public()
}

// TestProgressIsReportedNotTooOften: a line of status, not a stream of it.
func TestProgressIsReportedNotTooOften(t *testing.T) {
	_, d, _, _ := behind(t)
	d.b.limits.progress = time.Hour
	d.hold(someKeys(t, 90))
	d.create()
	d.backUp()
	d.wait("all keys saved", full(90))
	matrixtest.Wait(t, waitLimit, "the end to be told", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.states) > 0 && full(90)(d.states[len(d.states)-1])
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.states) > 6 {
		t.Errorf("%d reports", len(d.states))
	}
}

// TestVersionChangesWhileRunning: another session makes a new backup; nothing more goes to the old one, nor to one whose
// key is not here.
func TestVersionChangesWhileRunning(t *testing.T) {
	proxy, d, hs, account := behind(t)
	other := newDevice(t, hs.Login(t, account))
	d.create()
	d.backUp()
	d.hold(someKeys(t, 5))
	d.wait("keys saved", full(5))
	key, err := other.b.Reset(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	more := someKeys(t, 7)
	d.hold(more)
	d.wait("the new version", func(s chat.Backup) bool { return s.Version == "2" })
	if s := d.b.Status(); s.State != chat.BackupUntrusted || s.Problem == nil {
		t.Errorf("nobody here can say whose it is: %+v", s)
	}
	if got := stored(t, other.Client, "2"); len(got) != 0 {
		t.Errorf("%d keys in the new backup", len(got))
	}
	if len(proxy.Requests(uploads)) > 2 {
		t.Error("uploading went on")
	}
	d.use(key)
	d.wait("all in the new backup", full(12))
	if got := stored(t, other.Client, "2"); len(got) != 12 {
		t.Errorf("%d keys in the new backup", len(got))
	}
	if err := other.b.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.hold(someKeys(t, 1))
	d.wait("the first backup, whose key is gone, to be the present one", func(s chat.Backup) bool {
		return s.Version == "1" && s.State == chat.BackupNoKey // it is signed by this session
	})
	if err := d.b.Delete(t.Context()); err != nil || d.b.Status().State != chat.BackupNone {
		t.Errorf("after deleting the last: %+v %v", d.b.Status(), err)
	}
}

// TestHomeserverThatContradictsItself: it shows a backup and refuses keys for it.
func TestHomeserverThatContradictsItself(t *testing.T) {
	for name, no := range map[string]matrixtest.Action{
		"wrong version": matrixtest.Refuse(403, "M_WRONG_ROOM_KEYS_VERSION", map[string]any{"current_version": "1"}),
		"not found":     matrixtest.Refuse(404, "M_NOT_FOUND", nil),
	} {
		proxy, d, _, _ := behind(t)
		d.create()
		d.hold(someKeys(t, 2))
		d.b.limits.minWait, d.b.limits.maxWait = 10*time.Millisecond, time.Hour
		rule := proxy.On(uploads, no)
		d.backUp()
		d.wait(name, func(s chat.Backup) bool { return s.State == chat.BackupFailed && s.Problem != nil })
		rule.Off()
		asked := rule.Hits()
		d.b.Online()
		d.wait("all keys saved", full(2))
		if asked > 10 {
			t.Errorf("%s: asked %d times without a pause", name, asked)
		}
	}
}

// TestBackupWhoseSignerIsLearnedLater: whether a backup is the account's is looked at again when the own identity is known.
func TestBackupWhoseSignerIsLearnedLater(t *testing.T) {
	_, d, hs, account := behind(t)
	peer := matrixtest.StartPeer(t, hs, account)
	d.create()
	d.backUp()
	peer.SetUpTrust()
	version := peer.CheckBackup().Version
	d.b.Recheck()
	d.wait("somebody's backup", func(s chat.Backup) bool { return s.Version == version && s.State == chat.BackupUntrusted })
	d.trust(peer, false)
	d.wait("the account's backup", func(s chat.Backup) bool { return s.State == chat.BackupNoKey })
	r, err := d.b.Inspect(t.Context())
	if err != nil || !r.Signers.Master || !r.Signers.Anchored || r.Version != version {
		t.Errorf("%+v %v", r, err)
	}
}

func TestResetLeavesNoKeyBehind(t *testing.T) {
	_, d, hs, account := behind(t)
	keys := someKeys(t, 20)
	d.hold(keys)
	key := d.create()
	d.backUp()
	d.wait("keys saved", full(20))
	fresh := newDevice(t, hs.Login(t, account))
	fresh.use(key)
	fresh.backUp()
	again, err := fresh.b.Reset(t.Context())
	if err != nil || again == key {
		t.Fatal("the key stayed", err)
	}
	fresh.wait("the old keys in the new backup", full(20))
	if got := stored(t, fresh.Client, "2"); !slices.Equal(got, sessionsOf(keys)) {
		t.Errorf("%d keys", len(got))
	}
	if got := stored(t, fresh.Client, "1"); len(got) != 20 {
		t.Errorf("the old backup has %d keys", len(got))
	}
}

// TestHomeserverThatLosesKeys: a backup that was set back is filled again, once.
func TestHomeserverThatLosesKeys(t *testing.T) {
	proxy, d, _, _ := behind(t)
	d.hold(someKeys(t, 5))
	d.create()
	d.backUp()
	d.wait("keys saved", full(5))
	d.Call(http.MethodDelete, api+"/keys?version=1", nil, nil)
	d.b.Recheck()
	matrixtest.Wait(t, waitLimit, "the keys to come back", func() bool { return onServer(d.Client).Count == 5 })
	d.wait("keys saved", full(5))
	proxy.On(looks, matrixtest.RewriteJSON(func(a map[string]any) { a["count"] = 1 }))
	before := len(proxy.Requests(looks))
	d.b.Recheck()
	proxy.WaitRequests(t, looks, before+1)
	d.b.Recheck()
	proxy.WaitRequests(t, looks, before+2)
	d.hold(someKeys(t, 1))
	d.wait("a new key saved", full(6))
	if n := len(sent(t, proxy)); n != 11 {
		t.Errorf("%d keys were sent: a homeserver that counts wrongly has us send for ever", n)
	}
}

func TestRestoreThatIsCutOff(t *testing.T) {
	proxy, d, hs, account := behind(t)
	keys := someKeys(t, 60)
	maker := newDevice(t, hs.Login(t, account))
	maker.hold(keys)
	key := maker.create()
	maker.backUp()
	maker.wait("keys saved", full(60))
	if _, err := d.b.Restore(t.Context()); kindOf(err) != chat.ProblemNoRecovery {
		t.Errorf("without a key: %v", err)
	}
	d.use(key)
	cut := proxy.On(restore, matrixtest.Truncate(24_000))
	n, err := d.b.Restore(t.Context())
	p, ok := err.(*chat.Problem)
	if !ok || p.Kind != chat.ProblemOffline || !p.Retry || n == 0 || n >= 60 {
		t.Errorf("restored %d: %v", n, err)
	}
	cut.Off()
	for _, bad := range []string{``, `[]`, `{}`, `{"rooms":[]}`, `{"rooms":{"!a":{"sessions":7}}}`, `{"rooms":{"!a":{"sessions":{"s":`, `<html>`} {
		rule := proxy.On(restore, matrixtest.Status(200, bad))
		n, err := d.b.Restore(t.Context())
		if n != 0 || (bad != `{}` && (err == nil || kindOf(err) == chat.ProblemUnknown)) {
			t.Errorf("%s: restored %d: %v", bad, n, err)
		}
		rule.Off()
	}
	if n, err := d.b.Restore(t.Context()); err != nil || n != 60 {
		t.Errorf("restored %d: %v", n, err)
	}
	for _, k := range keys {
		if !d.Has(k) {
			t.Fatal("a key is missing")
		}
	}
	if s := d.b.Status(); s.Restoring || !on(s) || s.Saved != 60 {
		t.Errorf("afterwards: %+v", s)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.ContainsFunc(d.states, func(s chat.Backup) bool { return s.Restoring && s.Restored > 0 && s.RestoreTotal == 60 }) {
		t.Error("no progress was told")
	}
}

// TestHomeserverThatStalls: an answer that begins and does not go on.
func TestHomeserverThatStalls(t *testing.T) {
	hs := matrixtest.Synapse(t)
	upstream, err := url.Parse(hs.URL)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(upstream)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != api+"/keys" {
			pass.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"rooms":{"!a:x":{"sessions":{`) // the client may be gone
		_ = http.NewResponseController(w).Flush()                  // the same
		<-r.Context().Done()
	}))
	defer slow.Close()
	c := hs.Login(t, hs.NewAccount(t, "jane"))
	c.URL = slow.URL
	d := newDevice(t, c)
	d.create()
	d.b.limits.stall = 50 * time.Millisecond
	if _, err := d.b.Restore(t.Context()); kindOf(err) != chat.ProblemTimeout {
		t.Errorf("restore: %v", err)
	}
	d.Close()
}
