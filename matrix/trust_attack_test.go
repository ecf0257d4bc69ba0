package matrix_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	mcrypto "maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// toDevice sends a to-device event in clear, as anybody may.
// Spec: client-server-api#put_matrixclientv3sendtodeviceeventtypetxnid
func toDevice(from *matrixtest.Client, to *core, eventType string, content any) {
	me := to.Account()
	from.Call(http.MethodPut, "/_matrix/client/v3/sendToDevice/"+eventType+"/"+eventType+from.DeviceID, map[string]any{
		"messages": map[string]any{string(me.User): map[string]any{string(me.Device): content}},
	}, nil)
}

// What counts only under Olm is not taken in clear: keys, keys passed on,
// secrets. It does not matter that the sender is an own session.
func TestNothingIsTakenInClear(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	bo, spy := hs.NewClient(t, "bo"), hs.Login(t, account)
	room := bo.CreateRoom(map[string]any{"preset": "public_chat", "initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	ada := signIn(t, hs, account, t.TempDir())
	ada.setUp(account.Password)
	ada.made(func() string { return ada.Join(room) })

	out, err := session.NewMegolmOutboundSession()
	if err != nil {
		t.Fatal(err)
	}
	key := out.Key()
	clear, err := json.Marshal(map[string]any{
		"type": "m.room.message", "room_id": room, "content": map[string]any{"msgtype": "m.text", "body": "pay the pirate"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, err := out.Encrypt(clear)
	if err != nil {
		t.Fatal(err)
	}
	signing, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	senderKey := base64.RawStdEncoding.EncodeToString(signing) // both of its device's keys: nobody looks
	event := bo.Send(room, "m.room.encrypted", map[string]any{
		"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": string(ciphertext), "session_id": out.ID(),
		"sender_key": senderKey, "device_id": bo.DeviceID,
	})
	in, err := mcrypto.NewInboundGroupSession(id.SenderKey(senderKey), id.Ed25519(senderKey), id.RoomID(room), key, 0, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	passed, err := in.Internal.Export(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []*matrixtest.Client{bo, spy} {
		toDevice(from, ada, "m.room_key", map[string]any{
			"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": out.ID(), "session_key": key,
		})
		toDevice(from, ada, "m.forwarded_room_key", map[string]any{
			"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": out.ID(), "session_key": string(passed),
			"sender_key": senderKey, "sender_claimed_ed25519_key": senderKey, "forwarding_curve25519_key_chain": []string{},
		})
		toDevice(from, ada, "m.secret.send", map[string]any{"request_id": "1", "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
		toDevice(from, ada, "m.key.verification.done", map[string]any{"transaction_id": "1"})
	}
	bo.SendState(room, "m.room.topic", "", map[string]any{"topic": "all is said"})
	ada.wait("the topic", func(ctx context.Context) (bool, error) {
		r, _, err := ada.Store().Room(ctx, chat.RoomID(room))
		return r.Topic == "all is said", err
	})
	shown := func() (found chat.Message) {
		ada.wait("the event", func(ctx context.Context) (bool, error) {
			page, err := ada.Store().Page(ctx, chat.PageQuery{Room: chat.RoomID(room), Limit: 50})
			at := slices.IndexFunc(page.Items, func(m chat.Message) bool { return string(m.ID) == event })
			if at >= 0 {
				found = page.Items[at]
			}
			return at >= 0, err
		})
		return found
	}
	if m := shown(); m.Kind != chat.KindUndecrypted {
		t.Fatalf("a key in clear opens %+v", m)
	}
	if tr := ada.trust("it is as before", chat.Trust.Complete); tr.Identity != chat.IdentityOwn {
		t.Errorf("trust %+v", tr)
	}
	// Taken from a file, the same key opens the event: it was only the way that was wrong.
	file, err := mcrypto.ExportKeys("x", []*mcrypto.InboundGroupSession{in})
	if err != nil {
		t.Fatal(err)
	}
	if n, _, err := ada.Trust().ImportKeys(t.Context(), file, "x"); err != nil || n != 1 {
		t.Fatalf("%d keys, %v", n, err)
	}
	if m := ada.message(chat.RoomID(room), "pay the pirate"); m.Shield == chat.ShieldNone {
		t.Errorf("no mark on %+v", m)
	}
}

// The homeserver adds a session to the account of each: its own owner is told,
// and in a room for confirmed sessions it gets nothing from either.
func TestHomeserverAddsSessions(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	ada := signIn(t, hs, adaAccount, t.TempDir())
	ada.setUp(adaAccount.Password)
	bo := matrixtest.StartPeer(t, hs, boAccount)
	bo.SetUpTrust()
	room := bo.CreateRoom("vault", true, adaAccount.UserID)
	ada.room(chat.RoomID(room), chat.MemberInvited)
	ada.made(func() string { return ada.Join(room) })
	bo.WaitMember(room, adaAccount.UserID, "join")

	spies := []*matrixtest.Peer{matrixtest.StartPeer(t, hs, adaAccount), matrixtest.StartPeer(t, hs, boAccount)}
	ada.trust("the alert", func(tr chat.Trust) bool {
		return len(tr.Fresh) == 1 && string(tr.Fresh[0].ID) == spies[0].DeviceID && tr.Identity == chat.IdentityOwn
	})
	lock := func(what string, done func(chat.RoomLock) bool) {
		t.Helper()
		ada.wait(what, func(ctx context.Context) (bool, error) {
			l, err := ada.Trust().Lock(ctx, chat.RoomID(room))
			return err == nil && done(l), err
		})
	}
	lock("two sessions nobody confirmed", func(l chat.RoomLock) bool { return l.Unsigned == 2 })
	if err := ada.Trust().SetPolicy(t.Context(), chat.RoomID(room), chat.RoomPolicy{Share: chat.PolicySigned}); err != nil {
		t.Fatal(err)
	}
	lock("two left out", func(l chat.RoomLock) bool { return l.ExcludedCount == 2 })
	secret := string(ada.say(chat.RoomID(room), "the plan"))
	bo.WaitMessage(room, "the plan")
	for _, spy := range spies {
		if m := spy.WaitFailure(room, secret); !strings.Contains(m.Failure, "WITHHELD") {
			t.Errorf("%s sees %+v", spy.DeviceID, m)
		}
	}
	spies[1].WaitEncrypted(room)
	spies[1].SendText(room, "I am bo")
	if m := ada.message(chat.RoomID(room), "I am bo"); m.Shield != chat.ShieldUnsigned || !m.Shield.Grave() {
		t.Errorf("shield %v", m.Shield)
	}
}

// The homeserver gives somebody whom we verified another identity: messages
// stop until the person has looked at it, and then the ones that waited go.
func TestVerifiedPersonIsSwapped(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
	ada := signIn(t, hs, adaAccount, t.TempDir())
	ada.setUp(adaAccount.Password)
	bo := matrixtest.StartPeer(t, hs, boAccount)
	bo.SetUpTrust()
	user := chat.UserID(boAccount.UserID)

	feed := ada.verifications()
	name := ada.Trust().Verify(user, "")
	room := ada.verification(feed, "room", func(v chat.Verification) bool { return v.ID == name && v.Room != "" }).Room
	bo.WaitInvite(string(room))
	bo.Join(string(room))
	theirs := bo.WaitRoomVerification(string(room), adaAccount.UserID)
	theirs.Accept()
	phase := func(p chat.VerificationPhase) func(chat.Verification) bool {
		return func(v chat.Verification) bool { return v.ID == name && v.Phase == p }
	}
	ada.verification(feed, "ready", phase(chat.VerifyReady))
	ada.Trust().CompareEmoji(name)
	theirs.AcceptSAS()
	ada.verification(feed, "emoji", phase(chat.VerifyCompare))
	theirs.ConfirmSAS()
	ada.Trust().ConfirmVerification(name)
	ada.verification(feed, "done", phase(chat.VerifyDone))
	person := func(want chat.PersonTrust) {
		t.Helper()
		ada.wait("another trust in bo", func(ctx context.Context) (bool, error) {
			p, err := ada.Trust().Person(ctx, user)
			return p.Trust == want, err
		})
	}
	person(chat.PersonVerified)
	ada.say(room, "to bo alone")
	bo.WaitMessage(string(room), "to bo alone")

	thief := matrixtest.StartPeer(t, hs, boAccount)
	thief.ResetIdentity(boAccount.Password)
	person(chat.PersonWithdrawn)
	_, err := ada.SendWait(t.Context(), chat.Outgoing{Room: room, Text: "not for a thief"})
	var p *chat.Problem
	if !errors.As(err, &p) || p.Kind != chat.ProblemIdentity {
		t.Fatalf("sent all the same: %v", err)
	}
	for _, e := range hs.Login(t, adaAccount).Events(string(room)) {
		if e.Type == "m.room.message" {
			t.Errorf("in clear: %s", e.Content)
		}
	}
	if l, err := ada.Trust().Lock(t.Context(), room); err != nil || !slices.Contains(l.Changed, user) {
		t.Errorf("lock %+v %v", l, err)
	}
	shown, err := ada.Trust().Person(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Trust().Acknowledge(t.Context(), user, "another than "+shown.MasterKey); err == nil {
		t.Error("an identity that is not the present one was accepted")
	}
	if err := ada.Trust().Acknowledge(t.Context(), user, shown.MasterKey); err != nil {
		t.Fatal(err)
	}
	person(chat.PersonPinned)
	var waiting chat.ItemKey
	ada.wait("the message that was held", func(ctx context.Context) (bool, error) {
		page, err := ada.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 50})
		for _, m := range page.Items {
			if m.Body == "not for a thief" {
				waiting = m.Key
			}
		}
		return waiting != 0, err
	})
	ada.Retry(waiting)
	bo.WaitMessage(string(room), "not for a thief")
}

// The homeserver gives a message of one person as another's: it is not shown
// as that person's without a warning.
func TestMessageUnderAnotherName(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	proxy, behind := hs.Before(t)
	ada := signIn(t, behind, hs.NewAccount(t, "ada"), t.TempDir())
	bo, eve := signIn(t, hs, hs.NewAccount(t, "bo"), t.TempDir()), signIn(t, hs, hs.NewAccount(t, "eve"), t.TempDir())
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "court", Invite: []chat.UserID{bo.Account().User, eve.Account().User}})
	}))
	for _, k := range []*core{bo, eve} {
		k.room(room, chat.MemberInvited)
		k.made(func() string { return k.Join(string(room)) })
	}
	bo.say(room, "bo is here")
	ada.message(room, "bo is here")
	eve.say(room, "eve is here")
	ada.message(room, "eve is here")
	from, to := `"sender":"`+string(eve.Account().User)+`"`, `"sender":"`+string(bo.Account().User)+`"`
	proxy.On(matrixtest.Match{Method: http.MethodGet, Path: syncPath}, matrixtest.Rewrite(func(body []byte) []byte {
		at := strings.Index(string(body), `"rooms"`)
		if at < 0 {
			return body
		}
		return []byte(string(body[:at]) + strings.ReplaceAll(string(body[at:]), from, to))
	}))
	bo.say(room, "look") // a request that was under way before the rule is answered with this
	ada.message(room, "look")
	event := eve.say(room, "I did it")
	ada.wait("the forged message", func(ctx context.Context) (bool, error) {
		page, err := ada.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 50})
		for _, m := range page.Items {
			if m.ID != event {
				continue
			}
			if m.Sender != bo.Account().User {
				t.Fatalf("the attack does not work: %+v", m)
			}
			if m.Kind != chat.KindUndecrypted && !m.Shield.Grave() {
				t.Errorf("shown as bo's: %+v", m)
			}
			return true, err
		}
		return false, err
	})
}

// An Olm message that comes again is dropped: nobody's session is given up for it.
func TestOlmMessageComesAgain(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Synapse(t)
	proxy, behind := hs.Before(t)
	ada, bo := signIn(t, behind, hs.NewAccount(t, "ada"), t.TempDir()), signIn(t, hs, hs.NewAccount(t, "bo"), t.TempDir())
	var mu sync.Mutex
	var kept []any
	again := false
	proxy.On(matrixtest.Match{Method: http.MethodGet, Path: syncPath}, matrixtest.RewriteJSON(func(answer map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		part := in(answer, "to_device")
		list, _ := part["events"].([]any)
		kept = append(kept, list...)
		if again && in(answer, "rooms")["join"] != nil {
			part["events"] = append(slices.Clone(kept), list...)
		}
	}))
	room := chat.RoomID(ada.made(func() string {
		return ada.Create(chat.NewRoom{Name: "quay", Invite: []chat.UserID{bo.Account().User}})
	}))
	bo.room(room, chat.MemberInvited)
	bo.made(func() string { return bo.Join(string(room)) })
	ada.say(room, "hello")
	bo.message(room, "hello")
	bo.say(room, "hello ada")
	ada.message(room, "hello ada")
	mu.Lock()
	again = true
	mu.Unlock()
	before := len(proxy.Requests(matrixtest.Match{Path: "**/sendToDevice/**"}))
	bo.say(room, "once more")
	ada.message(room, "once more")
	if err := bo.Trust().Rotate(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	bo.say(room, "with a new key")
	ada.message(room, "with a new key")
	ada.say(room, "fine")
	bo.message(room, "fine")
	mu.Lock()
	defer mu.Unlock()
	if len(kept) < 2 {
		t.Errorf("%d to-device events came: the attack does not work", len(kept))
	}
	if after := proxy.Requests(matrixtest.Match{Path: "**/sendToDevice/**"}); len(after) != before {
		t.Errorf("%d answers to what came again: %s", len(after)-before, after[len(after)-1].Path)
	}
}
