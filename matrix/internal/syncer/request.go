package syncer

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"maunium.net/go/mautrix"
)

// Times of one request.
const (
	longPoll     = 30 * time.Second // the homeserver answers by then, with nothing if need be
	answerLimit  = 60 * time.Second // beyond it, until the answer begins
	firstLimit   = 10 * time.Minute // until the first answer of all begins: large accounts take minutes
	stallLimit   = 60 * time.Second // between two pieces of an answer
	firstEvents  = 20               // events per room at first
	normalEvents = 50
)

// answer is a response under way.
type answer struct {
	io.Reader
	close func()
}

// request asks for what came after token. The body is read through a watch
// that ends the request when nothing arrives any more.
//
// Spec: client-server-api#get_matrixclientv3sync, MSC4222 (state_after)
func (s *Syncer) request(ctx context.Context, token string, wait bool) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	limit := answerLimit
	mark := s.mark
	if token != "" && !wait {
		mark = rand.Text()
	}
	query := map[string]string{
		"filter": filter(token == "", mark), "timeout": "0",
		"use_state_after": "true", "org.matrix.msc4222.use_state_after": "true",
	}
	switch {
	case token == "":
		limit = firstLimit
	case wait:
		query["timeout"] = strconv.FormatInt(longPoll.Milliseconds(), 10)
		limit += longPoll
	}
	if token != "" {
		query["since"] = token
	}
	if s.o.Presence != "" {
		query["set_presence"] = s.o.Presence
	}
	s.setAbort(cancel)
	watch := time.AfterFunc(limit, func() { cancel(errStalled) })
	_, res, err := s.o.Client.MakeFullRequestWithResp(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: s.o.Client.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, query),
		MaxAttempts: 1, DontReadResponse: true, Client: s.http,
	})
	s.setAbort(nil)
	done := func() {
		watch.Stop()
		if res != nil {
			_ = res.Body.Close() // what was to be read has been read
		}
		cancel(nil)
	}
	if err != nil {
		err = because(ctx, err)
		done()
		return nil, fmt.Errorf("sync: %w", err)
	}
	watch.Reset(stallLimit)
	why := func(err error) error { return because(ctx, err) }
	return &answer{Reader: &watched{res.Body, watch, why}, close: done}, nil
}

func (s *Syncer) setAbort(f context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort = f
}

// because returns why ctx ended, if it did and had a reason, else err.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() {
		return cause
	}
	return err
}

// watched winds the watch at every piece that arrives.
type watched struct {
	r     io.Reader
	watch *time.Timer
	why   func(error) error // finds the reason behind an error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.watch.Reset(stallLimit)
	}
	if err != nil && err != io.EOF {
		err = w.why(err)
	}
	return n, err
}

// filter is the sync filter as JSON, sent with each request: it needs no upload
// and no state. The mark, a type of event that does not exist, makes requests
// differ that are the same otherwise: Synapse gives the same answer again to
// the same request for two minutes, and who comes back would take what was so
// before for what is so now. A first sync that is repeated has the same mark in
// one run: its answer is dear.
//
// Spec: client-server-api#filtering
func filter(first bool, mark string) string {
	limit := normalEvents
	if first {
		limit = firstEvents
	}
	return fmt.Sprintf(`{"presence":{"not_types":["*",%q]},"room":{"state":{"lazy_load_members":true},`+
		`"timeline":{"limit":%d,"lazy_load_members":true,"unread_thread_notifications":true}}}`, mark, limit)
}
