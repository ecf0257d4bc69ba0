package identity

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// ours selects the requests of identity, storage and backup.
func ours(r matrixtest.Record) bool {
	for _, part := range []string{"/keys/query", "/keys/device_signing/upload", "/keys/signatures/upload", "/account_data/", "/room_keys/version"} {
		if strings.Contains(r.Path, part) {
			return true
		}
	}
	return false
}

// steps leaves out what only reads storage, which is read again and again.
func steps(r matrixtest.Record) bool {
	return ours(r) && (r.Method != http.MethodGet || !strings.Contains(r.Path, "/account_data/"))
}

func writes(r matrixtest.Record) bool {
	return ours(r) && r.Method != http.MethodGet && !strings.Contains(r.Path, "/keys/query")
}

// Whichever request of the set-up fails, the homeserver has no identity or one
// that works, and the same call goes on to the end.
func TestSetUpFailsAtEveryRequest(t *testing.T) {
	hs := matrixtest.Synapse(t)
	for _, fault := range []struct {
		name   string
		where  func(matrixtest.Record) bool
		action matrixtest.Action
	}{
		{"refused", steps, matrixtest.Refuse(http.StatusInternalServerError, "M_UNKNOWN", nil)},
		{"answer lost", writes, matrixtest.DropAfter()},
	} {
		count := failAt(t, hs, 1000, fault.where, fault.action)
		if count < 9 {
			t.Fatalf("%s: only %d requests", fault.name, count)
		}
		t.Run(fault.name, func(t *testing.T) {
			for n := range count {
				t.Run(fmt.Sprint(n+1), func(t *testing.T) {
					t.Parallel()
					failAt(t, hs, n+1, fault.where, fault.action)
				})
			}
		})
	}
}

// failAt sets an account up while the nth request fails, and returns how many there were.
func failAt(t *testing.T, hs *matrixtest.Homeserver, n int, where func(matrixtest.Record) bool, action matrixtest.Action) (count int) {
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "broken")
	d := signIn(t, before, a)
	d.wait("no identity", func(t chat.Trust) bool { return t.Recovery == chat.RecoveryNone && t.Backup.State == chat.BackupNone })
	count = len(proxy.Requests(matrixtest.Match{Where: where}))
	rule := proxy.On(matrixtest.Match{Where: where}.Nth(n), action)
	key, err := d.i.SetUp(t.Context(), chat.SetUp{})
	rule.Off()
	count = len(proxy.Requests(matrixtest.Match{Where: where})) - count
	if err != nil {
		if p := kind(t, err); rule.Hits() == 0 || !p.Retry {
			t.Errorf("%v after %d requests that failed", p, rule.Hits())
		}
		if key != "" {
			t.Error("a recovery key came with an error")
		}
		if n%10 == 3 {
			d.restart() // memory is not what holds it together
		}
		key = d.setUp(chat.SetUp{})
	}
	d.wait("everything", complete)
	if n%5 == 0 {
		e := signIn(t, hs, a)
		if err := e.i.Recover(t.Context(), key); err != nil {
			t.Fatalf("Recover: %v", err)
		}
		e.wait("everything", complete)
		e.Close()
	}
	d.Close()
	return count
}

// A reset that is interrupted goes on without asking for the password again.
func TestResetGoesOnAfterAFailure(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	a := hs.NewAccount(t, "halfreset")
	d := signIn(t, before, a)
	d.setUp(chat.SetUp{})
	first := d.wait("everything", complete)
	rule := proxy.On(matrixtest.Match{Method: http.MethodPut, Path: "**/account_data/m.secret_storage.default_key"}, matrixtest.Refuse(500, "M_UNKNOWN", nil))
	want := chat.SetUp{Reset: true, Auth: chat.Auth{Password: chat.Secret(a.Password)}}
	_, err := d.i.SetUp(t.Context(), want)
	wantKind(t, "reset without storage", err, chat.ProblemHomeserver)
	rule.Off()
	middle := d.wait("the new identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityOwn && t.MasterKey != first.MasterKey })
	d.setUp(chat.SetUp{Reset: true})
	last := d.wait("everything", complete)
	if last.MasterKey != middle.MasterKey || last.Backup.Version == first.Backup.Version {
		t.Errorf("identity %s then %s, backup %s then %s", middle.MasterKey, last.MasterKey, first.Backup.Version, last.Backup.Version)
	}
}

// A homeserver that says yes and does nothing is found out.
func TestHomeserverOnlySaysYes(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	for _, name := range []string{
		"device_signing/upload", "account_data/m.cross_signing.master", "account_data/m.megolm_backup.v1",
		"account_data/m.secret_storage.key.", "account_data/m.secret_storage.default_key",
	} {
		d := signIn(t, before, hs.NewAccount(t, "yes"))
		rule := proxy.On(matrixtest.Match{Where: func(r matrixtest.Record) bool {
			return r.Method != http.MethodGet && strings.Contains(r.Path, name)
		}}, matrixtest.Status(200, "{}"))
		key, err := d.i.SetUp(t.Context(), chat.SetUp{})
		if key != "" {
			t.Errorf("%s: a recovery key that opens nothing", name)
		}
		wantKind(t, name, err, chat.ProblemHomeserver)
		if rule.Hits() == 0 {
			t.Errorf("%s: no request", name)
		}
		rule.Off()
		d.Close()
	}
}

// Whichever request of a recovery fails, nothing is lost: the same call goes
// on, or what is left to do is done by itself.
func TestRecoverFailsAtEveryRequest(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, a, key := full(t, hs, "recover", chat.SetUp{})
	d.Close()
	proxy, before := hs.Before(t)
	for n := 1; ; n++ {
		e := signIn(t, before, a)
		e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign && t.Recovery == chat.RecoveryReady })
		rule := proxy.On(matrixtest.Match{Where: ours}.Nth(n), matrixtest.Refuse(http.StatusBadGateway, "M_UNKNOWN", nil))
		err := e.i.Recover(t.Context(), key)
		hits := rule.Hits()
		rule.Off()
		if err != nil {
			if p := kind(t, err); p.Kind != chat.ProblemHomeserver || !p.Retry {
				t.Errorf("request %d: %v", n, err)
			}
			if err := e.i.Recover(t.Context(), key); err != nil {
				t.Fatalf("request %d, again: %v", n, err)
			}
		}
		e.wait("everything", complete)
		e.Close()
		if hits == 0 {
			t.Logf("%d requests", n-1)
			return
		}
	}
}

// An identity that was prepared for a reset which was then given up does not
// become ours because a homeserver publishes it.
func TestAbandonedResetIsNotAdopted(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	d, a, _ := full(t, hs, "abandoned", chat.SetUp{})
	e := signIn(t, before, a)
	e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	_, err := e.i.SetUp(t.Context(), chat.SetUp{Reset: true})
	wantKind(t, "reset", err, chat.ProblemAuth)
	draft, err := e.Machine.Draft(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		for part, name := range map[string]string{"master_keys": "master_key", "self_signing_keys": "self_signing_key", "user_signing_keys": "user_signing_key"} {
			if byUser, ok := answer[part].(map[string]any); ok {
				byUser[a.UserID] = draft.Body[name]
			}
		}
	}))
	if err := e.Machine.Reload(t.Context(), chat.UserID(a.UserID)); err != nil {
		t.Fatal(err)
	}
	e.restart()
	e.wait("the other identity", func(t chat.Trust) bool { return t.MasterKey == draft.Master && t.Recovery != chat.RecoveryUnknown })
	if now := e.trust(); now.Identity != chat.IdentityForeign || now.PrivateKeys || now.MasterKey == d.trust().MasterKey {
		t.Errorf("adopted: %+v", now)
	}
}
