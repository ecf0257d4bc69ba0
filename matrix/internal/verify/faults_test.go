package verify

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

func TestRestarts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ada, bo := w.session("@ada:x", "ADA", true), w.session("@bo:x", "BO", true)
		ada.m.Request("@bo:x", "", "!room:x")
		bo.want(chat.VerifyRequested)
		bo.end()
		<-time.After(time.Minute)
		bo.start()
		if v := bo.want(chat.VerifyRequested); time.Until(v.Until) != 9*time.Minute {
			t.Errorf("it stays for %v", time.Until(v.Until))
		}
		bo.m.Accept(bo.one().ID)
		compare(ada, bo)
		ada.wantEnd(chat.VerifyDone, "", false)

		// Under way: cancelled, and the other side hears of it.
		ada.m.Request("@bo:x", "", "!room:x")
		bo.m.Accept(bo.want(chat.VerifyRequested).ID)
		ada.m.StartSAS(ada.want(chat.VerifyReady).ID)
		ada.want(chat.VerifyCompare)
		bo.end()
		bo.start()
		ada.wantEnd(chat.VerifyCancelled, codeUser, false)
		bo.idle()

		// Ours, not answered: taken back.
		ada.m.Request("@bo:x", "", "!room:x")
		bo.want(chat.VerifyRequested)
		ada.end()
		ada.start()
		bo.wantEnd(chat.VerifyCancelled, codeUser, false)

		// Too long ago, or the keys became others meanwhile: gone.
		ada.m.Request("@bo:x", "", "!room:x")
		bo.want(chat.VerifyRequested)
		bo.end()
		<-time.After(timeLimit)
		bo.start()
		bo.idle()
		ada.m.Request("@bo:x", "", "!room:x")
		bo.want(chat.VerifyRequested)
		bo.end()
		w.mu.Lock()
		w.keys["@ada:x"].Devices["ADA"] = testKey("mallory")
		w.mu.Unlock()
		bo.start()
		bo.idle()
	})
}

// TestNotesOfAnyShape: what lies in the store may be damaged.
func TestNotesOfAnyShape(t *testing.T) {
	for _, note := range []string{"", "null", "[]", "{", `[{}]`, `[{"txn":"x","until":99999999999999999}]`, `[{"open":true,"direct":true,"until":946684860000}]`} {
		inWorld(t, func(t *testing.T, w *world) {
			n := w.session("@ada:x", "A", true)
			n.end()
			n.note = []byte(note)
			n.start()
			n.idle()
		})
	}
}

// TestFaults: what fails for a while is tried again, what fails for good ends it with the reason.
func TestFaults(t *testing.T) {
	offline := &chat.Problem{Kind: chat.ProblemOffline, Retry: true}
	forbidden := &chat.Problem{Kind: chat.ProblemForbidden}
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		fails := 3
		w.broken = func(*node, string) error {
			if fails--; fails >= 0 {
				return offline
			}
			return nil
		}
		a.m.Request("@bo:x", "", "!room:x")
		<-time.After(20 * time.Second)
		b.m.Accept(b.want(chat.VerifyRequested).ID)
		w.mu.Lock()
		w.broken = func(_ *node, typ string) error {
			if typ == typeMAC {
				return forbidden
			}
			return nil
		}
		w.mu.Unlock()
		a.m.StartSAS(a.want(chat.VerifyReady).ID)
		a.m.Confirm(a.want(chat.VerifyCompare).ID)
		if v := a.last(); v.Phase != chat.VerifyCancelled || v.Problem == nil || v.Problem.Kind != chat.ProblemForbidden {
			t.Errorf("a ended with %+v", v)
		}
		b.m.Cancel(b.one().ID)
		synctest.Wait()

		// Signing fails: not done, and it says why.
		w.mu.Lock()
		w.broken = nil
		w.mu.Unlock()
		a.mu.Lock()
		a.refuse = forbidden
		a.mu.Unlock()
		a.m.Request("@bo:x", "", "!room:x")
		b.m.Accept(b.want(chat.VerifyRequested).ID)
		compare(a, b)
		if v := a.last(); v.Phase != chat.VerifyCancelled || v.Problem == nil || v.Problem.Kind != chat.ProblemForbidden {
			t.Errorf("a ended with %+v", v)
		}
		b.wantEnd(chat.VerifyDone, "", false)
	})
}

// TestCalledOffWhileOnItsWay: the request is sent although our person has changed their mind; it is taken back.
func TestCalledOffWhileOnItsWay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		release := make(chan struct{})
		slow := &slowRoom{node: a, release: release}
		a.m.opt.Transport = slow
		id := a.m.Request("@bo:x", "", "!room:x")
		synctest.Wait()
		a.m.Cancel(id)
		synctest.Wait()
		close(release)
		a.wantEnd(chat.VerifyCancelled, codeUser, true)
		synctest.Wait()
		if l := b.m.List(); slices.ContainsFunc(l, chat.Verification.Open) {
			t.Errorf("b still has %+v", l)
		}
	})
}

// TestAnswerBeforeOurOwnRequestReturns: the homeserver answers the request's PUT after everybody has seen it.
func TestAnswerBeforeOurOwnRequestReturns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		release := make(chan struct{})
		a.m.opt.Transport = &slowRoom{node: a, release: release, after: true}
		a.m.Request("@bo:x", "", "!room:x")
		b.m.Accept(b.want(chat.VerifyRequested).ID)
		b.m.StartSAS(b.want(chat.VerifyReady).ID)
		a.want(chat.VerifyRequested)
		close(release)
		a.want(chat.VerifyCompare)
		b.want(chat.VerifyCompare)
	})
}

// TestCalledOffBeforeItBegins: a person who is quicker than the direct message that it needs.
func TestCalledOffBeforeItBegins(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		id := NewID()
		a.m.Cancel(id)
		a.m.Begin(id, "@bo:x", "", "!room:x")
		a.wantEnd(chat.VerifyCancelled, codeUser, true)
		b.idle()
	})
}

// TestRequestThatIsReadableLate: it was taken back, or answered by another session, before its key came.
func TestRequestThatIsReadableLate(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bo := w.session("@bo:x", "BO", true)
		w.session("@ada:x", "ADA", true)
		event := func(id, sender, typ, content string) {
			bo.m.HandleRoomEvent(RoomEvent{
				Room: "!r:x", ID: chat.EventID(id), Sender: chat.UserID(sender), At: time.Now(), Type: typ, Content: jsontext.Value(content),
			})
		}
		request := `{"msgtype":"m.key.verification.request","to":"@bo:x","from_device":"ADA","methods":["m.sas.v1"]}`
		about := func(id, more string) string {
			return `{"m.relates_to":{"rel_type":"m.reference","event_id":"` + id + `"}` + more + `}`
		}
		event("$1", "@ada:x", typeCancel, about("$a", `,"code":"m.user","reason":""`))
		event("$a", "@ada:x", typeMessage, request)
		event("$2", "@bo:x", typeReady, about("$b", `,"from_device":"TABLET","methods":[]`))
		event("$b", "@ada:x", typeMessage, request)
		bo.idle()
		event("$3", "@eve:x", typeCancel, about("$c", `,"code":"m.user","reason":""`)) // a bystander
		event("$c", "@ada:x", typeMessage, request)
		bo.want(chat.VerifyRequested)
	})
}
