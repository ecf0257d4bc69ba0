package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

func sizes() [][2]int { return [][2]int{{40, 20}, {80, 24}, {120, 40}, {200, 50}} }

// TestWhyPictures are the sheets at each width.
func TestWhyPictures(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
	}{
		{"shield", []string{"esc", "k", "k", "i"}},
		{"waiting", []string{"esc", "i"}},
		{"room", []string{"alt+t"}},
		{"sessions", []string{"f4"}},
		{"doctor", []string{"f2"}},
	} {
		for _, size := range sizes() {
			t.Run(fmt.Sprintf("%s-%d", c.name, size[0]), func(t *testing.T) {
				s := guard(t, guarded(), size[0], size[1])
				s.Key(c.keys...)
				golden(t, fmt.Sprintf("info-%s-%d", c.name, size[0]), s.see())
			})
		}
	}
}

func TestWhyAMessageIsDoubtful(t *testing.T) {
	s := guard(t, guarded(), 120, 60)
	s.want("from an unconfirmed session")
	s.Key("esc", "k", "k", "i")
	s.want("The session that wrote it was not confirmed by its owner", "bo (@bo:example.org)", "megolm3",
		"from the session that wrote the message", "As received")
	s.wantNot("\x1b", "\a")
	s.Key("enter")
	s.want("Their identity is another one than before", "Phone · confirmed by its owner", "New · not confirmed")
	s.Key("esc", "j", "enter")
	s.want("Session ·", "BONEW", "Compare it with what their client shows")
	s.Key("x", "enter")
	s.wantCall("block @bo:example.org BONEW true")
	s.want("blocked", "unblock")
	s.Key("v")
	s.wantCall(`verify @bo:example.org ""`)
}

func TestKeyThatComesIsSaid(t *testing.T) {
	k := guarded()
	s := guard(t, k, 120, 60)
	s.want("Waiting for the key of this message")
	s.Key("esc", "i")
	s.want("The identity of its sender is another one now", "There is a key backup, but this session is not connected to it", "connect the key backup", "have not been asked")
	s.world.took()
	s.Key("r")
	s.wantCall("retry key 5")
	s.want("has not been found yet", "have been asked")
	readable := text(5, "bo", "now it can be read")
	readable.Encrypted = true
	k.messages[5] = chat.MessageTrust{Item: 5, Sender: "@bo:example.org", Source: chat.KeyBackup, Shield: chat.ShieldUnknownOrigin}
	s.Send(feedMsg{changes: chat.ChangeSet{Timeline: map[chat.RoomID]*chat.RoomChange{"!g": {Items: []chat.Message{readable}}}}})
	s.want("The key is here", "from the key backup", "it is not proven who wrote it")
	s.wantNot("Why it cannot be read", "look again")
	s.Key("esc")
	s.want("now it can be read")
}

func TestRetryFromTheRow(t *testing.T) {
	k := guarded()
	k.found = true
	s := guard(t, k, 120, 40)
	s.Key("esc", "R")
	s.wantCall("retry key 5")
	s.want("The key is here")
	s.Key("k", "k", "R")
	s.want("waits for no key")
}

func TestPersonInTheMemberList(t *testing.T) {
	s := guard(t, guarded(), 120, 40)
	s.see()
	s.Key("tab")
	s.wantCall("people [@ada:example.org @bo:example.org @me:example.org]")
	s.want("✓ada", "!bo")
	s.Key("i")
	s.want("You have verified them", "Desk · verified")
	s.Key("esc", "j", "i")
	s.want("Their identity is another one")
	s.Key("a")
	s.want("Accept the new identity of bo (@bo:example.org)?", "somebody else reads along")
	s.Key("n")
	if got := s.world.took(); strings.Contains(got, "acknowledge") {
		t.Fatalf("accepted all the same:\n%s", got)
	}
	s.Key("a")
	s.sure()
	s.wantCall("acknowledge @bo:example.org")
	s.want("accepted", "the one you know")
	s.Send(feedMsg{changes: chat.ChangeSet{People: []chat.UserID{"@bo:example.org"}}})
	s.Key("esc")
	s.wantCall("people [@bo:example.org]")
	s.wantNot("!bo")
	s.pass(lockWait)
	s.wantNot("Identity changed")
	s.want("Would not get it: bo")
}

func TestChannelSaysWhoCanRead(t *testing.T) {
	k := guarded()
	s := guard(t, k, 120, 60)
	s.want("confirmed only · 1 unconfirmed", "Identity changed: bo", "Would not get it: bo")
	s.Key("alt+t")
	s.want("end-to-end encrypted", "3 people with 4 other sessions", "as Rust Harbour says", "3 h; replaced after 7 days", "12 messages; replaced after 100",
		"Whoever is invited gets the keys", "1 session does not get what you write", "bo (@bo:example.org) · New")
	s.Key("p")
	s.want("Who gets the keys?", "As the server says", "Verified people only")
	s.Key("3")
	s.wantCall("policy !g 3 false")
	s.want("Saved.")
	s.Key("P", "2")
	s.wantCall("policy !s 2 false")
	s.Key("n")
	s.wantCall("policy !g 3 true")
	s.want("Never in clear", "allow in clear")
	s.Key("R")
	s.want("Make a new key")
	s.Key("y")
	s.wantCall("rotate !g")
	s.want("The next message makes a new key.")
}

// A channel that is not encrypted has no keys to give, so nothing about them is offered.
func TestClearChannelOffersNoKeys(t *testing.T) {
	s := guard(t, guarded(), 120, 40)
	s.Key("alt+down", "alt+t")
	s.want("infra", "not encrypted", "never in clear", "In clear")
	s.wantNot("Who gets keys", "who gets keys", "in the server")
	s.Key("p")
	s.want("infra", "not encrypted")
	s.Key("esc", "ctrl+p")
	s.Type("who gets keys here")
	s.Key("enter")
	s.want("there are no keys to give")
	s.Key("ctrl+p") // its server may have others, that are
	s.Type("who gets keys in the server")
	s.Key("enter")
	s.want("Who gets the keys?", "Rust Harbour")
}

// What the status line names works while a text is open: help and requests
// over it, everything else in its place.
func TestKeysOverSheets(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 120, 40)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Key("alt+t")
	s.want("bo wants to verify · Alt+V", "Details · #")
	s.Key("alt+v")
	s.want("wants to verify with you")
	s.Key("esc")
	s.want("Details · #")
	s.Key("f1")
	s.want("Sheets that explain", "Copy the text of the sheet", "Dialogs and lists")
	s.wantNot("Give your session another name") // not in this one
	s.Key("f1")
	s.wantNot("Sheets that explain")
	s.Key("ctrl+k")
	s.want("Go to")
	s.wantNot("Details · #")
	s.Type("in")
	s.Key("f1") // what is typed stays
	s.want("Dialogs and lists")
	s.wantNot("Everywhere")
	s.Key("esc", "enter")
	s.want("Message #infra")
	s.Key("alt+t", "alt+up")
	s.want("Message #general")
	s.wantNot("Details · #")
}

func TestLockIsReadAgainWhenItChanges(t *testing.T) {
	k := guarded()
	s := guard(t, k, 120, 40)
	s.pass(time.Minute)
	l := k.locks["!g"]
	l.Unsigned, l.Excluded = 7, nil
	k.locks["!g"] = l
	s.pass(time.Minute)
	if !s.clock.at.IsZero() {
		t.Errorf("an idle window wakes at %v", s.clock.at)
	}
	s.want("1 unconfirmed")
	s.Send(feedMsg{changes: chat.ChangeSet{People: []chat.UserID{"@eve:example.org"}}})
	s.pass(lockWait)
	s.want("7 unconfirmed")
	s.wantNot("Would not get it")
	s.Key("alt+down")
	s.want("not encrypted")
	s.wantNot("unconfirmed")
}

func TestSessions(t *testing.T) {
	k := guarded()
	s := guard(t, k, 120, 40)
	s.Key("f4")
	s.want("This session", "hubbub on desk · verified · MINE", "Phone · verified · PHONE · 4 h ago", "Browser · not verified · EVIL")
	s.Key("d")
	s.want("This is the session you use")
	s.Key("j", "e")
	s.Key("ctrl+u")
	s.Type("My phone")
	s.Key("enter")
	s.wantCall(`rename PHONE "My phone"`)
	s.want("My phone · verified", "has a new name")
	s.Key("j", "v")
	s.wantCall(`verify @me:example.org "EVIL"`)
}

// The password is masked, asked for again when it is wrong, and is nowhere on the screen.
func TestSignOutAnotherSession(t *testing.T) {
	for _, size := range sizes() {
		k := guarded()
		s := guard(t, k, size[0], size[1])
		s.Key("f4", "j", "j", "d")
		s.want("Sign out Browser?")
		s.sure()
		s.wantCall("end [EVIL] password=false done=false uia=")
		s.Type("mistyped")
		s.wantNot("mistyped")
		s.Key("enter")
		s.wantCall("end [EVIL] password=false done=false uia=uia1")
		s.Type("hunter2")
		s.wantNot("hunter2")
		s.Key("enter")
		s.wantCall("end [EVIL] password=true done=false uia=uia1")
		s.want("Signed out.")
		s.wantNot("EVIL")
	}
}

func TestSignOutAllByThePage(t *testing.T) {
	k := guarded()
	k.url = "https://auth.example.org/end?x=1"
	s := guard(t, k, 120, 40)
	s.Key("f4", "D")
	s.sure()
	s.want("https://auth.example.org/end?x=1")
	s.Key("enter")
	s.wantCall("end [PHONE EVIL] password=false done=true uia=uia1")
	s.want("Signed out.", "There is no other session.")
}

// A new session is told once, stays as a badge until something is said about
// it, and takes no keys.
func TestNewSessionRaisesAnAlert(t *testing.T) {
	k := guarded()
	s := guard(t, k, 120, 40)
	s.Type("writing")
	fresh := []chat.Session{k.sessions[2]}
	news := func() {
		s.Send(feedMsg{changes: chat.ChangeSet{Trust: &chat.Trust{Identity: chat.IdentityOwn, PrivateKeys: true, Fresh: fresh}}})
	}
	news()
	s.Type(" on")
	s.want("A new session is signed in to your account: Browser", "writing on")
	s.pass(time.Minute)
	s.want("1 new session · F4")
	news()
	s.wantNot("is signed in to your account")
	s.Key("f4")
	s.want("Was this you?", "somebody has your password")
	s.Key("m")
	s.wantCall("dismiss EVIL")
	fresh = nil
	news()
	s.Key("esc")
	s.wantNot("new session")
}

func TestDoctor(t *testing.T) {
	s := guard(t, guarded(), 120, 60)
	s.Key("f2")
	s.want("2 things are broken, 4 warnings.", "The disk is full", "Account", "This machine", "120×60", "This machine's clock differs", "[show sessions]", "Enter repair")
	s.world.took()
	s.Key("enter")
	s.wantCall(`verify @me:example.org ""`)
	s = guard(t, guarded(), 120, 60)
	s.Key("f2", "j", "j", "enter")
	s.want("hubbub on desk · verified")
	s.Key("esc", "j", "enter")
	s.want("Their identity is another one")
}

// Every sheet survives any size, any key and nothing to show.
func TestSheetsBearEverything(t *testing.T) {
	k := guarded()
	k.people["@bo:example.org"] = chat.Person{Trust: chat.PersonWithdrawn, Sessions: make([]chat.Session, 10_000)}
	l := k.locks["!g"]
	l.Excluded, l.ExcludedCount = make([]chat.Session, 100), 9_000
	k.locks["!g"] = l
	for _, open := range [][]string{{"f2"}, {"f4"}, {"alt+t"}, {"esc", "i"}, {"esc", "k", "k", "i", "enter"}} {
		s := guard(t, k, 120, 40)
		s.Key(open...)
		for _, size := range [][2]int{{40, 10}, {41, 11}, {200, 50}, {79, 12}} {
			s.Resize(size[0], size[1])
			for _, b := range s.win.keys.Bindings() {
				if b.Context == keymap.Sheet && len(b.Keys) > 0 && b.Action != keymap.Close {
					s.Key(b.Keys[0])
					for s.win.dialogs.Top() != nil && !s.win.onSheet() {
						s.Key("esc")
					}
				}
			}
			s.see()
		}
	}
}

func TestWithoutTrust(t *testing.T) {
	s := sit(t, harbour(), 120, 40, nil)
	s.Key("f2")
	s.want("Nothing is known about encryption here.")
	s.Key("f4", "alt+t")
	s.want("Weekly ship room", "end-to-end encrypted")
	s.Key("esc", "esc", "i")
	s.want("As received")
}

// A message that a changed identity keeps back leads to the person.
func TestMessageKeptBackByAnIdentity(t *testing.T) {
	k := guarded()
	failed := text(6, "me", "for bo only")
	failed.ID, failed.Send = "", chat.SendError
	failed.SendProblem = &chat.Problem{Kind: chat.ProblemIdentity, Detail: "@bo:example.org"}
	k.world.items["!g"] = append(k.world.items["!g"], failed)
	s := guard(t, k, 120, 50)
	s.want("discards it, i says more")
	s.Key("esc", "i")
	s.want("It has not been sent yet.", "New identity", "bo (@bo:example.org)")
	s.Key("enter", "a")
	s.sure()
	s.wantCall("acknowledge @bo:example.org")
}

func TestDoctorSaysThatItIsOld(t *testing.T) {
	s := guard(t, guarded(), 120, 60)
	s.Key("f2")
	s.wantNot("Something has changed")
	s.Send(feedMsg{changes: chat.ChangeSet{Trust: &chat.Trust{Backup: chat.Backup{Saved: 1, Total: 9}}}})
	s.wantNot("Something has changed")
	s.Send(feedMsg{changes: chat.ChangeSet{Trust: &chat.Trust{Identity: chat.IdentityOwn, PrivateKeys: true}}})
	s.want("Something has changed since")
	s.Key("c")
	s.want("2 things are broken")
}

// A name that holds somebody else's id never stands where one decides about trust.
func TestBorrowedNamesInSheets(t *testing.T) {
	k := guarded()
	k.world.people[1].Name = "ada (@ada:example.org)"
	s := guard(t, k, 200, 50)
	s.want("Identity changed: @bo:example.org")
	s.Key("alt+t", "enter")
	s.want("Details · @bo:example.org")
	s.Key("a")
	s.want("the new identity of @bo:example.org?")
}
