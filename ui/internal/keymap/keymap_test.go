package keymap

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryActionIsExplained(t *testing.T) {
	for _, base := range []string{"default", "vim"} {
		m, wrong := New(base, nil)
		for _, c := range wrong {
			t.Errorf("%s: %s", base, c)
		}
		for _, b := range m.Bindings() {
			if b.Title == "" || b.Help == "" {
				t.Errorf("%s has no title or help line", b.Action)
			}
			if len(b.Keys) == 0 {
				t.Errorf("%s: %s has no key", base, b.Action)
			}
			if strings.ToLower(string(b.Action)) != string(b.Action) {
				t.Errorf("%s is not lower case", b.Action)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	m, _ := New("", nil)
	for _, c := range []struct {
		context Context
		key     string
		want    Action
	}{
		{Composer, "ctrl+k", Switcher},
		{Composer, "x", ""},
		{Message, "r", Reply},
		{Message, "ctrl+k", Switcher},
		{Message, "?", Help},
		{Composer, "?", ""},
		{Dialog, "ctrl+k", ""},
		{Dialog, "ctrl+p", ListUp},
		{Tree, "alt+3", "server-3"},
	} {
		if got := m.Lookup(c.context, c.key); got != c.want {
			t.Errorf("%s in %s is %q, want %q", c.key, c.context, got, c.want)
		}
	}
	if IsServer("server-7") != 7 || IsServer("server-x") != 0 || IsServer("quit") != 0 {
		t.Error("IsServer")
	}
}

func TestConfiguredKeys(t *testing.T) {
	m, wrong := New("vim", map[string][]string{
		"switcher": {"ctrl+t"}, "message.reply": {"ctrl+r", "r"}, "quit": {},
		"nonsense": {"x"}, "redraw": {"shift+ctrl+x"}, "reconnect": {"alt+a"},
	})
	if got := m.Lookup(Composer, "ctrl+t"); got != Switcher {
		t.Errorf("ctrl+t is %q", got)
	}
	if got := m.Lookup(Composer, "ctrl+k"); got != "" {
		t.Errorf("the replaced key still does %q", got)
	}
	if m.Lookup(Message, "ctrl+r") != Reply || m.Lookup(Global, "ctrl+q") != "" {
		t.Error("keys of a context, or an empty list, are not respected")
	}
	if m.Lookup(Global, "alt+a") != MentionNext {
		t.Error("of two actions with a key the first does not keep it")
	}
	var kinds []ConflictKind
	for _, c := range wrong {
		kinds = append(kinds, c.Kind)
		if !strings.HasSuffix(c.String(), ".") {
			t.Errorf("%q is no sentence", c)
		}
	}
	for _, k := range []ConflictKind{UnknownAction, BadKey, TwoActions} {
		if !slices.Contains(kinds, k) {
			t.Errorf("conflict of kind %d is not reported: %v", k, wrong)
		}
	}
	if _, wrong = New("emacs", nil); len(wrong) != 1 || wrong[0].Kind != UnknownMap {
		t.Errorf("an unknown keymap gives %v", wrong)
	}
}

func TestValidKey(t *testing.T) {
	for k, want := range map[string]bool{
		"a": true, "G": true, "+": true, "ctrl+k": true, "alt+shift+up": true, "f12": true, "ctrl+alt+delete": true, "é": true,
		"alt++": true, "ctrl+_": true,
		"": false, "ctrl+": false, "shift+ctrl+a": false, "Ctrl+K": false, "ctrl+K": false, "hello": false, "f0": false, " ": false,
	} {
		if ValidKey(k) != want {
			t.Errorf("ValidKey(%q) is %v", k, !want)
		}
	}
}

func TestReason(t *testing.T) {
	m, _ := New("", nil)
	b, ok := m.Find(Message, Edit)
	if !ok || b.Reason(0) == "" || b.Reason(NeedMessage|NeedUndeleted|NeedOwn|NeedText|NeedSend) != "" {
		t.Error("Reason does not follow the needs")
	}
	for n := NeedRoom; n <= NeedSelected; n <<= 1 {
		if (Binding{Entry: Entry{Need: n}}).Reason(0) == "" || n.word() == "" {
			t.Errorf("need %d has no words", n)
		}
	}
}

var update = flag.Bool("update", false, "write docs/KEYS.md anew")

// TestDocument compares docs/KEYS.md with the table.
func TestDocument(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "KEYS.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Document() {
		t.Error("docs/KEYS.md is not current: run make gen")
	}
}
