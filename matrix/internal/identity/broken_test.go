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

func writes(r matrixtest.Record) bool {
	return ours(r) && r.Method != http.MethodGet && !strings.Contains(r.Path, "/keys/query")
}

// Whichever request of the set-up fails, the homeserver has no identity or one
// that works, and the same call goes on to the end.
func TestSetUpFailsAtEveryRequest(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	for _, fault := range []struct {
		name   string
		where  func(matrixtest.Record) bool
		action matrixtest.Action
	}{
		{"refused", ours, matrixtest.Refuse(http.StatusInternalServerError, "M_UNKNOWN", nil)},
		{"answer lost", writes, matrixtest.DropAfter()},
	} {
		for n := 1; ; n++ {
			hit := true
			t.Run(fmt.Sprintf("%s/%d", fault.name, n), func(t *testing.T) {
				hit = failAt(t, proxy, before, hs, n, matrixtest.Match{Where: fault.where}.Nth(n), fault.action)
			})
			if !hit || t.Failed() {
				t.Logf("%s: %d requests", fault.name, n-1)
				break
			}
		}
	}
}

// failAt sets an account up while one request fails, and reports whether it did.
func failAt(t *testing.T, proxy *matrixtest.Proxy, before, hs *matrixtest.Homeserver, n int, at matrixtest.Match, action matrixtest.Action) bool {
	a := hs.NewAccount(t, "broken")
	d := signIn(t, before, a)
	d.wait("no identity", func(t chat.Trust) bool { return t.Recovery == chat.RecoveryNone && t.Backup.State == chat.BackupNone })
	rule := proxy.On(at, action)
	defer rule.Off()
	key, err := d.i.SetUp(t.Context(), chat.SetUp{})
	if rule.Hits() == 0 {
		if err != nil {
			t.Errorf("nothing failed, but: %v", err)
		}
		return false
	}
	rule.Off()
	if err != nil {
		if p := kind(t, err); !p.Retry && p.Kind != chat.ProblemHomeserver {
			t.Errorf("a lost request gave %v", p)
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
		e.close()
	}
	d.close()
	return true
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
		d.close()
	}
}
