package ui

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"hubbub/store/chat"
)

// keeper is an account's trust in memory. What it does not override does nothing.
type keeper struct {
	Trust
	world    *world
	mu       sync.Mutex // queries run in other goroutines
	trust    chat.Trust
	people   map[chat.UserID]chat.Person
	sessions []chat.Session
	locks    map[chat.RoomID]chat.RoomLock
	messages map[chat.ItemKey]chat.MessageTrust
	findings []chat.Finding
	found    bool // RetryKey finds the key
	password chat.Secret
	url      string
}

func (k *keeper) lock() func() { k.mu.Lock(); return k.mu.Unlock }

func (k *keeper) Lock(_ context.Context, room chat.RoomID) (chat.RoomLock, error) {
	defer k.lock()()
	l := k.locks[room]
	l.Room = room
	return l, nil
}

func (k *keeper) SetPolicy(_ context.Context, room chat.RoomID, p chat.RoomPolicy) error {
	defer k.lock()()
	k.world.call("policy %s %d %v", room, p.Share, p.NeverPlain)
	l := k.locks[room]
	l.Set = p
	l.Policy = p
	k.locks[room] = l
	return nil
}

func (k *keeper) Rotate(_ context.Context, room chat.RoomID) error {
	defer k.lock()()
	k.world.call("rotate %s", room)
	l := k.locks[room]
	l.HasKey = false
	k.locks[room] = l
	return nil
}

func (k *keeper) Message(_ context.Context, item chat.ItemKey) (chat.MessageTrust, error) {
	defer k.lock()()
	m, ok := k.messages[item]
	if !ok {
		return m, &chat.Problem{Kind: chat.ProblemNotFound}
	}
	return m, nil
}

func (k *keeper) RetryKey(_ context.Context, item chat.ItemKey) error {
	defer k.lock()()
	k.world.call("retry key %d", item)
	m := k.messages[item]
	m.Undecrypted, m.Asked, m.InBackup = !k.found, true, true
	k.messages[item] = m
	return nil
}

func (k *keeper) Person(_ context.Context, user chat.UserID) (chat.Person, error) {
	defer k.lock()()
	p := k.people[user]
	p.User = user
	return p, nil
}

func (k *keeper) People(_ context.Context, users []chat.UserID) ([]chat.Person, error) {
	defer k.lock()()
	k.world.call("people %v", users)
	var out []chat.Person
	for _, u := range users {
		if p, ok := k.people[u]; ok {
			out = append(out, p)
		}
	}
	return out, nil
}

func (k *keeper) Acknowledge(_ context.Context, user chat.UserID, master string) error {
	defer k.lock()()
	k.world.call("acknowledge %s", user)
	p := k.people[user]
	if p.MasterKey != master {
		return &chat.Problem{Kind: chat.ProblemUntrusted}
	}
	p.Trust = chat.PersonPinned
	k.people[user] = p
	l := k.locks["!g"]
	l.Changed = nil
	k.locks["!g"] = l
	return nil
}

func (k *keeper) Block(_ context.Context, user chat.UserID, session chat.DeviceID, block bool) error {
	defer k.lock()()
	k.world.call("block %s %s %v", user, session, block)
	p := k.people[user]
	p.Sessions = slices.Clone(p.Sessions)
	for i := range p.Sessions {
		if p.Sessions[i].ID == session {
			p.Sessions[i].Trust = chat.SessionUnsigned
			if block {
				p.Sessions[i].Trust = chat.SessionBlocked
			}
		}
	}
	k.people[user] = p
	return nil
}

func (k *keeper) Sessions(context.Context) ([]chat.Session, error) {
	defer k.lock()()
	return slices.Clone(k.sessions), nil
}

func (k *keeper) RenameSession(_ context.Context, session chat.DeviceID, name string) error {
	defer k.lock()()
	k.world.call("rename %s %q", session, name)
	for i := range k.sessions {
		if k.sessions[i].ID == session {
			k.sessions[i].Name = name
		}
	}
	return nil
}

func (k *keeper) EndSessions(_ context.Context, sessions []chat.DeviceID, auth chat.Auth) error {
	defer k.lock()()
	k.world.call("end %v password=%v done=%v uia=%s", sessions, auth.Password == k.password, auth.Done, auth.Session)
	switch {
	case k.url != "" && !auth.Done:
		return &chat.Problem{Kind: chat.ProblemAuth, Auth: &chat.AuthNeeded{URL: k.url, Session: "uia1"}}
	case k.url == "" && auth.Password != k.password:
		return &chat.Problem{Kind: chat.ProblemAuth, Auth: &chat.AuthNeeded{Password: true, Session: "uia1", Wrong: auth.Password != ""}}
	}
	k.sessions = slices.DeleteFunc(k.sessions, func(x chat.Session) bool { return slices.Contains(sessions, x.ID) })
	return nil
}

func (k *keeper) DismissSession(_ context.Context, session chat.DeviceID) error {
	defer k.lock()()
	k.world.call("dismiss %s", session)
	return nil
}

func (k *keeper) Checkup(context.Context) ([]chat.Finding, error) {
	defer k.lock()()
	return slices.Clone(k.findings), nil
}

func (k *keeper) Verify(user chat.UserID, device chat.DeviceID) string {
	return k.world.call("verify %s %q", user, device)
}

// account is what the window asks for at start: it has the name of the interface.
type account struct{ *keeper }

// Trust implements Trust.
func (a account) Trust(context.Context) (chat.Trust, error) {
	defer a.lock()()
	return a.trust, nil
}

func finger(b byte) string {
	out := make([]byte, 43)
	for i := range out {
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(int(b)*7+i*11)%64]
	}
	return string(out)
}

// guarded is the harbour with everything that can be said about trust.
func guarded() *keeper {
	w := harbour()
	seen := time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)
	bo := chat.Person{User: "@bo:example.org", Trust: chat.PersonChanged, MasterKey: finger(2), Sessions: []chat.Session{
		{User: "@bo:example.org", ID: "BOPHONE", Name: "Phone", Fingerprint: finger(3), Trust: chat.SessionSigned},
		{User: "@bo:example.org", ID: "BONEW", Name: "\x1b[31mNew", Fingerprint: finger(4), Trust: chat.SessionUnsigned},
	}}
	k := &keeper{
		world: w, password: "hunter2",
		people: map[chat.UserID]chat.Person{
			"@ada:example.org": {User: "@ada:example.org", Trust: chat.PersonVerified, MasterKey: finger(1), Sessions: []chat.Session{
				{User: "@ada:example.org", ID: "ADA1", Name: "Desk", Fingerprint: finger(5), Trust: chat.SessionVerified},
			}},
			"@bo:example.org": bo,
		},
		sessions: []chat.Session{
			{User: "@me:example.org", ID: "MINE", Name: "hubbub on desk", Fingerprint: finger(6), Trust: chat.SessionVerified, Current: true, LastSeen: seen},
			{User: "@me:example.org", ID: "PHONE", Name: "Phone", Fingerprint: finger(7), Trust: chat.SessionVerified, LastSeen: seen.Add(-3 * time.Hour), LastIP: "192.0.2.7"},
			{User: "@me:example.org", ID: "EVIL", Name: "Browser", Fingerprint: finger(8), Trust: chat.SessionUnsigned, LastSeen: seen},
		},
		locks: map[chat.RoomID]chat.RoomLock{
			"!g": {
				Encrypted: true, Algorithm: "m.megolm.v1.aes-sha2", Policy: chat.RoomPolicy{Share: chat.PolicySigned}, From: "!s",
				HasKey: true, Age: 3 * time.Hour, MaxAge: 7 * 24 * time.Hour, Messages: 12, MaxMessages: 100,
				People: 3, Sessions: 4, Unsigned: 1, Excluded: bo.Sessions[1:], ExcludedCount: 1, Changed: []chat.UserID{"@bo:example.org"},
				SharesHistory: true,
			},
			"!i": {},
		},
		messages: map[chat.ItemKey]chat.MessageTrust{
			1: {Item: 1, Room: "!g", Sender: "@ada:example.org", Session: chat.Session{User: "@ada:example.org", ID: "ADA1", Name: "Desk", Trust: chat.SessionVerified, Fingerprint: finger(5)}, KeyID: "megolm1", Source: chat.KeyDirect},
			3: {Item: 3, Room: "!g", Sender: "@bo:example.org", Session: bo.Sessions[1], KeyID: "megolm3", Source: chat.KeyDirect, Shield: chat.ShieldUnsigned},
			5: {Item: 5, Room: "!g", Sender: "@bo:example.org", Session: bo.Sessions[1], KeyID: "megolm5", Undecrypted: true, Backup: chat.BackupNoKey},
		},
		findings: []chat.Finding{
			{Topic: chat.TopicHomeserver, State: chat.FindingGood, Detail: "v1.15"},
			{Topic: chat.TopicIdentity, State: chat.FindingGood},
			{Topic: chat.TopicSession, State: chat.FindingBroken, Fix: chat.FixVerify},
			{Topic: chat.TopicBackup, State: chat.FindingWarning, Fix: chat.FixRecover},
			{Topic: chat.TopicSessions, State: chat.FindingWarning, Count: 1, Fix: chat.FixSession},
			{Topic: chat.TopicPeople, State: chat.FindingWarning, Count: 1, Detail: "@bo:example.org", Fix: chat.FixPerson},
			{Topic: chat.TopicOneTime, State: chat.FindingGood, Count: 50},
			{Topic: chat.TopicStore, State: chat.FindingBroken, Problem: &chat.Problem{Kind: chat.ProblemDiskFull}},
			{Topic: chat.TopicClock, State: chat.FindingWarning, Detail: "3 h 2 min", Fix: chat.FixClock},
		},
	}
	for i := range w.items["!g"] {
		w.items["!g"][i].Encrypted = true
	}
	w.items["!g"][2].Shield = chat.ShieldUnsigned
	lost := text(5, "bo", "")
	lost.Kind, lost.Cause, lost.Encrypted, lost.SessionID = chat.KindUndecrypted, chat.CauseUnknownSession, true, "megolm5"
	w.items["!g"] = append(w.items["!g"], lost)
	return k
}

// guard sits down before an account with trust.
func guard(t testing.TB, k *keeper, width, height int) *seat {
	t.Helper()
	s := sit(t, k.world, width, height, func(o *Options) {
		o.Backend.Trust, o.Backend.Known = account{k}, k
	})
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
	return s
}

// kept returns the account's trust.
func (s *seat) kept() *keeper { return s.win.back.Trust.(account).keeper }

// keptBy returns the trust of any world, for tests that are about something else.
func keptBy(w *world) *keeper {
	k := guarded()
	k.world = w
	k.messages[59] = chat.MessageTrust{Item: 59, Sender: "@bo:example.org", Undecrypted: true}
	return k
}

func (k *keeper) SetUp(context.Context, chat.SetUp) (chat.Secret, error) {
	k.world.call("set up")
	return "", &chat.Problem{Kind: chat.ProblemExists}
}

func (k *keeper) Recover(context.Context, chat.Secret) error {
	k.world.call("recover")
	return &chat.Problem{Kind: chat.ProblemSecret}
}

func (k *keeper) NewRecoveryKey(context.Context, chat.Secret) (chat.Secret, error) {
	k.world.call("new recovery key")
	return "", &chat.Problem{Kind: chat.ProblemNoIdentity}
}

func (k *keeper) LockSecrets(context.Context) error { k.world.call("lock secrets"); return nil }
func (k *keeper) ResetBackup(context.Context) error { k.world.call("reset backup"); return nil }

func (k *keeper) RestoreBackup(context.Context) (int, error) {
	k.world.call("restore backup")
	return 0, nil
}

func (k *keeper) ExportKeys(context.Context, chat.Secret) ([]byte, error) {
	k.world.call("export keys")
	return nil, nil
}

func (k *keeper) ImportKeys(context.Context, []byte, chat.Secret) (imported, total int, err error) {
	k.world.call("import keys")
	return 0, 0, nil
}

func (k *keeper) AcceptVerification(id string)       { k.world.call("accept %s", id) }
func (k *keeper) CompareEmoji(id string)             { k.world.call("compare %s", id) }
func (k *keeper) TakeCode(id string, payload []byte) { k.world.call("code %s %d", id, len(payload)) }
func (k *keeper) ConfirmVerification(id string)      { k.world.call("confirm %s", id) }
func (k *keeper) DenyVerification(id string)         { k.world.call("deny %s", id) }
func (k *keeper) CancelVerification(id string)       { k.world.call("cancel %s", id) }
