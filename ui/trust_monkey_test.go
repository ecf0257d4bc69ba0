package ui

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
)

// randomTrust is what a homeserver and peers can make of the account: any
// state, any order, words from outside.
func randomTrust(v *vault, r *rand.Rand) chat.ChangeSet {
	var cs chat.ChangeSet
	evil := []string{"", "BO", "\x1b]52;c;eA==\a", strings.Repeat("密", 400), "a\nb", "\u202eevil"}
	if r.IntN(2) == 0 {
		v.now = chat.Trust{
			Identity: chat.IdentityState(r.IntN(5)), MasterKey: evil[r.IntN(len(evil))], PrivateKeys: r.IntN(2) == 0,
			Recovery: chat.RecoveryState(r.IntN(4)), Passphrase: r.IntN(2) == 0, CanVerify: r.IntN(3),
			Backup: chat.Backup{
				State: chat.BackupState(r.IntN(7)), Saved: r.IntN(9000), Total: r.IntN(9000), Restoring: r.IntN(4) == 0,
				RestoreTotal: r.IntN(3000), Problem: &chat.Problem{Kind: chat.ProblemKind(r.IntN(int(chat.ProblemMismatch) + 1)), Detail: evil[r.IntN(len(evil))]},
			},
		}
		t := v.now
		cs.Trust = &t
	}
	for range r.IntN(4) {
		emoji, numbers := sas()
		all := chat.Verification{
			ID: []string{"v1", "v2", "x", ""}[r.IntN(4)], User: chat.UserID([]string{"@bo:example.org", "@me:example.org", evil[r.IntN(len(evil))]}[r.IntN(3)]),
			Device: chat.DeviceID(evil[r.IntN(len(evil))]), Own: r.IntN(2) == 0, Incoming: r.IntN(2) == 0,
			Phase: chat.VerificationPhase(r.IntN(8)), CanSAS: r.IntN(2) == 0, CanShow: r.IntN(2) == 0, CanScan: r.IntN(2) == 0,
			Emoji: emoji[:r.IntN(8)], Decimals: numbers, Code: make([]byte, r.IntN(3500)), Reason: evil[r.IntN(len(evil))],
		}
		if len(all.Emoji) > 0 {
			all.Emoji = append([]chat.Emoji{{Symbol: evil[r.IntN(len(evil))], Name: evil[r.IntN(len(evil))]}}, all.Emoji...)
		}
		cs.Verifications = append(cs.Verifications, all)
	}
	return cs
}

// FuzzTrust throws keys and news of trust at the window in any order: it never
// crashes, what it draws stays clean, and the recovery key is never kept.
func FuzzTrust(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint16(200))
	}
	m, _ := keymap.New("", nil)
	var keys []string
	for _, b := range m.Bindings() {
		if b.Action != keymap.Quit && b.Action != keymap.Suspend && b.Action != keymap.SignOut {
			keys = append(keys, b.Keys...)
		}
	}
	keys = append(keys, "y", "n", "e", "c", "s", "t", "l", "v", "r", "k", "p", "enter", "enter", "esc", "alt+y", "alt+v", "alt+shift+g")
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) {
		dir := t.TempDir()
		t.Setenv("HOME", dir)
		t.Chdir(dir) // what is saved is saved here
		r := rand.New(rand.NewPCG(seed, 2))
		k, v := guarded(), newVault(chat.Trust{})
		v.world, v.Trust, v.password = k.world, account{k}, []chat.Secret{"", "a"}[r.IntN(2)]
		s := sit(t, v.world, 80, 24, func(o *Options) { o.Backend.Trust = vaulted{v} })
		for range int(steps) % 500 {
			switch n := r.IntN(10); {
			case n < 2:
				s.Send(feedMsg{changes: randomTrust(v, r)})
			case n < 3:
				v.fail = &chat.Problem{Kind: chat.ProblemKind(r.IntN(int(chat.ProblemMismatch) + 1))}
			case n < 4:
				s.pass(3 * time.Second)
			default:
				monkey(s, keys, r)
			}
		}
		if got := s.see(); strings.ContainsAny(got, "\x1b\a\u202e") {
			t.Errorf("the screen is not clean:\n%q", got)
		}
		for _, value := range v.world.state {
			if strings.Contains(string(value), "EsTU") {
				t.Error("the recovery key is kept")
			}
		}
		saved, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range saved {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
	})
}
