package matrix_test

import (
	"reflect"
	"strings"
	"testing"

	"hubbub/matrix"
)

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]matrix.Target{
		"#a:x.org":   {Room: "#a:x.org"},
		" #a ":       {Room: "#a:home.org"},
		"!a:x.org":   {Room: "!a:x.org"},
		"!onlyahash": {Room: "!onlyahash"},
		"https://matrix.to/#/%23a%3Ax.org?via=one.org&via=two.org:8448&via=b%0Aad": {Room: "#a:x.org", Via: []string{"one.org", "two.org:8448"}},
		"https://matrix.to/#/!a:x.org/$ev?via=one.org":                             {Room: "!a:x.org", Event: "$ev", Via: []string{"one.org"}},
		"HTTPS://matrix.to/#/#a:x.org/":                                            {Room: "#a:x.org"},
		"matrix:r/a:x.org?action=join&via=one.org":                                 {Room: "#a:x.org", Via: []string{"one.org"}},
		"matrix:roomid/a:x.org/e/ev":                                               {Room: "!a:x.org", Event: "$ev"},
		"matrix://host/roomid/a:x.org":                                             {Room: "!a:x.org"},
	} {
		got, err := matrix.ParseTarget(in, "home.org")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "#", "!", "a", "@ada:x.org", "#a b:x", "#a:", "#:x", "https://matrix.to/#/@ada:x.org", "https://matrix.to/#/%zz",
		"matrix:u/ada:x.org", "https://example.org/#/#a:x", "#a:" + strings.Repeat("x", 300), "!a\x1b[0m:x", "matrix:r/%0a:x",
	} {
		if got, err := matrix.ParseTarget(in, "home.org"); err == nil {
			t.Errorf("%q: accepted as %+v", in, got)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("https://matrix.to/#/!a:x.org/$ev?via=one.org")
	f.Add("matrix://h/r/a:b/e/c?via=x")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := matrix.ParseTarget(s, "home.org")
		if err == nil && (len(got.Room) > 255 || strings.ContainsAny(got.Room, "\x00\n\x1b ") || len(got.Via) > 10) {
			t.Errorf("%q: %+v", s, got)
		}
	})
}
