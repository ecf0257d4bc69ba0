package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // registers the format for DecodeConfig
	_ "image/jpeg" // registers the format for DecodeConfig
	_ "image/png"  // registers the format for DecodeConfig
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/attachment"

	"hubbub/matrix/internal/convert"
	"hubbub/store/chat"
)

// How long the homeserver may take to name its limit, and how long its answer is believed.
const (
	limitWait = 20 * time.Second
	limitAge  = time.Hour
)

type uploadLimit struct {
	bytes int64 // 0: not known
	asked time.Time
}

// Upload puts a file on the homeserver. Encrypted, the homeserver learns
// neither its name nor its type; the keys are in the result.
//
// Spec: client-server-api#post_matrixmediav3upload, client-server-api#sending-encrypted-attachments
func (m *Media) Upload(ctx context.Context, path string, encrypt bool) (convert.Upload, error) {
	// A pipe that nobody writes to would otherwise be waited for, whatever ctx says.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return convert.Upload{}, fmt.Errorf("read file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return convert.Upload{}, fmt.Errorf("read file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return convert.Upload{}, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not a regular file"}
	}
	if limit := m.uploadLimit(ctx); limit > 0 && info.Size() > limit {
		return convert.Upload{}, tooLarge(info.Size(), limit)
	}
	up := convert.Upload{Name: filepath.Base(path), Mime: convert.MimeOf(path), Size: info.Size()}
	if strings.HasPrefix(up.Mime, "image/") {
		if c, _, err := image.DecodeConfig(io.LimitReader(f, 1<<20)); err == nil {
			up.Width, up.Height = c.Width, c.Height
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return convert.Upload{}, fmt.Errorf("read file: %w", err)
		}
	}
	if err := m.send(ctx, f, &up, encrypt); err != nil {
		return convert.Upload{}, err
	}
	return up, nil
}

// send streams the file and fills in where it lies.
func (m *Media) send(ctx context.Context, f *os.File, up *convert.Upload, encrypt bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallLimit, func() { cancel(context.DeadlineExceeded) })
	defer stall.Stop()
	// The length is promised: a file that grows meanwhile is sent as it was.
	var body io.Reader = &meter{r: io.LimitReader(f, up.Size), left: up.Size, max: up.Size, move: func() { stall.Reset(stallLimit) }}
	req := mautrix.ReqUploadMedia{ContentLength: up.Size, ContentType: up.Mime, FileName: up.Name}
	var keys *attachment.EncryptedFile
	var sealed io.ReadSeekCloser
	if encrypt {
		keys = attachment.NewEncryptedFile()
		sealed = keys.EncryptStream(struct{ io.Reader }{body}) // without Close: the file is ours
		body = sealed
		req.ContentType, req.FileName = convert.Octets, ""
	}
	if up.Size == 0 {
		req.ContentBytes = []byte{}
	} else {
		req.Content = struct{ io.Reader }{body}
	}
	resp, err := m.opt.Client.UploadMedia(ctx, req)
	if err != nil {
		return fmt.Errorf("upload: %w", cause(ctx, err))
	}
	if resp.ContentURI.IsEmpty() {
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "no address in the answer", Retry: true}
	}
	up.URL = resp.ContentURI.String()
	if !encrypt {
		return nil
	}
	if err := sealed.Close(); err != nil { // fills in the hash
		return fmt.Errorf("upload: %w", err)
	}
	raw, err := json.Marshal(struct {
		*attachment.EncryptedFile
		URL string `json:"url"`
	}{keys, up.URL})
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	up.Keys = raw
	return nil
}

// uploadLimit returns the largest file in bytes that the homeserver takes, or 0.
// Asking first is kinder than sending: a homeserver that refuses a large body
// often just hangs up.
//
// Spec: client-server-api#get_matrixclientv1mediaconfig
func (m *Media) uploadLimit(ctx context.Context) int64 {
	m.mu.Lock()
	known := m.limit
	m.mu.Unlock()
	if time.Since(known.asked) < limitAge {
		return known.bytes
	}
	var conf struct {
		Size int64 `json:"m.upload.size"`
	}
	ctx, cancel := context.WithTimeout(ctx, limitWait)
	defer cancel()
	_, err := m.opt.Client.MakeRequest(ctx, http.MethodGet, m.opt.Client.BuildClientURL("v1", "media", "config"), nil, &conf)
	var he mautrix.HTTPError
	if err != nil && !(errors.As(err, &he) && he.RespError != nil) {
		return known.bytes // no answer says nothing about the limit
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = uploadLimit{bytes: conf.Size, asked: time.Now()}
	return conf.Size
}
