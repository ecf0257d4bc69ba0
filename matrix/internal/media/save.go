package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/attachment"
	"maunium.net/go/mautrix/id"

	"hubbub/store/chat"
)

// save fetches, decrypts and verifies the file of a message and returns its path.
func (m *Media) save(ctx context.Context, msg chat.Message, dir string) (string, error) {
	if msg.Media == nil {
		return "", &chat.Problem{Kind: chat.ProblemNotFound, Detail: "the message has no file"}
	}
	if dir == "" {
		dir = m.opt.Dir
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".hubbub-*")
	if err != nil {
		return "", fmt.Errorf("make file: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_ = os.Remove(tmp.Name()) // the error that matters is the one that brought us here
		}
	}()
	err = m.fetch(ctx, msg.Media, tmp)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", err
	}
	path, err := settle(tmp.Name(), dir, SafeName(msg.Media.Name))
	done = err == nil
	return path, err
}

// fetch writes the clear content of a file to w. When it returns an error what
// was written must not be used.
//
// Spec: client-server-api#get_matrixclientv1mediadownloadservernamemediaid
func (m *Media) fetch(ctx context.Context, f *chat.Media, w io.Writer) error {
	uri, err := parseMXC(f.URL)
	if err != nil {
		return err
	}
	var keys *attachment.EncryptedFile
	if len(f.Keys) > 0 {
		keys = new(attachment.EncryptedFile)
		if err := json.Unmarshal(f.Keys, keys); err != nil {
			return &chat.Problem{Kind: chat.ProblemCrypto, Detail: "the file's key cannot be read", Err: err}
		}
		if err := keys.PrepareForDecryption(); err != nil {
			return &chat.Problem{Kind: chat.ProblemCrypto, Detail: "the file's key cannot be read", Err: err}
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallLimit, func() { cancel(context.DeadlineExceeded) })
	defer stall.Stop()
	_, resp, err := m.opt.Client.MakeFullRequestWithResp(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: m.opt.Client.BuildClientURL("v1", "media", "download", uri.Homeserver, uri.FileID),
		DontReadResponse: true, MaxAttempts: 1,
	})
	if err != nil {
		return fmt.Errorf("download: %w", cause(ctx, err))
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end, or given up
	if resp.ContentLength > m.opt.MaxSize {
		return tooLarge(resp.ContentLength, m.opt.MaxSize)
	}
	var body io.Reader = &meter{r: resp.Body, left: m.opt.MaxSize, max: m.opt.MaxSize, move: func() { stall.Reset(stallLimit) }}
	if keys == nil {
		if _, err := io.Copy(w, body); err != nil {
			return fmt.Errorf("download: %w", cause(ctx, err))
		}
		return nil
	}
	clear := keys.DecryptStream(body)
	if _, err := io.Copy(w, clear); err != nil {
		return fmt.Errorf("download: %w", cause(ctx, err))
	}
	if err := clear.Close(); err != nil { // verifies the hash
		return &chat.Problem{Kind: chat.ProblemCrypto, Detail: "the file is not what was sent", Err: err}
	}
	return nil
}

// cause returns why ctx ended when that is why err came.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func tooLarge(n, limit int64) *chat.Problem {
	return &chat.Problem{Kind: chat.ProblemTooLarge, Detail: fmt.Sprintf("%d bytes of at most %d", n, limit)}
}

// meter counts what passes and ends at a limit.
type meter struct {
	r         io.Reader
	left, max int64
	move      func()
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 {
		m.move()
	}
	if m.left -= int64(n); m.left < 0 {
		return n, tooLarge(m.max-m.left, m.max)
	}
	return n, err
}

// parseMXC checks an mxc URL. Its parts become parts of a path.
//
// Spec: client-server-api#matrix-content-mxc-uris
func parseMXC(s string) (id.ContentURI, error) {
	uri, err := id.ParseContentURI(s)
	if err != nil || uri.IsEmpty() || strings.Trim(uri.FileID, mediaChars) != "" || len(s) > 512 ||
		uri.Homeserver == "." || uri.Homeserver == ".." || strings.ContainsAny(uri.Homeserver, "/\\?#% ") {
		return id.ContentURI{}, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not an mxc address"}
	}
	return uri, nil
}

const mediaChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// maxTwins is how many files of one name may stand in a folder.
const maxTwins = 10_000

// settle gives the finished temporary file the first free name.
func settle(tmp, dir, name string) (string, error) {
	ext := filepath.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for n := 1; n <= maxTwins; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s (%d)%s", base, n, ext))
		}
		err := place(tmp, path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("name file: %w", err)
		}
	}
	return "", &chat.Problem{Kind: chat.ProblemBadInput, Detail: "too many files of that name"}
}

// place moves tmp to path unless that exists.
func place(tmp, path string) error {
	err := os.Link(tmp, path)
	if err == nil {
		return os.Remove(tmp)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without links: take the name first, then move over it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
