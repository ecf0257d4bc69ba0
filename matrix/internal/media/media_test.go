package media

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// shelf gives out messages and collects notices.
type shelf struct {
	mu      sync.Mutex
	items   map[chat.ItemKey]chat.Message
	notices chan chat.Notice
}

func (s *shelf) Message(_ context.Context, key chat.ItemKey) (chat.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[key], nil
}

func (s *shelf) PublishNotice(n chat.Notice) { s.notices <- n }

func client(t testing.TB, url, user, token string) *mautrix.Client {
	t.Helper()
	c, err := mautrix.NewClient(url, id.UserID(user), token)
	if err != nil {
		t.Fatal(err)
	}
	c.Log = zerolog.Nop()
	return c
}

// run starts a Media whose shelf has one message per media value, from key 1 on.
func run(t testing.TB, o Options, files ...*chat.Media) (*Media, *shelf) {
	t.Helper()
	s := &shelf{items: map[chat.ItemKey]chat.Message{}, notices: make(chan chat.Notice, 100)}
	for i, f := range files {
		s.items[chat.ItemKey(i+1)] = chat.Message{Room: "!r:x", Media: f}
	}
	o.Store = s
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	m := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return m, s
}

func (s *shelf) notice(t testing.TB) chat.Notice {
	t.Helper()
	select {
	case n := <-s.notices:
		return n
	case <-time.After(10 * time.Second):
		t.Fatal("no notice in time")
		return chat.Notice{}
	}
}

func asMedia(up convert.Upload) *chat.Media {
	return &chat.Media{Name: up.Name, Mime: up.Mime, Size: up.Size, URL: up.URL, Keys: up.Keys}
}

func TestFilesComeBackAsTheyWereSent(t *testing.T) {
	hs := matrixtest.Synapse(t)
	c := hs.NewClient(t, "alice")
	m := New(Options{Client: client(t, c.URL, c.UserID, c.Token)})
	src := t.TempDir()
	big := make([]byte, 3<<20)
	_, _ = rand.Read(big) // never fails
	var pic bytes.Buffer
	if err := png.Encode(&pic, image.NewRGBA(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"big.bin": big, "pic.png": pic.Bytes(), "empty.txt": nil} {
		for _, encrypt := range []bool{false, true} {
			path := filepath.Join(src, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			up, err := m.Upload(t.Context(), path, encrypt)
			if err != nil {
				t.Fatalf("%s encrypted %v: upload: %v", name, encrypt, err)
			}
			if (up.Keys != nil) != encrypt || up.Size != int64(len(data)) || (name == "pic.png" && (up.Width != 30 || up.Height != 20)) {
				t.Errorf("upload %+v", up)
			}
			got, s := run(t, Options{Client: client(t, c.URL, c.UserID, c.Token)}, asMedia(up))
			ref := got.Save(1, "")
			n := s.notice(t)
			if n.Ref != ref || n.Problem != nil || n.Done != "saved" || n.Room != "!r:x" {
				t.Fatalf("%s encrypted %v: notice %+v", name, encrypt, n)
			}
			back, err := os.ReadFile(n.Value)
			if err != nil || !bytes.Equal(back, data) || filepath.Base(n.Value) != name {
				t.Errorf("%s encrypted %v: %d bytes in %s, %v", name, encrypt, len(back), n.Value, err)
			}
			status, plain, err := c.Do(t.Context(), http.MethodGet, "/_matrix/client/v1/media/download/"+strings.TrimPrefix(up.URL, "mxc://"), nil)
			if err != nil || status != http.StatusOK || (len(data) > 0 && bytes.Equal(plain, data) == encrypt) {
				t.Errorf("%s encrypted %v: the homeserver has the file in clear: %v (%d %v)", name, encrypt, bytes.Equal(plain, data), status, err)
			}
		}
	}
}

// fileServer answers every download with body.
func fileServer(t testing.TB, code int, body []byte) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestNothingIsWrittenOver(t *testing.T) {
	dir := t.TempDir()
	f := &chat.Media{Name: "a.tar.gz", URL: "mxc://x/y"}
	m, s := run(t, Options{Dir: dir, Client: client(t, fileServer(t, 200, []byte("new")), "@me:x", "t")}, f)
	if err := os.WriteFile(filepath.Join(dir, "a.tar.gz"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for range 3 {
		m.Save(1, "")
	}
	for range 3 {
		n := s.notice(t)
		if n.Problem != nil {
			t.Fatal(n.Problem)
		}
		got[filepath.Base(n.Value)] = true
	}
	if old, err := os.ReadFile(filepath.Join(dir, "a.tar.gz")); err != nil || string(old) != "old" || len(got) != 3 {
		t.Errorf("old file %q %v, new ones %v", old, err, got)
	}
	onlyFiles(t, dir, 4)
}

func onlyFiles(t testing.TB, dir string, n int) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n {
		t.Errorf("%d files in the folder, want %d: %v", len(all), n, all)
	}
}

func TestWhatIsNotTheFileLeavesNoFile(t *testing.T) {
	keys := []byte(`{"v":"v2","key":{"alg":"A256CTR","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","kty":"oct","key_ops":["decrypt"],"ext":true},` +
		`"iv":"AAAAAAAAAAAAAAAAAAAAAA","hashes":{"sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"url":"mxc://x/y"}`)
	if !json.Valid(keys) {
		t.Fatal("test data")
	}
	for _, tc := range []struct {
		name string
		f    *chat.Media
		code int
		want chat.ProblemKind
	}{
		{"no file", nil, 200, chat.ProblemNotFound},
		{"wrong hash", &chat.Media{Name: "a", URL: "mxc://x/y", Keys: keys}, 200, chat.ProblemCrypto},
		{"broken keys", &chat.Media{Name: "a", URL: "mxc://x/y", Keys: []byte(`{"v":"v1"}`)}, 200, chat.ProblemCrypto},
		{"keys of another shape", &chat.Media{Name: "a", URL: "mxc://x/y", Keys: []byte(`[]`)}, 200, chat.ProblemCrypto},
		{"not an address", &chat.Media{Name: "a", URL: "https://x/y"}, 200, chat.ProblemBadInput},
		{"path as address", &chat.Media{Name: "a", URL: "mxc://x/.."}, 200, chat.ProblemBadInput},
		{"too large", &chat.Media{Name: "a", URL: "mxc://x/y"}, 200, chat.ProblemTooLarge},
		{"refused", &chat.Media{Name: "a", URL: "mxc://x/y"}, 502, chat.ProblemHomeserver},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			body := []byte("some bytes")
			max := int64(100)
			if tc.name == "too large" {
				max = 5
			}
			m, s := run(t, Options{Dir: dir, MaxSize: max, Client: client(t, fileServer(t, tc.code, body), "@me:x", "t")}, tc.f)
			m.Save(1, "")
			if n := s.notice(t); n.Problem == nil || n.Problem.Kind != tc.want {
				t.Errorf("notice %+v, want %v", n, tc.want)
			}
			onlyFiles(t, dir, 0)
		})
	}
}

func TestFolderThatCannotBeWrittenIsToldOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m, s := run(t, Options{Client: client(t, fileServer(t, 200, nil), "@me:x", "t")}, &chat.Media{Name: "a", URL: "mxc://x/y"})
	m.Save(1, filepath.Join(file, "sub"))
	if n := s.notice(t); n.Problem == nil {
		t.Errorf("notice %+v", n)
	}
}

func TestUploadAboveTheHomeserversLimitIsNotTried(t *testing.T) {
	uploads := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/upload") {
			uploads++
		}
		_, _ = w.Write([]byte(`{"m.upload.size":3,"content_uri":"mxc://x/y"}`))
	}))
	defer srv.Close()
	m := New(Options{Client: client(t, srv.URL, "@me:x", "t")})
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Upload(t.Context(), path, true); err == nil || uploads != 0 {
		t.Errorf("%v after %d uploads", err, uploads)
	}
	if err := os.WriteFile(path, []byte("123"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Upload(t.Context(), path, true); err != nil || uploads != 1 {
		t.Errorf("%v after %d uploads", err, uploads)
	}
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"photo.jpg":            "photo.jpg",
		"":                     "file",
		"...":                  "file",
		"../../etc/passwd":     "passwd",
		`..\..\boot.ini`:       "boot.ini",
		"/abs/olute":           "olute",
		".bashrc":              "bashrc",
		"-rf":                  "rf",
		"a\x00b\x1b[31mc.txt":  "ab[31mc.txt",
		"invoice\u202efdp.exe": "invoicefdp.exe",
		"zero\u200bwidth":      "zerowidth",
		"new\nline":            "new line",
		`a<b>:"|?*.txt`:        "a_b______.txt",
		"con.txt":              "_con.txt",
		"Ünïcödé 猫.png":        "Ünïcödé 猫.png",
		"bad\xffutf8":          "bad_utf8",
		"dir/":                 "file",

		"a.pdf" + strings.Repeat("\u2800", 90) + ".exe": "a.pdf .exe",
		"a\u3164\u034f\ufe0f.txt":                       "a.txt",
	} {
		if got := SafeName(in); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", in, got, want)
		}
	}
	long := SafeName(strings.Repeat("猫", 300) + ".tar")
	if len(long) > maxName || !strings.HasSuffix(long, ".tar") || !utf8.ValidString(long) {
		t.Errorf("long name became %q", long)
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"a.txt", "../x", "\x00", strings.Repeat("é", 400) + ".x", ". .", "nul"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeName(s)
		if got == "" || len(got) > maxName+1 || got == "." || got == ".." || strings.ContainsAny(got, "/\\\x00") ||
			got[0] == '.' || got[0] == '-' || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("SafeName(%q) = %q", s, got)
		}
	})
}
