package matrix_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maunium.net/go/mautrix/crypto/utils"

	"hubbub/matrix"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// secretsFound are things that are nobody's to see, by what they are.
type secretsFound map[string][]byte

// text adds a secret that people type or read, as it is and without its spaces.
func (s secretsFound) text(what, secret string) {
	s[what] = []byte(secret)
	if bare := strings.ReplaceAll(secret, " ", ""); bare != secret {
		s[what+" without spaces"] = []byte(bare)
	}
}

// bytes adds a key in every way that bytes are written.
func (s secretsFound) bytes(what string, key []byte) {
	s[what] = key
	s[what+" in hex"] = []byte(hex.EncodeToString(key))
	s[what+" in capital hex"] = []byte(strings.ToUpper(hex.EncodeToString(key)))
	for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for skip := range 3 { // somewhere inside longer text
			part := enc.EncodeToString(key[skip:])
			s[fmt.Sprintf("%s in %s from byte %d", what, name, skip)] = []byte(part[:len(part)/4*4-4])
		}
	}
	s[what+" as a list of numbers"] = []byte(strings.Trim(fmt.Sprint(key), "[]"))
	s[what+" as JSON numbers"] = []byte(strings.ReplaceAll(strings.Trim(fmt.Sprint(key), "[]"), " ", ","))
}

// recovery adds a recovery key and what it stands for.
func (s secretsFound) recovery(t *testing.T, what string, key chat.Secret) {
	t.Helper()
	s.text(what, string(key))
	raw := utils.DecodeBase58RecoveryKey(string(key))
	if len(raw) != 32 {
		t.Fatalf("%s is no recovery key", what)
	}
	s.bytes(what, raw)
}

// file adds all that a file of secrets holds.
func (s secretsFound) file(t *testing.T, what, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(data, &all); err != nil || len(all) < 2 {
		t.Fatalf("%s: %d secrets, %v", path, len(all), err)
	}
	for name, value := range all {
		s.text(what+"'s "+name, value)
		if raw, err := base64.StdEncoding.DecodeString(value); err == nil && len(raw) == 32 {
			s.bytes(what+"'s "+name, raw)
		}
	}
}

// in fails the test for each secret that a file under a folder has, except the files of secrets.
func (s secretsFound) in(t *testing.T, root string, except map[string]bool) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || except[path] {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a temporary file of a running program
		}
		for what, secret := range s {
			if bytes.Contains(data, secret) {
				t.Errorf("%s has the %s", strings.TrimPrefix(path, root), what)
			}
			if strings.Contains(path, string(secret)) {
				t.Errorf("the name %q has the %s", path, what)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Fatalf("%d files, %v", files, err)
	}
}

// secretly signs in with a log of everything, in folders below dir.
func secretly(t *testing.T, hs *matrixtest.Homeserver, a matrixtest.Account, dir string) *core {
	t.Helper()
	log, err := os.OpenFile(dir+"/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() }) // read before
	accounts := matrix.NewAccounts(matrix.Options{
		Data: dir + "/data", Cache: dir + "/cache", Downloads: dir + "/downloads",
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	c, err := accounts.Login(t.Context(), chat.LoginRequest{Homeserver: hs.URL, User: a.Localpart, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, c)
}

// byEmoji has a new session of an account verified by another one.
func byEmoji(t *testing.T, old, fresh *core) {
	t.Helper()
	fresh.trust("the identity is seen", func(tr chat.Trust) bool { return tr.CanVerify > 0 })
	atOld, atFresh := old.verifications(), fresh.verifications()
	id := fresh.Trust().Verify(fresh.Account().User, old.Account().Device)
	asked := old.verification(atOld, "request", func(v chat.Verification) bool { return v.Incoming && v.Phase == chat.VerifyRequested })
	old.Trust().AcceptVerification(asked.ID)
	fresh.verification(atFresh, "ready", func(v chat.Verification) bool { return v.ID == id && v.Phase == chat.VerifyReady })
	fresh.Trust().CompareEmoji(id)
	compare := func(v chat.Verification) bool { return v.Phase == chat.VerifyCompare }
	old.verification(atOld, "emoji", compare)
	fresh.verification(atFresh, "emoji", compare)
	old.Trust().ConfirmVerification(asked.ID)
	fresh.Trust().ConfirmVerification(id)
	fresh.trust("the secrets came", chat.Trust.Complete)
}

// asked does something for which the homeserver wants the password.
func asked(t *testing.T, password string, do func(chat.Auth) error) {
	t.Helper()
	err := do(chat.Auth{})
	var p *chat.Problem
	if errors.As(err, &p) && p.Kind == chat.ProblemAuth {
		err = do(chat.Auth{Password: chat.Secret(password), Session: p.Auth.Session})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// After everything that one does with secrets none is in a file of the
// account, or in its log, except in the one file of secrets: not while it
// runs, and not when it has ended.
func TestSecretsAreInOneFileOnly(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	proxy, behind := hs.Before(t)
	account, root, secrets := hs.NewAccount(t, "ada"), t.TempDir(), secretsFound{}
	dirs := []string{root + "/first", root + "/second", root + "/third"}
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const phrase, other, file = "a lighthouse in the fog 17", "seven gulls over the quay 23", "the export of the harbour 42"
	secrets.text("password", account.Password)
	secrets.text("passphrase", phrase)
	secrets.text("second passphrase", other)
	secrets.text("export passphrase", file)

	first := secretly(t, behind, account, dirs[0])
	asked(t, account.Password, func(auth chat.Auth) error {
		key, err := first.Trust().SetUp(t.Context(), chat.SetUp{Passphrase: phrase, Auth: auth})
		if err == nil {
			secrets.recovery(t, "recovery key of the passphrase", key)
		}
		return err
	})
	first.trust("everything is set up", chat.Trust.Complete)
	room := chat.RoomID(first.made(func() string { return first.Create(chat.NewRoom{Name: "quay"}) }))
	first.say(room, "hello")

	second := secretly(t, behind, account, dirs[1])
	byEmoji(t, first, second)
	for what, passphrase := range map[string]chat.Secret{"random recovery key": "", "recovery key of the second passphrase": other} {
		key, err := first.Trust().NewRecoveryKey(t.Context(), passphrase)
		if err != nil {
			t.Fatal(err)
		}
		secrets.recovery(t, what, key)
	}
	last, err := first.Trust().NewRecoveryKey(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	secrets.recovery(t, "last recovery key", last)

	third := secretly(t, behind, account, dirs[2])
	third.trust("the identity is seen", func(tr chat.Trust) bool { return tr.Recovery == chat.RecoveryReady })
	for _, wrong := range []chat.Secret{phrase, chat.Secret(account.Password), "no key at all"} {
		if err := third.Trust().Recover(t.Context(), wrong); err == nil {
			t.Error("a wrong secret opens the storage")
		}
	}
	// A homeserver in trouble: errors carry what was asked for, and end up in logs.
	rule := proxy.On(matrixtest.Match{Where: func(r matrixtest.Record) bool { return r.Method != http.MethodGet }, Times: 2}, matrixtest.Status(500, "{}"))
	if err := third.Trust().Recover(t.Context(), last); err != nil {
		rule.Off()
		if err := third.Trust().Recover(t.Context(), last); err != nil {
			t.Fatal(err)
		}
	}
	rule.Off()
	third.trust("everything is set up", chat.Trust.Complete)
	third.message(room, "hello")
	if err := third.Trust().ResetBackup(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := first.Trust().ExportKeys(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := third.Trust().ImportKeys(t.Context(), keys, file); err != nil {
		t.Fatal(err)
	}
	gone := hs.Login(t, account)
	asked(t, account.Password, func(auth chat.Auth) error {
		return third.Trust().EndSessions(t.Context(), []chat.DeviceID{chat.DeviceID(gone.DeviceID)}, auth)
	})

	// The reference client tells what lies in the storage.
	peer := matrixtest.StartPeer(t, hs, account)
	peer.UnlockSecrets(string(last))
	for _, name := range []string{"m.cross_signing.master", "m.cross_signing.self_signing", "m.cross_signing.user_signing", "m.megolm_backup.v1"} {
		raw, err := base64.StdEncoding.DecodeString(peer.Secret(name))
		if err != nil {
			raw, err = base64.RawStdEncoding.DecodeString(peer.Secret(name))
		}
		if err != nil || len(raw) != 32 {
			t.Fatalf("%s: %d bytes, %v", name, len(raw), err)
		}
		secrets.bytes(name, raw)
	}
	except := map[string]bool{}
	for n, k := range []*core{first, second, third} {
		path := k.SecretsFile()
		secrets.file(t, fmt.Sprintf("session %d", n), path)
		except[path] = true
	}
	secrets.in(t, root, except)
	for _, k := range []*core{first, second, third} {
		k.stop()
	}
	secrets.in(t, root, except)
	if log, err := os.ReadFile(dirs[0] + "/log"); err != nil || len(log) == 0 {
		t.Errorf("the log is empty, %v", err)
	}
	proof := secretsFound{"message": []byte("hello")}
	if !proof.somewhere(t, root) {
		t.Error("the search finds nothing at all")
	}
}

// somewhere says whether one of the secrets is in a file.
func (s secretsFound) somewhere(t *testing.T, root string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range s {
			found = found || bytes.Contains(data, secret)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What a crash prints of the values that hold secrets says nothing.
func TestCrashesTellNoSecrets(t *testing.T) {
	const word = "swordfish"
	for name, value := range map[string]any{
		"secret":    chat.Secret(word),
		"auth":      chat.Auth{Password: word},
		"set up":    &chat.SetUp{Passphrase: word, Auth: chat.Auth{Password: word}},
		"list":      []chat.Secret{word},
		"sign in":   chat.LoginRequest{User: "ada", Password: word},
		"in a wrap": fmt.Errorf("recover with %v: %w", chat.Secret(word), context.Canceled),
	} {
		err := matrix.Guard(func() error { panic(value) })
		var p *matrix.PanicError
		if !errors.As(err, &p) {
			t.Fatal(err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Error("Crash", "err", err, "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Error("Crash", "err", err, "value", value)
		said := fmt.Sprintf("%v %+v %#v %s %q %s %s", value, value, value, err, err, p.Stack, &log)
		if strings.Contains(said, word) || strings.Contains(said, hex.EncodeToString([]byte(word))) {
			t.Errorf("%s: %s", name, said)
		}
	}
}
