package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// maxSealed is the longest entry of the backup that is read, in bytes.
const maxSealed = 1 << 20

// Restore fetches every key of the backup and returns how many of them are
// here now. Its progress is part of the state. What it has taken in when it
// fails stays. Errors are *chat.Problem.
//
// Spec: client-server-api#get_matrixclientv3room_keyskeys
func (b *Manager) Restore(ctx context.Context) (restored int, err error) {
	done, err := b.restores.Take(ctx)
	if err != nil {
		return 0, crypto.Explain(err)
	}
	defer done()
	if err := b.check(ctx); err != nil {
		return 0, crypto.Explain(err)
	}
	t, ok := b.usable()
	if !ok {
		return 0, unusable(b.Status())
	}
	var info versionInfo
	if err := b.request(ctx, http.MethodGet, nil, &info, "version", t.version); err != nil {
		return 0, crypto.Explain(fmt.Errorf("ask for the backup: %w", err))
	}
	b.progress(true, 0, info.Count)
	defer b.progress(false, 0, 0)
	n, bad, err := b.restore(ctx, t, info.Count)
	b.o.Machine.SeekAll()
	if bad+n.Refused > 0 {
		b.log.Warn("Keys of the backup were not taken", slog.Int("unreadable", bad), slog.Int("refused", n.Refused))
	}
	if err != nil {
		return n.New + n.Better + n.Kept, crypto.Explain(fmt.Errorf("restore backup: %w", err))
	}
	b.log.Info("Backup restored", slog.Int("new", n.New), slog.Int("better", n.Better), slog.Int("kept", n.Kept))
	return n.New + n.Better + n.Kept, nil
}

// progress notes how far a restore is.
func (b *Manager) progress(going bool, done, total int) {
	b.mu.Lock()
	always := b.state.Restoring != going
	b.state.Restoring, b.state.Restored, b.state.RestoreTotal = going, done, max(done, total)
	b.mu.Unlock()
	b.tell(always)
}

// restore reads the answer as it comes: an account can have a hundred thousand keys.
func (b *Manager) restore(ctx context.Context, t target, total int) (sum crypto.Imported, bad int, err error) {
	body, done, err := b.stream(ctx, b.url(t, "keys"))
	if err != nil {
		return sum, 0, err
	}
	defer done()
	var keys []crypto.RoomKey
	flush := func() error {
		n, err := b.o.Machine.ImportRoomKeys(ctx, crypto.Origin{Source: chat.KeyBackup, Mark: t.mark()}, keys)
		sum, keys = sum.Add(n), keys[:0]
		if err != nil {
			return err
		}
		b.progress(true, sum.New+sum.Better+sum.Kept+sum.Refused+bad, total)
		return b.count(ctx, t, false)
	}
	err = eachSealed(body, func(room, session string, raw jsontext.Value) error {
		key, err := t.key.open(chat.RoomID(room), session, raw)
		if err != nil {
			bad++
			return nil
		}
		if keys = append(keys, key); len(keys) < b.limits.restore {
			return nil
		}
		return flush()
	})
	return sum, bad, errors.Join(err, flush())
}

// stream begins a request whose answer is read piece by piece. It ends when
// nothing arrives any more. done must be called.
func (b *Manager) stream(ctx context.Context, url string) (body io.Reader, done func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	watch := time.AfterFunc(requestLimit, func() { cancel(errStalled) })
	_, res, err := b.o.Client.MakeFullRequestWithResp(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: url, MaxAttempts: 1, DontReadResponse: true,
	})
	done = func() {
		watch.Stop()
		if res != nil {
			_ = res.Body.Close() // what was to be read has been read
		}
		cancel(nil)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	watch.Reset(b.limits.stall)
	return &watched{r: res.Body, wind: func() { watch.Reset(b.limits.stall) }, ctx: func() error { return context.Cause(ctx) }}, done, nil
}

// watched winds the watch at every piece that arrives.
type watched struct {
	r    io.Reader
	wind func()
	ctx  func() error // why the request ended, if it was ended here
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.wind()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if why := w.ctx(); errors.Is(why, errStalled) {
			return n, &chat.Problem{Kind: chat.ProblemTimeout, Retry: true, Err: why}
		}
	}
	return n, err
}

// eachSealed reads {"rooms":{room:{"sessions":{session:entry}}}} and calls fn
// with each entry, whose bytes are valid until it returns. It holds one entry
// at a time.
func eachSealed(r io.Reader, fn func(room, session string, raw jsontext.Value) error) error {
	budget := &bounded{r: r}
	d := jsontext.NewDecoder(budget, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	budget.offset = d.InputOffset
	err := members(d, func(name string) error {
		if name != "rooms" {
			return d.SkipValue()
		}
		return members(d, func(room string) error {
			return members(d, func(name string) error {
				if name != "sessions" {
					return d.SkipValue()
				}
				return members(d, func(session string) error {
					raw, err := d.ReadValue()
					if err != nil {
						return err
					}
					return fn(room, session, raw)
				})
			})
		})
	})
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// members reads an object and calls fn for each member, which must take the value.
func members(d *jsontext.Decoder, fn func(name string) error) error {
	open, err := d.ReadToken()
	if err != nil {
		return err
	}
	if open.Kind() != '{' {
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "backup", Retry: true, Err: errShape}
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := fn(name.String()); err != nil {
			return err
		}
	}
	_, err = d.ReadToken()
	return err
}

// bounded stops a value that would not end: the decoder holds it whole.
type bounded struct {
	r      io.Reader
	read   int64
	offset func() int64 // how far the decoder has come
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.read-b.offset() > maxSealed {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}
