package verify

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

func TestPersonInARoom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ada, bo := w.session("@ada:x", "ADA", true), w.session("@bo:x", "BO", true)
		other, eve := w.session("@bo:x", "BO2", true), w.session("@eve:x", "EVE", true)
		id := ada.m.Request("@bo:x", "", "!room:x")
		v := bo.want(chat.VerifyRequested)
		if !v.Incoming || v.Own || v.User != "@ada:x" || v.Device != "ADA" || v.Room != "!room:x" || time.Until(v.Until) != 10*time.Minute {
			t.Errorf("bo sees %+v", v)
		}
		if v := ada.want(chat.VerifyRequested); v.ID != id || v.Incoming || v.User != "@bo:x" || v.Device != "" {
			t.Errorf("ada sees %+v", v)
		}
		other.want(chat.VerifyRequested)
		eve.idle()
		bo.m.Accept(v.ID)
		if v := ada.want(chat.VerifyReady); !v.CanSAS || !v.CanScan || !v.CanShow || v.Code == nil || v.Device != "BO" {
			t.Errorf("ada sees %+v", v)
		}
		other.wantEnd(chat.VerifyCancelled, codeAccepted, true)
		compare(ada, bo)
		ada.wantEnd(chat.VerifyDone, "", false)
		bo.wantEnd(chat.VerifyDone, "", false)
		if want := (Verified{User: "@bo:x", Device: "BO", DeviceKey: testKey("BO"), MasterKey: testKey("@bo:x master")}); !slices.Equal(ada.signed, []Verified{want}) {
			t.Errorf("ada signed %+v", ada.signed)
		}
		eve.idle()
		if len(ada.note)+len(bo.note) > 0 {
			t.Errorf("notes are left: %s %s", ada.note, bo.note)
		}
	})
}

func TestOwnSessions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		fresh, old := w.session("@ada:x", "FRESH", false), w.session("@ada:x", "OLD", true)
		third := w.session("@ada:x", "THIRD", true)
		fresh.m.Request("@ada:x", "", "")
		v := old.want(chat.VerifyRequested)
		third.want(chat.VerifyRequested)
		old.m.Accept(v.ID)
		third.wantEnd(chat.VerifyCancelled, codeAccepted, false)
		vo, vf := old.want(chat.VerifyReady), fresh.want(chat.VerifyReady)
		if !vo.Own || vf.Device != "OLD" {
			t.Errorf("they see %+v and %+v", vo, vf)
		}
		fresh.m.Scan(vf.ID, vo.Code)
		fresh.want(chat.VerifyConfirmed)
		old.m.Confirm(old.want(chat.VerifyScanned).ID)
		fresh.wantEnd(chat.VerifyDone, "", false)
		old.wantEnd(chat.VerifyDone, "", false)
		if l := old.last().Verified; !slices.Equal(l, []chat.DeviceID{"FRESH"}) {
			t.Errorf("verified %v", l)
		}
		if len(fresh.signed) != 1 || fresh.signed[0].MasterKey != testKey("@ada:x master") || len(old.signed) != 1 || old.signed[0].DeviceKey != testKey("FRESH") {
			t.Errorf("signed %+v %+v", fresh.signed, old.signed)
		}
		// Only one session is asked.
		old.m.Request("@ada:x", "THIRD", "")
		third.m.Cancel(third.want(chat.VerifyRequested).ID)
		old.wantEnd(chat.VerifyCancelled, codeUser, false)
		if len(fresh.m.List()) != 1 {
			t.Errorf("the other session heard of it: %+v", fresh.m.List())
		}
	})
}

// TestDeclined: one session declines, and the others hear of it.
func TestDeclined(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, c := w.session("@ada:x", "A", true), w.session("@ada:x", "B", true), w.session("@ada:x", "C", true)
		a.m.Request("@ada:x", "", "")
		b.m.Cancel(b.want(chat.VerifyRequested).ID)
		a.wantEnd(chat.VerifyCancelled, codeUser, false)
		b.wantEnd(chat.VerifyCancelled, codeUser, true)
		c.wantEnd(chat.VerifyCancelled, codeUser, false)

		ada, bo, bo2 := w.session("@eve:x", "E", true), w.session("@bo:x", "BO", true), w.session("@bo:x", "BO2", true)
		ada.m.Request("@bo:x", "", "!room:x")
		bo.m.Cancel(bo.want(chat.VerifyRequested).ID)
		ada.wantEnd(chat.VerifyCancelled, codeUser, false)
		bo2.wantEnd(chat.VerifyCancelled, codeUser, true)
		// And who asked takes it back.
		again := ada.m.Request("@bo:x", "", "!room:x")
		bo.want(chat.VerifyRequested)
		ada.m.Cancel(again)
		ada.wantEnd(chat.VerifyCancelled, codeUser, true)
		bo.wantEnd(chat.VerifyCancelled, codeUser, false)
	})
}

// TestEveryDecisionIsAnswered: a screen that waits for what comes of a decision is not left waiting.
func TestEveryDecisionIsAnswered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		b.own.Trusted = false
		a.m.Request("@bo:x", "", "!room:x")
		v := b.want(chat.VerifyRequested)
		if v.Problem == nil || v.Problem.Kind != chat.ProblemUnverified {
			t.Errorf("a session that is not verified is asked: %+v", v)
		}
		for name, do := range map[string]func(){
			"accept": func() { b.m.Accept(v.ID) }, "begin": func() { b.m.StartSAS(v.ID) }, "scan": func() { b.m.Scan(v.ID, nil) },
			"confirm": func() { b.m.Confirm(v.ID) }, "no such": func() { b.m.Cancel("no such") },
		} {
			before := b.told
			do()
			b.want(chat.VerifyRequested)
			if b.told != before+1 {
				t.Errorf("%s is answered %d times", name, b.told-before)
			}
		}
	})
}

func TestTimeouts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@ada:x")
		a.m.Request("@ada:x", "", "")
		b.want(chat.VerifyRequested)
		<-time.After(timeLimit - time.Second)
		b.want(chat.VerifyRequested)
		<-time.After(2 * time.Second)
		a.wantEnd(chat.VerifyCancelled, codeTimeout, true)
		if v := b.last(); v.Reason != codeTimeout {
			t.Errorf("b ended with %s", v.Reason)
		}
		// In the middle, with the other side gone.
		a.m.Request("@ada:x", "", "")
		b.m.Accept(b.want(chat.VerifyRequested).ID)
		a.m.StartSAS(a.want(chat.VerifyReady).ID)
		a.want(chat.VerifyCompare)
		b.end()
		<-time.After(timeLimit)
		a.wantEnd(chat.VerifyCancelled, codeTimeout, true)
	})
}

func TestStaleAndForeignRequests(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bo := w.session("@bo:x", "BO", true)
		w.session("@ada:x", "ADA", true)
		request := func(txn string, device chat.DeviceID, at time.Time, more string) {
			bo.asked("@ada:x", device, txn, at, more)
		}
		now := time.Now()
		request("old", "ADA", now.Add(-maxAge-time.Second), "")
		request("future", "ADA", now.Add(maxAhead+time.Second), "")
		request("ghost", "NOT THERE", now, "")
		request("", "ADA", now, "")
		request("twice", "ADA", now, `,"timestamp":1`)
		room := func(sender, to, msgtype string) {
			bo.m.HandleRoomEvent(RoomEvent{Room: "!r:x", ID: "$x", Sender: chat.UserID(sender), At: now, Type: typeMessage, Content: jsontext.Value(fmt.Sprintf(
				`{"msgtype":%q,"to":%q,"from_device":"ADA","methods":["m.sas.v1"]}`, msgtype, to))})
		}
		room("@ada:x", "@eve:x", typeRequest)
		room("@bo:x", "@bo:x", typeRequest)
		room("@ada:x", "@bo:x", "m.text")
		bo.idle()
		request("ahead", "ADA", now.Add(maxAhead), "")
		v := bo.want(chat.VerifyRequested)
		if !v.Until.Equal(now.Add(timeLimit)) {
			t.Errorf("it stays until %v", v.Until.Sub(now))
		}
		bo.m.Cancel(v.ID)
		bo.wantEnd(chat.VerifyCancelled, codeUser, true)
		request("ahead", "ADA", now.Add(maxAhead), "") // again
		synctest.Wait()
		bo.wantEnd(chat.VerifyCancelled, codeUser, true)
	})
}

// TestBothAsk: the two requests become one, without anybody having to accept.
func TestBothAsk(t *testing.T) {
	for name, room := range map[string]chat.RoomID{"room": "!room:x", "devices": ""} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				userB := chat.UserID("@bo:x")
				if room == "" {
					userB = "@ada:x"
				}
				a, b := w.session("@ada:x", "A", true), w.session(userB, "B", true)
				idA, idB := a.m.Request(userB, "", room), b.m.Request("@ada:x", "", room)
				va, vb := a.want(chat.VerifyReady), b.want(chat.VerifyReady)
				if va.ID != idA || vb.ID != idB {
					t.Error("the screens lost sight of it")
				}
				compare(a, b)
				a.wantEnd(chat.VerifyDone, "", false)
				b.wantEnd(chat.VerifyDone, "", false)
			})
		})
	}
}

// TestTwoSessionsAnswer: what stands first in the room counts, for all who see it.
func TestTwoSessionsAnswer(t *testing.T) {
	for range 20 {
		inWorld(t, func(t *testing.T, w *world) {
			ada, one, two := w.session("@ada:x", "ADA", true), w.session("@bo:x", "ONE", true), w.session("@bo:x", "TWO", true)
			ada.m.Request("@bo:x", "", "!room:x")
			id1, id2 := one.want(chat.VerifyRequested).ID, two.want(chat.VerifyRequested).ID
			one.m.Accept(id1)
			two.m.Accept(id2)
			winner, other := one, two
			if ada.want(chat.VerifyReady).Device == "TWO" {
				winner, other = two, one
			}
			other.wantEnd(chat.VerifyCancelled, codeAccepted, true)
			compare(winner, ada)
			ada.wantEnd(chat.VerifyDone, "", false)
			winner.wantEnd(chat.VerifyDone, "", false)
		})
	}
}

// TestBothAskAndOneIsSlow: the request that is given up for theirs takes longer than our answer to theirs.
func TestBothAskAndOneIsSlow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		release := make(chan struct{})
		b.m.opt.Transport = &slowRoom{node: b, release: release}
		b.m.Request("@ada:x", "", "!room:x")
		synctest.Wait()
		a.m.Request("@bo:x", "", "!room:x")
		synctest.Wait()
		close(release)
		a.want(chat.VerifyReady)
		b.want(chat.VerifyReady)
	})
}

// TestAskedByWhomWeAsk: to ask somebody who has asked us is to accept.
func TestAskedByWhomWeAsk(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		a.m.Request("@bo:x", "", "!room:x")
		b.want(chat.VerifyRequested)
		id := b.m.Request("@ada:x", "", "!other:x")
		a.want(chat.VerifyReady)
		if v := b.want(chat.VerifyReady); v.ID != id || v.Room != "!room:x" {
			t.Errorf("b sees %+v", v)
		}
	})
}

// TestSameSessionAsksAgain: all attempts end, as the specification has it.
func TestSameSessionAsksAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@ada:x")
		a.m.Request("@ada:x", "B", "")
		b.want(chat.VerifyRequested)
		a.m.Request("@ada:x", "B", "")
		b.wantEnd(chat.VerifyCancelled, codeUnexpected, true)
		a.wantEnd(chat.VerifyCancelled, codeUnexpected, false)
	})
}

// TestFloods: strangers cannot make it hold more than a few requests, nor keep own sessions out.
func TestFloods(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bo, bo2 := w.session("@bo:x", "BO", true), w.session("@bo:x", "BO2", true)
		for i := range 400 {
			user, device := chat.UserID(fmt.Sprintf("@u%d:x", i/10)), chat.DeviceID(fmt.Sprintf("D%d", i%10))
			w.mu.Lock()
			if i%10 == 0 {
				w.keys[user] = Person{Master: testKey(string(user)), Devices: map[chat.DeviceID]string{}}
			}
			w.keys[user].Devices[device] = testKey(string(device))
			w.mu.Unlock()
			bo.asked(user, device, fmt.Sprint("t", i), time.Now(), "")
		}
		synctest.Wait()
		users := map[chat.UserID]int{}
		for _, v := range bo.m.List() {
			users[v.User]++
			if users[v.User] > maxPerUser {
				t.Errorf("%d requests of %s", users[v.User], v.User)
			}
		}
		if n := len(bo.m.List()); n > maxOthers {
			t.Errorf("%d requests", n)
		}
		// Nor make it ask the homeserver again and again for sessions that are not there.
		for _, v := range bo.m.List() {
			bo.m.Cancel(v.ID)
		}
		synctest.Wait()
		<-time.After(timeLimit + time.Second)
		bo.mu.Lock()
		bo.looked = 0
		bo.mu.Unlock()
		for i := range 2000 {
			bo.asked(chat.UserID(fmt.Sprintf("@v%d:x", i/100)), "G", fmt.Sprint("g", i), time.Now(), "")
			synctest.Wait()
		}
		bo.mu.Lock()
		if bo.looked > maxAllAsks {
			t.Errorf("%d questions", bo.looked)
		}
		bo.mu.Unlock()
		// Answers to messages of nowhere are few, and an own session still gets through.
		w.mu.Lock()
		w.log = nil
		w.mu.Unlock()
		for i := range 5000 {
			bo.m.HandleToDevice(ToDevice{Sender: "@u1:x", Type: typeKey, Content: jsontext.Value(fmt.Sprintf(`{"transaction_id":"n%d","key":"x"}`, i))})
			bo.m.HandleRoomEvent(RoomEvent{Room: "!r:x", Sender: "@u1:x", Type: typeKey, Content: jsontext.Value(`{"key":"x"}`), Relates: chat.EventID(fmt.Sprint(i))})
		}
		synctest.Wait()
		w.mu.Lock()
		if len(w.log) > maxAnswers {
			t.Errorf("%d answers", len(w.log))
		}
		w.mu.Unlock()
		bo2.m.Request("@bo:x", "BO", "")
		synctest.Wait()
		if !slices.ContainsFunc(bo.m.List(), func(v chat.Verification) bool { return v.Own }) {
			t.Error("the own session did not get through")
		}
	})
}

func TestUnknownTransactions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bo := w.session("@bo:x", "BO", true)
		w.session("@ada:x", "ADA", true)
		for _, c := range []struct {
			typ, content string
			answers      int
		}{
			{typeReady, `{"transaction_id":"1","from_device":"ADA","methods":[]}`, 1},
			{typeAccept, `{"transaction_id":"2","commitment":"x"}`, 1},
			{typeKey, `{"transaction_id":"3","key":"x"}`, 1},
			{typeKey, `{"transaction_id":"3","key":"y"}`, 0}, // said already
			{typeMAC, `{"transaction_id":"4"}`, 1},
			{typeDone, `{"transaction_id":"5"}`, 1},
			{typeCancel, `{"transaction_id":"6","code":"m.user","reason":""}`, 0},
			{typeStart, `{"transaction_id":"7","from_device":"ADA","method":"m.telepathy"}`, 0},
			{typeKey, `{"key":"y"}`, 0},
		} {
			w.mu.Lock()
			before := len(w.log)
			w.mu.Unlock()
			bo.m.HandleToDevice(ToDevice{Sender: "@ada:x", Type: c.typ, Content: jsontext.Value(c.content)})
			synctest.Wait()
			w.mu.Lock()
			if n := len(w.log) - before; n != c.answers {
				t.Errorf("%s %s: %d answers", c.typ, c.content, n)
			}
			w.mu.Unlock()
		}
	})
}

// TestStartWithoutRequest: older clients begin at once; our person is asked all the same.
func TestStartWithoutRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@ada:x")
		a.m.post(func(context.Context) {
			f := a.m.newFlow("old", "@ada:x", "")
			f.txn, f.direct, f.device, f.until, f.methods = "direct", true, "B", time.Now().Add(timeLimit), []string{methodSAS}
			f.pins = pinsOf(a.own, w.keys["@ada:x"], "@ada:x", "B")
			f.state = stateReady
			f.begin()
		})
		v := b.want(chat.VerifyRequested)
		b.end()
		b.start() // it survives this too
		v = b.want(chat.VerifyRequested)
		b.m.Accept(v.ID)
		va, vb := a.want(chat.VerifyCompare), b.want(chat.VerifyCompare)
		a.m.Confirm(va.ID)
		b.m.Confirm(vb.ID)
		a.wantEnd(chat.VerifyDone, "", false)
		b.wantEnd(chat.VerifyDone, "", false)
	})
}

func TestNobodyToVerify(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		a.m.Request("@ada:x", "", "")
		if v := a.last(); v.Problem == nil || v.Problem.Kind != chat.ProblemNotFound {
			t.Errorf("no other session: %+v", v)
		}
		w.mu.Lock()
		w.keys["@bo:x"] = Person{Devices: w.keys["@bo:x"].Devices}
		w.mu.Unlock()
		a.m.Request("@bo:x", "", "!room:x")
		if v := a.last(); v.Problem == nil || v.Problem.Kind != chat.ProblemNoIdentity || v.Problem.Detail != "@bo:x" {
			t.Errorf("no identity: %+v", v)
		}
		b.idle()
		b.mu.Lock()
		b.own.Master, b.own.Trusted = "", false
		b.mu.Unlock()
		b.m.Request("@ada:x", "", "!room:x")
		if v := b.last(); v.Problem == nil || v.Problem.Kind != chat.ProblemNoIdentity || v.Problem.Detail != "@bo:x" {
			t.Errorf("no own identity: %+v", v)
		}
	})
}

// TestKeysChangeWhileAsked: the homeserver tells of another identity while a request is open.
func TestKeysChangeWhileAsked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.two("@bo:x")
		a.m.Request("@bo:x", "", "!room:x")
		b.want(chat.VerifyRequested)
		b.m.PeopleChanged("@ada:x") // nothing did
		b.want(chat.VerifyRequested)
		w.mu.Lock()
		w.keys["@ada:x"] = Person{Master: testKey("mallory"), Devices: w.keys["@ada:x"].Devices}
		w.mu.Unlock()
		b.m.PeopleChanged("@ada:x")
		b.wantEnd(chat.VerifyCancelled, codeKey, true)
		a.wantEnd(chat.VerifyCancelled, codeKey, false)
	})
}
