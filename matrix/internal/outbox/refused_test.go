package outbox

import (
	"net/http"
	"strings"
	"testing"

	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// Where something else is being written, a refused edit stays with its message:
// it says so there, is found, and can be tried again or thrown away there.
func TestRefusedEditBesideADraftIsSeenAtItsMessage(t *testing.T) {
	s, h, o := setup(t)
	storetest.Append(t, s, room, storetest.Text(1, storetest.Me, "helo"))
	typed := make(chan struct{}, 1)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, _ int, ev sentEvent) bool {
			if !strings.HasPrefix(ev.Body, "* ") {
				return false
			}
			<-typed
			return refuse(w, http.StatusForbidden, "M_FORBIDDEN")
		}
	})
	edit := func() chat.Message {
		t.Helper()
		o.Send(chat.Outgoing{Room: room, Text: "hello", Edit: storetest.ID(1), Plain: true})
		o.SaveDraft(chat.Draft{Room: room, Text: "something else"})
		typed <- struct{}{}
		m := inState(t, s, "hello", chat.SendError)
		if m.ID != storetest.ID(1) || m.SendProblem == nil || m.SendProblem.Kind != chat.ProblemForbidden {
			t.Errorf("the message shows %+v", m)
		}
		return m
	}
	m := edit()
	o.Send(text("next"))
	inState(t, s, "next", chat.Waiting)
	if at, key, err := s.Unsent(t.Context()); at != room || key != m.Key || err != nil {
		t.Errorf("what was not sent is at %s %d, %v", at, key, err)
	}
	o.Discard(m.Key)
	idle(t, s, o)
	inState(t, s, "helo", chat.Sent)
	equal(t, h.bodies(), "next")

	m = edit()
	h.set(func() { h.answer = nil })
	o.Retry(m.Key)
	idle(t, s, o)
	inState(t, s, "hello", chat.Sent)
	equal(t, h.bodies(), "next", "* hello")
	if d, err := s.Drafts(t.Context()); err != nil || len(d) != 1 || d[0].Text != "something else" {
		t.Errorf("drafts %+v, %v", d, err)
	}
}

// A wait that the homeserver asked for does not keep what the person wants tried now.
func TestRetryDoesNotWaitForTheRateLimit(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool {
			if n > 1 {
				return false
			}
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":86400000}`))
			return true
		}
	})
	o.Send(text("one"))
	m := inState(t, s, "one", chat.Waiting)
	o.Retry(m.Key)
	idle(t, s, o)
	equal(t, h.bodies(), "one")
}
