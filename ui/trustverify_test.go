package ui

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/qr"
)

// bosRequest is a verification that bo asked for.
func bosRequest(phase chat.VerificationPhase) chat.Verification {
	emoji, numbers := sas()
	return chat.Verification{
		ID: "bo1", User: "@bo:example.org", Device: "BOPHONE", Room: "!dm", Incoming: true, Phase: phase,
		Until:  time.Date(2026, 11, 21, 12, 10, 0, 0, time.Local),
		CanSAS: true, CanShow: true, CanScan: true, Emoji: emoji, Decimals: numbers, Code: payload(),
	}
}

func payload() []byte {
	p := make([]byte, 134)
	for i := range p {
		p[i] = byte(i*89 + 131)
	}
	copy(p, "MATRIX\x02")
	return p
}

// TestRequestNeverStealsKeys: it rings and waits in the status line; what is
// being typed goes on.
func TestRequestNeverStealsKeys(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 100, 24)
	s.Type("hel")
	v.world.took()
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Type("lo y")
	s.want("hello y", "bo wants to verify · Alt+V")
	s.wantCall("bell")
	s.verifying(bosRequest(chat.VerifyRequested))
	if got := v.world.took(); strings.Contains(got, "bell") || strings.Contains(got, "accept") {
		t.Errorf("it rang twice, or was answered:\n%s", got)
	}
	s.Key("alt+v")
	s.want("bo (@bo:example.org) wants to verify with you", "It ends by itself at 12:10")
	s.Key("enter")
	s.Key("esc")
	s.want("hello y", "bo wants to verify")
	if got := v.world.took(); strings.Contains(got, "accept") {
		t.Errorf("Enter alone accepted:\n%s", got)
	}
	s.Key("alt+v", "n")
	s.wantCall("cancel bo1")
	gone := bosRequest(chat.VerifyCancelled)
	gone.Reason, gone.ByUs = "m.user", true
	s.verifying(gone)
	s.wantNot("wants to verify")
}

// TestRequestsDoNotRingWithoutEnd: somebody asks and takes it back, again and again.
func TestRequestsDoNotRingWithoutEnd(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 100, 24)
	for i := range 50 {
		r := bosRequest(chat.VerifyRequested)
		r.ID = fmt.Sprint(i)
		s.verifying(r)
		r.Phase = chat.VerifyCancelled
		s.verifying(r)
	}
	if n := strings.Count(v.world.took(), "bell"); n != 1 {
		t.Errorf("it rang %d times", n)
	}
	s.pass(ringEvery)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.wantCall("bell")
}

// TestCompareEmoji goes all the way, and draws what is compared.
func TestCompareEmoji(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Key("alt+v", "y")
	s.wantCall("accept bo1")
	s.verifying(bosRequest(chat.VerifyReady))
	golden(t, "verify-ready-80x24", s.see())
	s.Key("e")
	s.wantCall("emoji bo1")
	s.verifying(bosRequest(chat.VerifyStarted))
	s.want("agree on what to compare")
	s.verifying(bosRequest(chat.VerifyCompare))
	for _, size := range [][2]int{{40, 12}, {40, 20}, {80, 24}, {120, 40}} {
		s.Resize(size[0], size[1])
		golden(t, fmt.Sprintf("verify-compare-%dx%d", size[0], size[1]), s.see())
	}
	v.world.took()
	s.Key("enter")
	if got := v.world.took(); strings.Contains(got, "confirm") {
		t.Fatal("Enter alone confirmed")
	}
	s.quiet()
	s.Key("y")
	s.wantCall("confirm bo1")
	s.verifying(bosRequest(chat.VerifyConfirmed))
	s.want("You confirmed")
	s.verifying(bosRequest(chat.VerifyDone))
	s.want("Verified", "bo (@bo:example.org) is verified")
	s.Key("enter")
	s.wantNot("is verified")
}

// TestKeyForThePageBeforeDoesNotConfirm: the emoji come while one presses y
// for something else.
func TestKeyForThePageBeforeDoesNotConfirm(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Key("alt+v", "y")
	for _, phase := range []chat.VerificationPhase{chat.VerifyCompare, chat.VerifyScanned} {
		v.world.took()
		s.verifying(bosRequest(phase))
		s.Key("y", "enter", "y")
		if got := v.world.took(); strings.Contains(got, "confirm") {
			t.Fatalf("phase %d: confirmed by a key for the page before:\n%s", phase, got)
		}
		s.quiet()
		s.Key("n")
		s.wantCall("deny bo1")
	}
}

// TestEndsAreExplained: every way in which a verification ends has words.
func TestEndsAreExplained(t *testing.T) {
	for reason, want := range map[string]string{
		"m.user": "stopped the verification", "m.timeout": "took too long", "m.mismatched_sas": "nothing was verified",
		"m.key_mismatch": "not the one that was expected", "m.user_mismatch": "of another account", "m.accepted": "Another session of yours",
		"m.mismatched_commitment": "did not keep to", "m.unknown_method": "no common way", "m.unexpected_message": "lost track",
		"m.unknown_transaction": "lost track", "m.invalid_message": "makes no sense", "org.example.\x1b[31m": "ended: org.example", "": "The verification ended",
	} {
		s := keep(t, newVault(complete()), 80, 24)
		s.verifying(bosRequest(chat.VerifyRequested))
		s.Key("alt+v", "y")
		end := bosRequest(chat.VerifyCancelled)
		end.Reason = reason
		s.verifying(end)
		s.want(want)
		s.wantNot("\x1b")
		s.Key("q")
		s.wantNot(want)
	}
}

// TestVerificationThatCannotBeSaysWhy, and not that the person stopped it.
func TestVerificationThatCannotBeSaysWhy(t *testing.T) {
	for want, p := range map[string]*chat.Problem{
		"no other session that could answer":                  {Kind: chat.ProblemNotFound, Detail: "no other session"},
		"no identity yet that could be verified: @bo:example": {Kind: chat.ProblemNoIdentity, Detail: "@bo:example.org"},
	} {
		s := keep(t, newVault(complete()), 80, 24)
		s.verifying(bosRequest(chat.VerifyRequested))
		s.Key("alt+v", "y")
		end := bosRequest(chat.VerifyCancelled)
		end.Own, end.Reason, end.ByUs, end.Problem = p.Kind == chat.ProblemNotFound, "m.user", true, p
		s.verifying(end)
		s.want(want)
		s.wantNot("You stopped")
	}
}

// TestLeftVerificationTellsHowItEnded in the status line.
func TestLeftVerificationTellsHowItEnded(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 120, 24)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Key("alt+v", "y", "esc")
	s.verifying(bosRequest(chat.VerifyCompare))
	s.want("1 verification waits · Alt+V")
	s.Key("alt+v")
	s.want("Strawberry")
	s.Key("esc")
	end := bosRequest(chat.VerifyCancelled)
	end.Reason = "m.timeout"
	s.verifying(end)
	s.want("The verification took too long.")
	s.wantNot("verification waits")
}

func TestInbox(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.Key("alt+v")
	s.want("Nobody asks to be verified")
	s.Key("esc")
	own := chat.Verification{ID: "own1", User: "@me:example.org", Device: "PHONE", Own: true, Incoming: true}
	s.verifying(bosRequest(chat.VerifyRequested), own)
	s.want("2 verifications wait")
	s.Key("alt+v")
	golden(t, "verify-inbox-80x24", s.see())
	s.Key("2")
	s.want("Your session PHONE wants to verify with this one.")
	s.Key("y")
	s.wantCall("accept own1")
	own.Phase, own.Verified = chat.VerifyDone, []chat.DeviceID{"PHONE"}
	s.verifying(bosRequest(chat.VerifyRequested), own)
	s.want("Your session PHONE is verified.")
}

// TestVerifyThisSession from the walk: the badge goes when it is done.
func TestVerifyThisSession(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	s.Key("v")
	s.wantCall(`verify @me:example.org ""`)
	s.want("Waiting for the other side", "accept the request there")
	own := chat.Verification{ID: "v1", User: "@me:example.org", Own: true, CanSAS: true}
	for _, phase := range []chat.VerificationPhase{chat.VerifyRequested, chat.VerifyReady, chat.VerifyStarted, chat.VerifyCompare} {
		own.Phase = phase
		own.Emoji, own.Decimals = sas()
		s.verifying(own)
	}
	s.quiet()
	s.Key("y")
	s.trust(v, func(t *chat.Trust) { *t = complete() })
	own.Phase = chat.VerifyDone
	s.verifying(own)
	s.want("Verified", "This session is verified.")
	s.Key("enter")
	s.want("everything is set up")
	s.Key("esc")
	s.wantNot("not verified")
}

// TestOwnRequestDuringTheWalk: the other session asks first, and the walk hides the status line.
func TestOwnRequestDuringTheWalk(t *testing.T) {
	v := newVault(foreign())
	s := keep(t, v, 80, 24)
	s.verifying(chat.Verification{ID: "own1", User: "@me:example.org", Device: "PHONE", Own: true, Incoming: true})
	s.want("This session is not verified yet.", "another session of yours wants to verify", "PHONE")
	s.Key("a")
	s.want("Your session PHONE wants to verify with this one.")
	s.Key("y")
	s.wantCall("accept own1")
}

// TestEnterStopsNothing: a page that only waits is not ended by Enter.
func TestEnterStopsNothing(t *testing.T) {
	for _, phase := range []chat.VerificationPhase{chat.VerifyStarted, chat.VerifyConfirmed} {
		v := newVault(complete())
		s := keep(t, v, 40, 20)
		s.verifying(bosRequest(phase))
		s.Key("alt+v", "enter", "enter")
		if got := v.world.took(); strings.Contains(got, "cancel") {
			t.Errorf("phase %d: Enter alone stopped it", phase)
		}
		s.Key("x")
		s.wantCall("cancel bo1")
	}
}

func TestVerifyAPerson(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 120, 30)
	s.Key("tab", "down", "v")
	s.wantCall(`verify @bo:example.org ""`)
	s.want("Verification · bo (@bo:example.org)")
	s.Key("x")
	s.wantCall("cancel v1")
	s.Key("esc", "enter", "v")
	s.wantCall(`verify @bo:example.org ""`)
}

// TestShowCode: at 80 by 24 the whole code is on the screen, dark on light
// whatever the theme; where it does not fit the size that it needs is said.
func TestShowCode(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		v := newVault(complete())
		width, height := 80, 24
		if ascii {
			width, height = 120, 50
		}
		s := sit(t, v.world, width, height, func(o *Options) { o.Backend.Trust, o.ASCII = vaulted{v}, ascii })
		s.Send(feedMsg{changes: chat.ChangeSet{Conn: online()}})
		s.verifying(bosRequest(chat.VerifyReady))
		s.Key("alt+v", "c")
		got, err := qr.Read(photograph(t, s, ascii))
		if err != nil || !bytes.Equal(got, payload()) {
			t.Errorf("ascii=%v: the screen cannot be scanned: %v\n%s", ascii, err, s.see())
		}
		if !ascii {
			golden(t, "verify-code-80x24", s.see())
		}
		s.Key("t")
		s.wantCall("copy " + base64.RawStdEncoding.EncodeToString(payload()))
		s.Resize(40, 20)
		s.want("does not fit")
		s.Resize(width, height)
		s.Key("esc")
		s.want("How do you want to compare?")
		s.Key("c")
		s.verifying(bosRequest(chat.VerifyReady))
		if _, err := qr.Read(photograph(t, s, ascii)); err != nil {
			t.Error("news of the same phase takes the code away")
		}
		s.Key("e")
		s.wantCall("emoji bo1")
	}
}

// photograph takes a picture of the screen, with cells of 8 by 16 pixels.
func photograph(t *testing.T, s *seat, ascii bool) []byte {
	t.Helper()
	g := s.Grid()
	const cw, ch = 8, 16
	w, h := s.win.width, s.win.height
	m := image.NewRGBA(image.Rect(0, 0, w*cw, h*ch))
	for y := range h {
		for x := range w {
			content, st, _ := g.Cell(x, y)
			fg, bg := color.Color(color.Gray{0xcc}), color.Color(color.Gray{0x10})
			if st.Bg != nil {
				fg, bg = st.Fg, st.Bg
			}
			for py := range ch {
				ink := content == "█" || content == "#" && ascii || content == "▀" && py < ch/2 || content == "▄" && py >= ch/2
				for px := range cw {
					if ink {
						m.Set(x*cw+px, y*ch+py, fg)
					} else {
						m.Set(x*cw+px, y*ch+py, bg)
					}
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTakeCode: text, wrapped by the terminal, or a picture; anything else is
// said to be none.
func TestTakeCode(t *testing.T) {
	v := newVault(complete())
	s := keep(t, v, 80, 24)
	s.verifying(bosRequest(chat.VerifyReady))
	s.Key("alt+v", "s")
	s.Type("nonsense")
	s.Key("enter")
	s.want("neither a file nor the text of a code")
	s.Key("ctrl+u")
	dir := t.TempDir()
	for name, content := range map[string][]byte{"text.png": []byte("no picture"), "other.png": codePicture(t, []byte("https://example.org")), "none.png": blank(t)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s.Key("ctrl+u")
		s.Type(path)
		s.Key("enter")
		if got := s.see(); !strings.Contains(got, "no picture that can be read") && !strings.Contains(got, "No code was found") {
			t.Errorf("%s: the screen says\n%s", name, got)
		}
	}
	if v.takenCode != nil {
		t.Fatal("something that is no code was taken")
	}
	text := base64.RawStdEncoding.EncodeToString(payload())
	s.Key("ctrl+u")
	s.Send(tea.PasteMsg{Content: text[:70] + "\n" + text[70:] + "\n"})
	s.Key("enter")
	s.wantCall("take bo1")
	if !bytes.Equal(v.takenCode, payload()) {
		t.Error("another payload was taken from the text")
	}
	s = keep(t, v, 80, 24)
	s.verifying(bosRequest(chat.VerifyReady))
	path := filepath.Join(dir, "code.png")
	if err := os.WriteFile(path, codePicture(t, payload()), 0o600); err != nil {
		t.Fatal(err)
	}
	v.takenCode = nil
	s.Key("alt+v", "s")
	s.Type(path)
	s.Key("enter")
	if !bytes.Equal(v.takenCode, payload()) {
		t.Error("another payload was taken from the picture")
	}
	s.verifying(bosRequest(chat.VerifyConfirmed))
	s.want("You confirmed")
}

func codePicture(t *testing.T, p []byte) []byte {
	t.Helper()
	c, err := qr.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	const scale, quiet = 4, 4
	n := (c.Size() + 2*quiet) * scale
	m := image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			if !c.Dark(x/scale-quiet, y/scale-quiet) {
				m.SetGray(x, y, color.Gray{0xff})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func blank(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 90, 90))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCodeOutsideTheWindow is what the command line prints and reads.
func TestCodeOutsideTheWindow(t *testing.T) {
	for _, given := range [][]byte{
		[]byte(base64.RawStdEncoding.EncodeToString(payload()) + "\n"), []byte(base64.URLEncoding.EncodeToString(payload())), codePicture(t, payload()),
	} {
		if got, err := ReadCode(given); err != nil || !bytes.Equal(got, payload()) {
			t.Errorf("ReadCode: %v", err)
		}
	}
	if _, err := ReadCode([]byte("what?")); err == nil {
		t.Error("anything is a code")
	}
	for _, ascii := range []bool{false, true} {
		drawn, err := DrawCode(payload(), ascii)
		if err != nil || strings.Count(drawn, "\n") < 20 || ascii == strings.Contains(drawn, "\x1b") {
			t.Errorf("ascii=%v: %v", ascii, err)
		}
	}
}

func TestStrength(t *testing.T) {
	for _, weak := range []string{
		"", "a", "password", "Passw0rd!", "password123", "qwertyuiop", "1234567890", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabc", "iloveyou",
		"Tr0ub4dor&3", "letmein2024!", "correct horse", "hubbub", "monkey monkey monkey monkey", "11/12/1988", "p@ssw0rd p@ssw0rd", "zxcvbnm,./",
	} {
		if n := strength(chat.Secret(weak)); n >= leastStrength {
			t.Errorf("%q is called %d", weak, n)
		}
	}
	for _, good := range []string{"correct horse battery staple", "lantern orbit velvet mango drizzle", "b7$kQ2!zR9@xV4#mT6^w", "Fünf alte Kähne tragen Sand"} {
		if n := strength(chat.Secret(good)); n < leastStrength {
			t.Errorf("%q is called %d", good, n)
		}
	}
}

// TestClickBesideAPage: what goes on without its page makes way; what holds
// something that was typed stays.
func TestClickBesideAPage(t *testing.T) {
	infra := tea.MouseClickMsg{X: 11, Y: 5, Button: tea.MouseLeft}
	v := newVault(complete())
	s := keep(t, v, 140, 40)
	s.verifying(bosRequest(chat.VerifyRequested))
	s.Key("alt+v")
	s.want("wants to verify with you")
	s.Send(infra)
	s.want("Message #infra", "bo wants to verify · Alt+V")
	s.wantNot("wants to verify with you")

	v = newVault(chat.Trust{Identity: chat.IdentityForeign, Recovery: chat.RecoveryReady})
	s = keep(t, v, 140, 40)
	s.Key("esc", "alt+shift+r")
	s.Type("EsTc")
	before := s.see()
	s.Send(infra)
	if got := s.see(); got != before {
		t.Errorf("what was typed is gone:\n%s", got)
	}
}
