package richtext

import "testing"

// A link that is opened without a question is one whose text says where it leads.
func TestLinksWithoutWordsAreMasked(t *testing.T) {
	for src, want := range map[string]bool{
		`<a href="https://evil.example/x">https://evil.example/y</a>`:                  false,
		`<a href="https://evil.example/x">evil.example</a>`:                            false,
		`<a href="https://evil.example/x">bank.example</a>`:                            true,
		`<a href="https://evil.example/x"></a><code>https://bank.example</code>`:       true,
		`<a href="https://evil.example/x"> <img src="x"></a>see https//bank.example`:   true,
		`<a href="https://evil.example/x">` + "\u200b" + `</a><pre>bank.example</pre>`: true,
	} {
		doc := HTML(src, "@me:x")
		if got := doc.Masked("https://evil.example/x"); got != want {
			t.Errorf("%s: masked %t", src, got)
		}
	}
}
