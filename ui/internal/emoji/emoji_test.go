package emoji

import (
	"slices"
	"testing"

	"hubbub/ui/safe"
)

func TestLookup(t *testing.T) {
	tab := Load()
	for code, want := range map[string]string{
		"thumbsup": "👍", "+1": "👍", "THUMBSUP": "👍", "tada": "🎉", "heart": "❤️", "no_such_emoji": "", "": "",
	} {
		if got := tab.Lookup(code); got != want {
			t.Errorf("Lookup(%q) = %q, want %q", code, got, want)
		}
	}
}

func TestSearchPutsTheObviousFirst(t *testing.T) {
	tab := Load()
	for query, want := range map[string]string{"tada": "🎉", "thumbsu": "👍", "rocket": "🚀", "+1": "👍", "smile": "😄"} {
		got := tab.Search(query, 5)
		if len(got) == 0 || got[0].Char != want {
			t.Errorf("Search(%q) = %v, want %s first", query, got, want)
		}
	}
	if got := tab.Search("a", 7); len(got) != 7 {
		t.Errorf("limit not kept: %d", len(got))
	}
	if tab.Search("zzzzqq", 5) != nil && len(tab.Search("zzzzqq", 5)) > 0 {
		t.Error("nonsense found something")
	}
}

// Every entry can be drawn: the sanitiser leaves it alone.
func TestTableIsSafe(t *testing.T) {
	for _, e := range Load().All() {
		if safe.Line(e.Char).String() != e.Char {
			t.Errorf("%q is changed by the sanitiser", e.Char)
		}
		if slices.Contains(e.Codes, "") {
			t.Errorf("%q has an empty shortcode", e.Char)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		Load()
	}
}

func BenchmarkSearch(b *testing.B) {
	t := Load()
	for b.Loop() {
		t.Search("sm", 8)
	}
}
