package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
)

// elsewhere is the same person at another machine, not signed in there yet.
func (p *person) elsewhere() *person {
	p.t.Helper()
	return &person{t: p.t, hs: p.hs, Account: p.Account, plain: p.plain, home: p.t.TempDir(), later: true}
}

// recoveryKey finds the key among what the screen shows.
var recoveryKey = regexp.MustCompile(`(?m)(?:^|│) *((?:[1-9A-HJ-NP-Za-km-z]{4} ?){4,6})$`)

// setUp answers the walk of a new account with a new identity, saves the
// recovery key into a file, and returns it.
func (s *screen) setUp(p *person) string {
	s.t.Helper()
	s.WaitFor("Your account has no identity yet.")
	s.WaitGone("Keys count when you stop typing")
	s.Key("n")
	s.WaitFor("How do you want to keep the recovery key?")
	s.Key("k")
	s.WaitUntil("the recovery key, or a question", func(screen string) bool {
		return strings.Contains(screen, "Your recovery key") || strings.Contains(screen, "Is it you?")
	})
	if strings.Contains(s.Screen(), "Is it you?") {
		s.Type(p.Password)
		s.Key("enter")
	}
	s.WaitFor("Your recovery key")
	var groups []string
	for _, m := range recoveryKey.FindAllStringSubmatch(s.Screen(), -1) {
		groups = append(groups, strings.TrimSpace(m[1]))
	}
	key := strings.Join(groups, " ")
	if n := len(strings.Fields(key)); n != 12 {
		s.t.Fatalf("the recovery key has %d groups:\n%s", n, s.Dump())
	}
	s.Key("s")
	s.WaitFor("Save the recovery key")
	s.Key("enter")
	s.WaitFor("Saved as")
	saved, err := os.ReadFile(p.file("hubbub-recovery-key.txt"))
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(saved)), " "), key) {
		s.t.Errorf("the file: %q, %v", saved, err)
	}
	s.Key("y")
	s.WaitGone("Your recovery key")
	p.later = true
	return key
}

// TestMovingInWithTheRecoveryKey: a new session, signed in on the screen,
// cannot read what was written before it was there, and says why. It becomes
// verified with the recovery key, and the message opens in its place. A key
// that is wrong is refused in words.
func TestMovingInWithTheRecoveryKey(t *testing.T) {
	t.Parallel()
	m := meet(t, matrixtest.Stack(t), "vault", map[string]any{"initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	s := m.me.window(size(120, 36))
	key := s.setUp(m.me)
	s.WaitFor("● online")
	s.open("vault", "#vault")
	s.send("written before you came")
	s.sent("written before you came")
	s.Key("alt+y")
	s.WaitFor("This session is verified and everything is set up.")
	s.WaitMatch(regexp.MustCompile(`all [1-9][0-9]* keys are saved`))
	s.Key("q")
	s.quit()

	there := m.me.elsewhere()
	n := there.window(size(80, 24))
	n.WaitFor("Sign in to Matrix")
	n.Type(m.me.hs.URL)
	n.Key("enter")
	n.WaitFor("Homeserver: " + m.me.hs.URL)
	n.Type(m.me.Localpart)
	n.Key("tab")
	n.Type(m.me.Password)
	n.Key("enter")
	n.WaitFor("This session is not verified yet.")
	n.WaitGone("Keys count when you stop typing")
	n.Key("l")
	n.WaitFor("not verified · Alt+Y")
	n.open("vault", "#vault")
	n.WaitFor("backup is not connected") // in the row of the message that cannot be read
	n.Key("alt+y")
	n.WaitFor("This session is not verified yet.")
	n.Key("r")
	n.WaitFor("Recovery")
	groups := strings.Fields(key)
	groups[5], groups[6] = groups[6], groups[5]
	n.Paste(strings.Join(groups, " "))
	n.Key("enter")
	n.WaitFor("does not look like a recovery key")
	n.Key("ctrl+u")
	n.Paste(strings.Join(strings.Fields(key)[:6], " ") + "\n" + strings.Join(strings.Fields(key)[6:], " ") + "\n")
	n.Key("enter")
	n.WaitFor("This session is verified.")
	n.Key("g")
	n.WaitFor("written before you came") // in its place
	n.WaitGone("backup is not connected")
	n.WaitGone("not verified")
	n.Key("alt+shift+b")
	n.WaitMatch(regexp.MustCompile(`Restored [1-9][0-9]* keys? from the key backup|holds nothing that is not here`))
	if strings.Contains(string(n.Raw()), groups[0]+" "+groups[1]) {
		t.Error("the recovery key was written to the terminal")
	}
	n.quit()
	for _, secret := range []string{groups[0] + " " + groups[1], groups[8] + groups[9], m.me.Password} {
		for _, p := range []*person{m.me, there} {
			p.holds(secret)
		}
	}
}

// holds reports files of the program's, all but the file one asked for, that hold a secret.
func (p *person) holds(secret string) {
	p.t.Helper()
	for _, dir := range []string{".cache", ".config", ".local"} {
		err := filepath.WalkDir(p.file(dir), func(path string, d os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(raw), secret) {
				p.t.Errorf("%s holds a secret that was typed", path)
			}
			return err
		})
		if err != nil {
			p.t.Error(err)
		}
	}
}

// TestVerifyBetweenOwnSessions: the request waits in the status line of the
// other session while one types there, both compare, the badge goes.
func TestVerifyBetweenOwnSessions(t *testing.T) {
	t.Parallel()
	p := newPerson(t, matrixtest.Stack(t), "self").signIn()
	first := p.window(size(120, 36))
	first.setUp(p)
	first.WaitFor("● online")

	second := p.elsewhere().signIn().window(size(80, 24))
	second.WaitFor("This session is not verified yet.")
	second.WaitGone("Keys count when you stop typing")
	second.Key("v")
	second.WaitFor("Waiting for the other side")
	first.WaitFor("another session of yours wants to verify · Alt+V")
	first.Key("alt+v")
	first.WaitFor("wants to verify with this one")
	first.Key("y")
	second.WaitFor("How do you want to compare?")
	second.Key("e")
	pictures := compared(first)
	if other := compared(second); other != pictures {
		t.Fatalf("one shows %q, the other %q", pictures, other)
	}
	first.Key("y")
	second.Key("y")
	first.WaitFor("is verified.")
	second.WaitFor("This session is verified.")
	second.Key("enter")
	second.WaitFor("This session is verified and everything is set up.")
	second.Key("esc")
	second.WaitGone("not verified")
	first.Key("enter")
	first.quit()
	second.quit()
}

// compared waits for what is to be compared and returns the numbers.
func compared(s *screen) string {
	s.t.Helper()
	numbers := regexp.MustCompile(`Numbers: ([0-9]{4} · [0-9]{4} · [0-9]{4})`)
	s.WaitMatch(numbers)
	s.WaitGone("Keys count when you stop typing")
	return numbers.FindStringSubmatch(s.Screen())[1]
}

// TestVerifyAPersonInTheRoom: two people compare in their direct message; one
// says that it differs, then they do it again.
func TestVerifyAPersonInTheRoom(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	ada, bo := newPerson(t, hs, "ada").signIn(), newPerson(t, hs, "bo").signIn()
	a, b := ada.window(size(120, 36)), bo.window(size(120, 36))
	a.setUp(ada)
	b.setUp(bo)
	a.WaitFor("● online")
	b.WaitFor("● online")
	a.Key("alt+shift+d")
	a.Type(bo.UserID)
	a.Key("enter")
	a.WaitFor("Message " + bo.Localpart)
	b.WaitFor("✉ " + ada.Localpart)
	b.Key("enter")
	b.WaitFor("wants to write to you directly")
	b.Key("enter")
	b.WaitFor("Message " + ada.Localpart)
	a.WaitFor("MEMBERS — 2")

	a.verifyPerson(bo.Localpart)
	numbers := take(a, b, ada)
	if numbers == "" {
		t.Fatal("the two show different numbers")
	}
	a.Key("n")
	a.WaitFor("You said that they are different: nothing was verified.")
	b.WaitFor("The other side said that they are different: nothing was verified.")
	b.Key("q")
	a.Key("a")
	if take(a, b, ada) == "" {
		t.Fatal("the two show different numbers")
	}
	a.Key("y")
	b.Key("y")
	a.WaitFor(bo.Localpart + " (" + bo.UserID + ") is verified")
	b.WaitFor(ada.Localpart + " (" + ada.UserID + ") is verified")
	a.Key("enter")
	b.Key("enter")
	a.WaitFor("✓" + bo.Localpart)
	a.quit()
	b.quit()
}

// verifyPerson asks for a verification of somebody in the member list.
func (s *screen) verifyPerson(name string) {
	s.t.Helper()
	s.Key("tab")
	s.Key("end")
	for range 3 {
		s.Key("enter")
		s.WaitFor("Mention in the composer")
		if strings.Contains(s.Screen(), "─ "+name+" ─") {
			break
		}
		s.Key("esc")
		s.WaitGone("Mention in the composer")
		s.Key("up")
	}
	s.Key("v")
	s.WaitFor("Waiting for the other side")
}

// take answers the request of a at b and lets both show what is to be compared.
// It returns the numbers, "" when they differ.
func take(a, b *screen, who *person) string {
	b.WaitFor(who.Localpart + " wants to verify · Alt+V")
	b.Key("alt+v")
	b.WaitFor("(" + who.UserID + ") wants to verify with you")
	b.Key("y")
	b.WaitFor("How do you want to compare?")
	b.Key("e")
	mine, theirs := compared(a), compared(b)
	if mine != theirs {
		return ""
	}
	return mine
}
