package syncer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/storetest"
)

// broken is a KeyHandler with a bug.
type broken struct{}

func (broken) HandleSync(context.Context, crypto.ToDevice) error { panic("keys") }

// A bug met while a response is taken in ends Run with an error, so that the
// terminal can be restored: it is no fault of the connection that passes.
func TestPanicEndsRun(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"to_device":{"events":[{"type":"m.room_key"}]},"rooms":{"join":{"!r:x":{}}},"next_batch":"s2"}`)
	}))
	defer srv.Close()
	st := storetest.New(t)
	c := newCore(t, st, srv.URL, string(storetest.Me), "token")
	c.sync.o.Keys = broken{}
	var p *fault.PanicError
	if err := c.sync.Run(t.Context()); !errors.As(err, &p) || p.Value != "keys" {
		t.Errorf("Run ended with %v", err)
	}
	if token, err := st.Sync(t.Context(), store.SyncNextBatch); err != nil || token != "" {
		t.Errorf("the response counts as taken in: %q, %v", token, err)
	}
}
