package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// TestWalkPictures is the walk at each size, for each state of the account.
func TestWalkPictures(t *testing.T) {
	states := map[string]chat.Trust{
		"foreign":  foreign(),
		"none":     {Identity: chat.IdentityNone, Recovery: chat.RecoveryNone},
		"replaced": {Identity: chat.IdentityReplaced, MasterKey: "other", Recovery: chat.RecoveryNone},
	}
	for name, trust := range states {
		for _, size := range [][2]int{{40, 12}, {40, 20}, {80, 24}, {120, 40}} {
			s := keep(t, newVault(trust), size[0], size[1])
			golden(t, fmt.Sprintf("trust-%s-%dx%d", name, size[0], size[1]), s.see())
		}
	}
	part := complete()
	part.Recovery, part.PrivateKeys, part.Backup = chat.RecoveryIncomplete, false, chat.Backup{State: chat.BackupFailed, Problem: &chat.Problem{Kind: chat.ProblemOffline}}
	for name, trust := range map[string]chat.Trust{"own": complete(), "part": part} {
		for _, size := range [][2]int{{40, 20}, {80, 24}, {120, 40}} {
			s := keep(t, newVault(trust), size[0], size[1])
			s.Key("alt+y")
			golden(t, fmt.Sprintf("trust-%s-%dx%d", name, size[0], size[1]), s.see())
		}
	}
}

// TestLaterNagsNoMore: the badge stays, the walk opens no more, in this run and the next.
func TestLaterNagsNoMore(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 100, 30)
	s.want("This session is not verified yet.")
	s.Key("l")
	s.want("not verified · Alt+Y", "Message #general")
	s.trust(v, func(t *chat.Trust) { t.CanVerify = 2 })
	s.wantNot("This session is not verified yet.")
	again := keep(t, v, 100, 30)
	again.want("not verified · Alt+Y", "Message #general")
	again.Key("alt+y")
	again.want("This session is not verified yet.")
	again.Key("esc")
	// Another identity is another thing to decide.
	again.trust(v, func(t *chat.Trust) { t.Identity, t.MasterKey = chat.IdentityReplaced, "other" })
	again.want("another identity")
	again.quiet()
	again.Key("esc")
	again.want("identity replaced · Alt+Y")
}

// TestWalkStandsInNobodysWay: the keys that lead through the window work above it, and close it.
func TestWalkStandsInNobodysWay(t *testing.T) {
	s := keep(t, newVault(foreign()), 100, 30)
	s.want("This session is not verified yet.")
	s.Key("ctrl+k")
	s.want("Go to")
	s.Key("esc")
	s.wantNot("This session is not verified yet.")
	s.want("not verified · Alt+Y", "Message #general")
}

// TestWalkDoesNotStealKeys: it does not open while one types, and what is
// typed at the moment when it opens answers nothing.
func TestWalkDoesNotStealKeys(t *testing.T) {
	v := newVault(chat.Trust{})
	s := keep(t, v, 100, 30)
	s.Type("hel")
	s.trust(v, func(t *chat.Trust) { *t = foreign() })
	s.Type("lo")
	s.want("hello", "not verified · Alt+Y")
	v.world.took()
	s.pass(typingEnds + time.Millisecond)
	s.want("This session is not verified yet.", "Keys count when you stop typing.")
	s.Type("vn")
	if got := v.world.took(); strings.Contains(got, "verify") || strings.Contains(got, "set up") {
		t.Errorf("typing answered the walk:\n%s", got)
	}
	s.quiet()
	s.Key("esc")
	s.want("hello")
}

// TestBadge is the status line while this session is not verified.
func TestBadge(t *testing.T) {
	for _, size := range [][2]int{{40, 20}, {80, 24}, {120, 40}} {
		v := newVault(foreign())
		s := keep(t, v, size[0], size[1])
		s.Key("l")
		s.trust(v, func(t *chat.Trust) { t.Backup.Restoring, t.Backup.Restored, t.Backup.RestoreTotal = true, 3000, 12000 })
		golden(t, fmt.Sprintf("trust-badge-%dx%d", size[0], size[1]), s.see())
	}
}

// TestWalkByMouse: a click chooses, and one beside does nothing.
func TestWalkByMouse(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	for y, row := range strings.Split(s.see(), "\n") {
		if strings.Contains(row, "Recovery key or passphrase") {
			s.Send(tea.MouseClickMsg{X: 70, Y: 23, Button: tea.MouseLeft})
			s.want("This session is not verified yet.")
			s.Send(tea.MouseClickMsg{X: 8, Y: y, Button: tea.MouseLeft})
		}
	}
	s.want("Type or paste the recovery key")
	s.Key("esc")
	s.want("This session is not verified yet.")
}

// TestPagesLeaveTheChannelsInSight: in a wide window a click on a channel leaves
// the walk for it, and one beside a page that holds what is new does nothing.
func TestPagesLeaveTheChannelsInSight(t *testing.T) {
	v := newVault(chat.Trust{Identity: chat.IdentityNone, Recovery: chat.RecoveryNone})
	s := keep(t, v, 120, 40)
	s.want("Your account has no identity yet.", "# infra", "encryption not set up · Alt+Y")
	s.wantNot("Message #general")
	infra := tea.MouseClickMsg{X: 11, Y: 5, Button: tea.MouseLeft}
	s.Key("alt+y", "n", "k")
	s.want("Your recovery key", "# infra")
	s.Send(infra)
	s.want("Your recovery key")
	s.wantNot("Message #")
	s.Key("y", "y")
	s.want("Everything is set up.")
	s.Send(infra)
	s.wantNot("Everything is set up.")
	s.want("Message #infra")
}

// TestRecover: masked, shown on demand, pasted with line breaks; a wrong key
// is said to be wrong and nothing is lost; then the session is verified.
func TestRecover(t *testing.T) {
	v := newVault(foreign())
	v.key = "EsTj 3yST y93F"
	s := keep(t, v, 80, 24)
	s.Key("r")
	s.Type("EsTj")
	s.want("••••")
	s.wantNot("EsTj")
	s.Key("ctrl+r")
	s.want("EsTj")
	s.Key("ctrl+r")
	s.wantNot("EsTj")
	s.Key("enter")
	s.want("not the right recovery key", "Nothing was changed")
	s.Key("ctrl+u")
	s.Send(tea.PasteMsg{Content: "EsTj 3yST\ny93F\n"})
	s.wantNot("EsTj", "y93F")
	golden(t, "trust-recover-80x24", s.see())
	v.world.took()
	s.Key("enter")
	s.want("This session is verified.")
	s.Key("b")
	s.wantCall("restore")
	s.want("Restored 12,345 keys from the key backup.")
	for _, call := range strings.Split(v.world.took(), "\n") {
		if strings.Contains(call, "3yST") {
			t.Errorf("the secret is in %q", call)
		}
	}
}

// TestSecretsStayWhereTheyAreTyped: nothing that was typed masked is in what
// the window keeps, sends, copies or titles.
func TestSecretsStayWhereTheyAreTyped(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	s.Key("r")
	s.Type("sekrit1")
	s.Key("esc")
	s.want("This session is not verified yet.")
	s.Key("esc", "alt+shift+r")
	s.wantNot("sekrit", "•••")
	s.Key("esc")
	s.Key("up", "ctrl+up", "ctrl+y", "ctrl+p")
	s.Type("sekrit")
	s.wantNot("sekrit1")
	s.Key("esc", "ctrl+q")
	v.world.mu.Lock()
	defer v.world.mu.Unlock()
	for key, value := range v.world.state {
		if strings.Contains(string(value), "sekrit1") {
			t.Errorf("the secret is kept as %s", key)
		}
	}
	for _, call := range v.world.calls {
		if strings.Contains(call, "sekrit1") {
			t.Errorf("the secret is in %q", call)
		}
	}
}

// TestSetUp asks for the password, wrong once, and shows the recovery key
// until it is saved.
func TestSetUp(t *testing.T) {
	v := newVault(chat.Trust{Identity: chat.IdentityNone, Recovery: chat.RecoveryNone})
	v.password = "hunter2"
	s := keep(t, v, 80, 24)
	s.Key("n", "k")
	s.want("Is it you?", "asks for your password")
	s.Type("wrong")
	s.wantNot("wrong")
	s.Key("enter")
	s.want("That password is not right.")
	s.Type("hunter2")
	s.Key("enter")
	s.want("Your recovery key", "EsTU 6YKP a1Kx 9dQm")
	golden(t, "trust-key-80x24", s.see())
	s.Resize(40, 20)
	golden(t, "trust-key-40x20", s.see())
	s.Resize(40, 12)
	golden(t, "trust-key-40x12", s.see())
	s.Resize(120, 40)
	golden(t, "trust-key-120x40", s.see())
	s.Key("enter", "esc")
	s.want("EsTU 6YKP", "First save the recovery key")
	s.Key("ctrl+q")
	s.want("Press again to quit")
	s.Key("y")
	s.want("Saved? Without it")
	v.world.took()
	s.Key("c")
	s.wantCall("copy " + string(v.made))
	path := filepath.Join(t.TempDir(), "key.txt")
	s.Key("s", "ctrl+u")
	s.Type(path)
	s.Key("enter")
	s.want("Saved as", "which only you can read")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "EsTU 6YKP") {
		t.Errorf("the file holds %q, %v", raw, err)
	}
	s.Key("s", "ctrl+u")
	s.Type(path)
	s.Key("enter")
	s.want("There is a file already")
	s.Key("esc", "y")
	s.wantNot("EsTU")
	s.want("Everything is set up.")
}

// TestSetUpByPage confirms in a browser; giving up changes nothing.
func TestSetUpByPage(t *testing.T) {
	v := newVault(chat.Trust{Identity: chat.IdentityNone, Recovery: chat.RecoveryNone})
	v.page = "https://account.example.org/reset?x=1"
	s := keep(t, v, 80, 24)
	s.Key("n", "k")
	s.want("confirm this in a browser", v.page)
	s.Key("c")
	s.wantCall("copy " + v.page)
	s.Key("enter")
	s.want("was not confirmed yet")
	v.confirmed = true
	s.Key("enter")
	s.want("Your recovery key")

	v = newVault(chat.Trust{Identity: chat.IdentityNone})
	v.page = "javascript:alert(1)"
	s = keep(t, v, 80, 24)
	s.Key("n", "k")
	s.wantNot("Copy the address", "Open it in the browser")
	s.Key("esc")
	s.want("Cancelled.")
}

// TestNothingIsReplacedWithoutTheWord: an identity that exists needs the typed word.
func TestNothingIsReplacedWithoutTheWord(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	s.Key("n")
	s.want("Your account has an identity already", "People who have verified you see a warning", "type: replace")
	golden(t, "trust-reset-80x24", s.see())
	s.Key("enter")
	s.Type("yes")
	s.Key("enter")
	s.want("only when the word is typed exactly")
	if got := v.world.took(); strings.Contains(got, "set up") {
		t.Fatalf("it was replaced:\n%s", got)
	}
	s.Key("ctrl+u")
	s.Type("replace")
	s.Key("enter", "k")
	s.wantCall("set up reset=true passphrase=false")
	s.want("Your recovery key")
}

func TestPassphrase(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.Key("alt+shift+g", "p")
	s.Type("password123")
	s.Key("enter")
	s.Type("password123")
	s.want("very weak")
	s.Key("enter")
	s.want("too easy to guess")
	s.Key("ctrl+u", "shift+tab", "ctrl+u")
	s.Type("lantern orbit velvet mango drizzle")
	s.want("good")
	s.Key("enter")
	s.Type("lantern orbit velvet mango")
	s.Key("enter")
	s.want("not the same")
	s.Type(" drizzle")
	golden(t, "trust-passphrase-80x24", s.see())
	s.Key("enter")
	s.want("Your recovery key")
	if v.passphrase != "lantern orbit velvet mango drizzle" {
		t.Error("another passphrase arrived")
	}
}

// TestSetUpFailsInTheMiddle says so with the next step, and goes on when tried again.
func TestSetUpFailsInTheMiddle(t *testing.T) {
	v := newVault(chat.Trust{Identity: chat.IdentityNone})
	v.fail = &chat.Problem{Kind: chat.ProblemHomeserver, Retry: true}
	s := keep(t, v, 80, 24)
	s.Key("n", "k")
	s.want("The homeserver has trouble", "Try again")
	s.Key("k")
	s.want("Your recovery key")
}

// TestNoSecondKeyWhileOneIsMade: the answer of the first would be lost.
func TestNoSecondKeyWhileOneIsMade(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.Key("alt+shift+g")
	s.Hold = true
	s.Key("k", "esc", "alt+shift+g", "k")
	s.want("under way already")
	held := s.Held()
	s.Hold = false
	for _, c := range held {
		s.deliver(c)
	}
	s.want("Your recovery key")
	if n := strings.Count(v.world.took(), "new key"); n != 1 {
		t.Errorf("%d keys were made", n)
	}
}

// TestKeyComesAfterThePageWasClosed: it is not lost, and does not steal keys.
func TestKeyComesAfterThePageWasClosed(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.Key("alt+shift+g")
	s.Hold = true
	s.Key("k", "esc")
	held := s.Held()
	s.Hold = false
	s.Type("typing")
	for _, c := range held {
		s.deliver(c)
	}
	s.want("Your recovery key")
	s.Type("yy")
	s.want("Your recovery key")
	s.quiet()
	s.Key("c", "y") // a terminal may drop what is copied: it is asked all the same
	s.want("Saved?")
	s.Key("y")
	s.want("typing")
}

func TestBackupProgress(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 120, 30)
	s.wantNot("backing up")
	s.trust(v, func(t *chat.Trust) { t.Backup.Saved, t.Backup.Total = 1200, 1204 })
	s.wantNot("backing up")
	s.trust(v, func(t *chat.Trust) { t.Backup.Saved, t.Backup.Total = 120, 4000 })
	s.want("backing up 120/4,000")
	s.trust(v, func(t *chat.Trust) { t.Backup.Restoring, t.Backup.Restored, t.Backup.RestoreTotal = true, 3000, 12000 })
	s.want("restoring 3,000/12,000")
	s.trust(v, func(t *chat.Trust) { t.Backup = chat.Backup{State: chat.BackupUntrusted} })
	s.want("key backup stopped · Alt+Y")
	s.Key("alt+y")
	s.want("not yours: nothing is saved to it")
	s.Key("z")
	s.want("can no longer be fetched")
	s.sure()
	s.wantCall("reset backup")
	s.want("A new key backup has begun.")
}

// TestSignOutWarnsOfLoss when keys are not in a backup that can be opened again.
func TestSignOutWarnsOfLoss(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.Key("alt+shift+q")
	s.wantNot("Not all keys are saved")
	s.Key("esc")
	s.trust(v, func(t *chat.Trust) { t.Backup.Saved = 7 })
	s.Key("alt+shift+q")
	s.want("Not all keys are saved")
}

func TestKeysAsFiles(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	path := filepath.Join(t.TempDir(), "keys.txt")
	s.Key("alt+shift+e")
	golden(t, "trust-export-80x24", s.see())
	s.Key("ctrl+u")
	s.Type(path)
	s.Key("tab")
	s.Type("lantern orbit velvet mango")
	s.Key("tab")
	s.Type("lantern orbit velvet mango")
	s.Key("enter")
	s.want("Saved as")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	s.Key("alt+shift+i")
	s.Type("/nowhere/at/all")
	s.Key("enter")
	s.Type("wrong")
	s.Key("enter")
	s.want("There is no such file")
	s.Key("shift+tab", "ctrl+u")
	s.Type(path)
	s.Key("enter")
	s.want("not the passphrase of the file")
	s.Key("tab", "ctrl+u")
	s.Type("lantern orbit velvet mango")
	s.Key("enter")
	s.want("Imported 3 of 5 keys")
	s.Key("alt+shift+i")
	s.Type(t.TempDir())
	s.Key("enter")
	s.Type("x")
	s.Key("enter")
	s.want("makes trouble")
}

// TestTrustAtEverySize draws each page at sizes that it does not fit.
func TestTrustAtEverySize(t *testing.T) {
	emoji, numbers := sas()
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	for _, keys := range [][]string{{}, {"n"}, {"esc", "alt+shift+g", "p"}, {"esc", "alt+shift+e"}, {"esc", "alt+v"}} {
		s.Key(keys...)
		for w := 1; w < 130; w += 9 {
			for h := 1; h < 40; h += 4 {
				s.Resize(w, h)
				s.see()
			}
		}
	}
	s.Resize(80, 24)
	s.Key("esc")
	s.verifying(chat.Verification{ID: "x", User: "@bo:example.org", Phase: chat.VerifyCompare, Emoji: emoji, Decimals: numbers, Until: time.Now()})
	s.Key("alt+v")
	s.want("Strawberry")
	for w := 1; w < 130; w += 9 {
		for h := 1; h < 40; h += 4 {
			s.Resize(w, h)
			s.see()
		}
	}
}
