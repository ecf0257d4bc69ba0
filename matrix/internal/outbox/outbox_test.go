package outbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

func TestMessagesArriveInTheOrderOfTheCalls(t *testing.T) {
	s, h, o := setup(t)
	var want []string
	for n := range 60 {
		want = append(want, fmt.Sprintf("message %d", n))
		o.Send(text(want[n]))
	}
	idle(t, s, o)
	equal(t, h.bodies(), want...)
	for n, it := range storetest.Page(t, s, room, 100).Items {
		if it.Body != want[n] || it.Send != chat.Sent || it.ID == "" {
			t.Fatalf("item %d is %q in state %d with id %q", n, it.Body, it.Send, it.ID)
		}
	}
}

func TestRoomsDoNotWaitForEachOther(t *testing.T) {
	s, h, o := setup(t)
	storetest.Joined(t, s, "!slow:example.org")
	hold := make(chan struct{})
	h.set(func() {
		h.answer = func(_ http.ResponseWriter, _ int, ev sentEvent) bool {
			if ev.Room != string(room) {
				<-hold
			}
			return false
		}
	})
	o.Send(chat.Outgoing{Room: "!slow:example.org", Text: "slow", Plain: true})
	o.Send(text("quick"))
	inState(t, s, "quick", chat.Sent)
	close(hold)
	idle(t, s, o)
}

func TestEchoKeepsItsKeyAndTheDraftEndsWithIt(t *testing.T) {
	s, h, o := setup(t)
	hold := make(chan struct{})
	h.set(func() { h.answer = func(http.ResponseWriter, int, sentEvent) bool { <-hold; return false } })
	o.SaveDraft(chat.Draft{Room: room, Text: "hel"})
	o.SaveDraft(chat.Draft{Room: room, Text: "hello"})
	o.Send(text("hello"))
	echo := inState(t, s, "hello", chat.Sending)
	if drafts, err := s.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("drafts %v %v", drafts, err)
	}
	close(hold)
	sent := inState(t, s, "hello", chat.Sent)
	if sent.Key != echo.Key || !sent.Own {
		t.Errorf("echo %d became %d", echo.Key, sent.Key)
	}
}

func TestTransientFailureIsTriedAgainWithTheSameTransaction(t *testing.T) {
	for name, fail := range map[string]func(w http.ResponseWriter) bool{
		"500": func(w http.ResponseWriter) bool { return refuse(w, 500, "M_UNKNOWN") },
		"429": func(w http.ResponseWriter) bool {
			w.Header().Set("Retry-After", "1")
			return refuse(w, 429, "M_LIMIT_EXCEEDED")
		},
		"hang up": hangUp,
		"html":    func(w http.ResponseWriter) bool { _, _ = w.Write([]byte("<html>log in to the wifi")); return true },
	} {
		t.Run(name, func(t *testing.T) {
			s, h, o := setup(t)
			h.set(func() {
				h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool { return n == 1 && fail(w) }
			})
			o.Send(text("one"))
			o.Send(text("two"))
			m := inState(t, s, "one", chat.Waiting)
			if m.SendProblem == nil {
				t.Error("no problem is shown")
			}
			idle(t, s, o)
			equal(t, h.bodies(), "one", "two")
		})
	}
}

func TestAnswerLostAfterTheEventWasTakenInSendsNothingTwice(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() { h.after = func(w http.ResponseWriter, n int) bool { return n == 1 && hangUp(w) } })
	o.Send(text("once"))
	idle(t, s, o)
	equal(t, h.bodies(), "once")
	if h.tries() != 2 {
		t.Errorf("%d tries", h.tries())
	}
}

func TestOnlineEndsTheWait(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool {
			if n > 1 {
				return false
			}
			w.Header().Set("Retry-After", "3600")
			return refuse(w, 503, "M_UNKNOWN")
		}
	})
	o.Send(text("patience"))
	inState(t, s, "patience", chat.Waiting)
	o.Online()
	inState(t, s, "patience", chat.Sent)
}

func TestRefusedMessageHoldsUpTheRoomUntilThePersonDecides(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, _ int, ev sentEvent) bool {
			return ev.Body == "bad" && refuse(w, 403, "M_FORBIDDEN")
		}
	})
	o.Send(text("good"))
	o.Send(text("bad"))
	o.Send(text("behind"))
	m := inState(t, s, "bad", chat.SendError)
	if m.SendProblem == nil || m.SendProblem.Kind != chat.ProblemForbidden || m.SendProblem.Code != "M_FORBIDDEN" {
		t.Errorf("problem %+v", m.SendProblem)
	}
	if st, err := s.OutboxState(t.Context()); err != nil || st.Failed != 1 || st.Pending != 1 {
		t.Errorf("state %+v %v", st, err)
	}
	tries := h.tries()
	o.Retry(m.Key)
	wait(t, "another try", func() bool { return h.tries() > tries })
	inState(t, s, "bad", chat.SendError)
	o.Discard(m.Key)
	inState(t, s, "behind", chat.Sent)
	if _, ok := item(t, s, "bad"); ok {
		t.Error("discarded message is still shown")
	}
	equal(t, h.bodies(), "good", "behind")
}

func TestRetrySendsWhatWasRefused(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool { return n == 1 && refuse(w, 413, "M_TOO_LARGE") }
	})
	o.Send(text("big"))
	m := inState(t, s, "big", chat.SendError)
	if m.SendProblem.Kind != chat.ProblemTooLarge {
		t.Errorf("problem %+v", m.SendProblem)
	}
	o.Retry(m.Key)
	inState(t, s, "big", chat.Sent)
}

func TestRefusedReactionIsTakenBackWithANotice(t *testing.T) {
	s, h, o := setup(t)
	feed := s.Subscribe()
	storetest.Append(t, s, room, storetest.Text(1, "@you:example.org", "hi"))
	h.set(func() {
		h.answer = func(w http.ResponseWriter, _ int, ev sentEvent) bool {
			return ev.Type == "m.reaction" && refuse(w, 403, "M_FORBIDDEN")
		}
	})
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutReaction, Target: storetest.ID(1), Key: "👍"})
	o.Send(text("after"))
	inState(t, s, "after", chat.Sent)
	if m, _ := item(t, s, "hi"); len(m.Reactions) != 0 {
		t.Errorf("reactions %v", m.Reactions)
	}
	var notices []chat.Notice
	wait(t, "notice", func() bool {
		set, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		notices = append(notices, set.Notices...)
		return len(notices) > 0
	})
	if notices[0].Problem == nil || notices[0].Room != room {
		t.Errorf("notice %+v", notices[0])
	}
}

func TestRefusedEditGoesBackToTheComposer(t *testing.T) {
	s, h, o := setup(t)
	storetest.Append(t, s, room, storetest.Text(1, storetest.Me, "helo"))
	h.set(func() {
		h.answer = func(w http.ResponseWriter, _ int, _ sentEvent) bool { return refuse(w, 403, "M_FORBIDDEN") }
	})
	o.Send(chat.Outgoing{Room: room, Text: "hello", Edit: storetest.ID(1), Plain: true})
	wait(t, "draft", func() bool {
		d, err := s.Drafts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(d) == 1 && d[0].Text == "hello" && d[0].Edit == storetest.ID(1)
	})
	if m, ok := item(t, s, "helo"); !ok || m.Edited {
		t.Errorf("message %+v", m)
	}
}

func TestReactEditAndDelete(t *testing.T) {
	s, h, o := setup(t)
	storetest.Append(t, s, room, storetest.Text(1, "@you:example.org", "hi"))
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutReaction, Target: storetest.ID(1), Key: "👍"})
	idle(t, s, o)
	if m, _ := item(t, s, "hi"); len(m.Reactions) != 1 || m.Reactions[0].Mine == "" {
		t.Errorf("reactions %+v", m.Reactions)
	}
	o.Send(text("tpyo"))
	idle(t, s, o)
	m, _ := item(t, s, "tpyo")
	o.Send(chat.Outgoing{Room: room, Text: "typo", Edit: m.ID, Plain: true})
	idle(t, s, o)
	if m, ok := item(t, s, "typo"); !ok || !m.Edited {
		t.Errorf("edited message %+v", m)
	}
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutRedact, Target: m.ID, Text: "oops"})
	idle(t, s, o)
	last := h.events[len(h.events)-1]
	if last.Type != "redact "+string(m.ID) || last.Body != "oops" {
		t.Errorf("deletion arrived as %+v", last)
	}
}

// TestDeletionEmptiesItsTarget, whether the homeserver's copy of the deletion or the answer comes first.
func TestDeletionEmptiesItsTarget(t *testing.T) {
	for _, syncFirst := range []bool{true, false} {
		s, h, o := setup(t)
		storetest.Append(t, s, room, storetest.Text(1, storetest.Me, "hi"))
		arrive := func() {
			storetest.Append(t, s, room, store.Event{
				ID: "$sent1", Txn: chat.TxnID(h.events[0].Txn), Sender: storetest.Me, Type: typeRedaction, Redacts: storetest.ID(1),
				Kind: chat.KindUnknown, Raw: []byte(`{}`),
			})
		}
		if syncFirst {
			h.set(func() { h.after = func(http.ResponseWriter, int) bool { arrive(); return false } })
		}
		o.Send(chat.Outgoing{Room: room, Kind: chat.OutRedact, Target: storetest.ID(1)})
		idle(t, s, o)
		if !syncFirst {
			arrive()
		}
		if items := storetest.Page(t, s, room, 10).Items; len(items) != 1 || items[0].Kind != chat.KindRedacted {
			t.Errorf("sync first %v: items %+v", syncFirst, items)
		}
	}
}

func TestDeletingAnUnsentMessageDiscardsIt(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, _ int, ev sentEvent) bool {
			return ev.Body == "regret" && refuse(w, 403, "M_FORBIDDEN")
		}
	})
	o.Send(text("regret"))
	m := inState(t, s, "regret", chat.SendError)
	o.Send(chat.Outgoing{Room: room, Kind: chat.OutRedact, TargetKey: m.Key})
	wait(t, "discard", func() bool { _, ok := item(t, s, "regret"); return !ok })
	equal(t, h.bodies())
}

func TestEchoSentBySyncBeforeTheAnswer(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.after = func(http.ResponseWriter, int) bool {
			ev := storetest.Text(1, storetest.Me, "fast")
			ev.ID, ev.Txn = "$sent1", chat.TxnID(h.events[0].Txn)
			storetest.Append(t, s, room, ev)
			return false
		}
	})
	if id, err := o.SendWait(t.Context(), text("fast")); err != nil || id != "$sent1" {
		t.Fatalf("sent %q %v", id, err)
	}
	idle(t, s, o)
	if items := storetest.Page(t, s, room, 10).Items; len(items) != 1 {
		t.Errorf("items %+v", items)
	}
}

// TestEventComesBySyncInsteadOfTheAnswer: the answer is lost for good, and whoever waits hears of the event all the same.
func TestEventComesBySyncInsteadOfTheAnswer(t *testing.T) {
	s, h, o := setup(t)
	h.set(func() {
		h.after = func(w http.ResponseWriter, _ int) bool {
			ev := storetest.Text(1, storetest.Me, "fast")
			ev.ID, ev.Txn = "$sent1", chat.TxnID(h.events[0].Txn)
			storetest.Append(t, s, room, ev)
			return hangUp(w)
		}
	})
	if id, err := o.SendWait(t.Context(), text("fast")); err != nil || id != "$sent1" {
		t.Fatalf("sent %q %v", id, err)
	}
	if h.tries() != 1 {
		t.Errorf("%d tries", h.tries())
	}
}

func TestEncryptedRoomNeverGetsPlaintext(t *testing.T) {
	s := storetest.New(t)
	storetest.Joined(t, s, room)
	h := newHomeserver(t)
	c := &cipher{}
	o := newOutbox(t, s, h.URL, c)
	h.set(func() {
		h.answer = func(w http.ResponseWriter, n int, _ sentEvent) bool { return n <= 1 && refuse(w, 500, "M_UNKNOWN") }
	})
	start(t, o)
	o.Send(text("queued in the clear"))
	inState(t, s, "queued in the clear", chat.Waiting)
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.UpdateRoom(room, func(r *store.Room) { r.Encrypted = true })
	})
	o.Online()
	idle(t, s, o)
	equal(t, h.bodies(), "sealed queued in the clear 1")

	// The ciphertext of the first try is the one that every try sends.
	h.set(func() { h.after = func(w http.ResponseWriter, n int) bool { return n == 3 && hangUp(w) } })
	o.Send(text("again"))
	idle(t, s, o)
	equal(t, h.bodies(), "sealed queued in the clear 1", "sealed again 2")

	c.mu.Lock()
	c.err = errTest
	c.mu.Unlock()
	o.Send(text("secret"))
	inState(t, s, "secret", chat.Waiting)
	equal(t, h.bodies(), "sealed queued in the clear 1", "sealed again 2")
}

func TestWhatCannotBeSentReturnsToTheDraft(t *testing.T) {
	s, _, o := setup(t)
	long := strings.Repeat("x", 100_000)
	if _, err := o.SendWait(t.Context(), text(long)); err == nil {
		t.Fatal("a message of 100,000 bytes was queued")
	}
	d, err := s.Drafts(t.Context())
	if err != nil || len(d) != 1 || d[0].Text != long {
		t.Errorf("drafts %d %v", len(d), err)
	}
}
