package outbox

import (
	"net/http"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestKeysRememberThatARoomIsEncrypted: the cache is new, and the homeserver does not say so.
func TestKeysRememberThatARoomIsEncrypted(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	o := newOutbox(t, s, h.URL, &cipher{knows: true})
	start(t, o)
	o.Send(text("secret"))
	idle(t, s, o)
	equal(t, h.bodies(), "sealed secret 1")
	if r, _, err := s.Room(t.Context(), room); err != nil || !r.Encrypted {
		t.Errorf("the cache has not learned it: %v %v", r.Encrypted, err)
	}
}

// TestNothingReadableGoesWhereThePersonForbidsIt; a reaction is readable everywhere.
func TestNothingReadableGoesWhereThePersonForbidsIt(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	o := newOutbox(t, s, h.URL, &cipher{never: true})
	start(t, o)
	o.Send(text("not in clear"))
	m := inState(t, s, "not in clear", chat.SendError)
	if m.SendProblem == nil || m.SendProblem.Kind != chat.ProblemPlain || h.tries() != 0 {
		t.Fatalf("%d requests, problem %v", h.tries(), m.SendProblem)
	}
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
	})
	o.Retry(m.Key)
	idle(t, s, o)
	equal(t, h.bodies(), "sealed not in clear 1")
}

// TestNobodyKeptOutReadsWhatWaited: between two tries somebody was kept from the
// room's keys, and what they could read is not what is sent.
func TestNobodyKeptOutReadsWhatWaited(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	c := &cipher{knows: true}
	var tried []string
	h.answer = func(w http.ResponseWriter, n int, ev sentEvent) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		tried = append(tried, ev.Body)
		c.moved = n == 2
		return n <= 2 && refuse(w, http.StatusBadGateway, "M_UNKNOWN")
	}
	o := newOutbox(t, s, h.URL, c)
	start(t, o)
	o.Send(text("x"))
	idle(t, s, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	equal(t, tried, "sealed x 1", "sealed x 1", "sealed x 2")
}
