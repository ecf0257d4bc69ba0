package richtext

import (
	"strings"
	"testing"

	"hubbub/ui/internal/term"
	"hubbub/ui/internal/theme"
)

// evil is a link that leads elsewhere than it says.
const evil = `<a href="https://evil.example/x">`

// A link that is opened without a question is one whose text says where it leads.
func TestLinksWithoutWordsAreMasked(t *testing.T) {
	for src, want := range map[string]bool{
		evil + `https://evil.example/y</a>`:                            false,
		evil + `evil.example</a>`:                                      false,
		evil + `<b>https://evil</b>.example</a>`:                       false,
		evil + `evil.example`:                                          false,
		evil + `bank.example</a>`:                                      true,
		evil + `</a><code>https://bank.example</code>`:                 true,
		evil + ` <img src="x"></a>see https//bank.example`:             true,
		evil + "\u200b" + `</a><pre>bank.example</pre>`:                true,
		evil + `https://bank.example`:                                  true, // never closed
		evil + `<code>https://bank.example</a>`:                        true,
		evil + `<code>https://bank.example`:                            true,
		evil + `https://bank.example<p>evil.example</p></a>`:           true,
		evil + `https://bank.example<br>evil.example</a>`:              true,
		evil + `bank.example<a href="https://x.example">x.example</a>`: true,
		strings.Repeat(`<a href="https://other.example/">x</a>`, 150) + evil + `https://bank.example</a>`: true,
	} {
		doc := HTML(src, "@me:x")
		if got := doc.Masked("https://evil.example/x"); got != want {
			t.Errorf("%.200s: masked %t", src, got)
		}
	}
}

// drawn returns the lines of a document as text.
func drawn(d *Doc) string {
	th := theme.New(theme.Options{})
	lines, _ := d.Layout(Options{Width: 120, Widths: term.Full(), Theme: &th})
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimSpace(l.String()))
	}
	return strings.Join(out, "|")
}

// A terminal opens a link by itself when it is clicked: where it leads stands
// behind a text that does not say so.
func TestWhereALinkLeadsIsSeen(t *testing.T) {
	for src, want := range map[string]string{
		evil + `https://bank.example`:                                                         "https://bank.example (evil.example)",
		evil + `<code>https://bank.example</a>`:                                               "https://bank.example (evil.example)",
		evil + `bank.example<ul><li>x</ul></a>`:                                               "bank.example|• x|(evil.example)",
		evil + `bank.example<a href="https://x.example">x.example</a>`:                        "bank.example (evil.example)x.example",
		evil + `evil.example</a>`:                                                             "evil.example",
		`<a href="magnet:?xt=urn:x">https://bank.example</a>`:                                 "https://bank.example (magnet:)",
		`<a href="https://bank.example@evil.example/">https://bank.example@evil.example/</a>`: "https://bank.example@evil.example/ (evil.example)",
		`<a href="https://matrix.to/#/@mallory:evil.example">@bo:x</a>`:                       "@bo:x (@mallory:evil.example)",
		`<a href="https://matrix.to/#/@bo:x">@bo:x</a>`:                                       "@bo:x",
		`<a href="https://matrix.to/#/@bo:x">Bo</a>`:                                          "Bo",
		`<a href="https://matrix.to/#/!r:x/$e?via=y">https://matrix.to/#/!r:x/$e</a>`:         "https://matrix.to/#/!r:x/$e",
		`https://b` + "\u0430" + `nk.example/`:                                                "https://b\u0430nk.example/ (xn--bnk-6cd.example)",
		`https://user:pw@evil.example/`:                                                       "https://user:pw@evil.example/ (evil.example)",
		`https://müller.example/`:                                                             "https://müller.example/",
	} {
		doc := HTML(src, "@me:x")
		if got := drawn(doc); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

// Of a host that is written so that it cannot be shown there is no link.
func TestLinksThatCannotBeToldAreText(t *testing.T) {
	for _, src := range []string{`<a href="https://evil%2Eexample/">bank.example</a>`, `<a href="https://evil.example:x/">bank.example</a>`, `<a href="mailto:?attach=/etc/passwd">bank.example</a>`} {
		if doc := HTML(src, "@me:x"); len(doc.Links()) > 0 || drawn(doc) != "bank.example" {
			t.Errorf("%s: %q leads to %q", src, drawn(doc), doc.Links())
		}
	}
}

// The eye and the link end at the same place.
func TestLinksEndWhereTheySeemTo(t *testing.T) {
	for _, space := range []string{"\u00a0", "\u2003", "\u2800", "\u3000"} {
		doc := HTML("https://bank.example"+space+"@evil.example/", "@me:x")
		if l := doc.Links(); space != "\u3000" && (len(l) != 1 || l[0] != "https://bank.example") {
			t.Errorf("%+q: %q", space, l)
		} else if space == "\u3000" && !doc.Masked(l[0]) {
			t.Errorf("%+q: %q is not masked", space, l)
		}
	}
}
