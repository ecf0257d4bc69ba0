package richtext

import "testing"

// What is copied is what was read, whatever the plain body of the message says.
func TestTextIsWhatIsShown(t *testing.T) {
	for src, want := range map[string]string{
		`plain &amp; <b>bold</b>`: "plain & bold",
		`<p>one</p><p>two</p>`:    "one\n\ntwo",
		`a<br>b`:                  "a\nb",
		"<pre><code>if x {\n\ty()\n}\n</code></pre>":   "if x {\n\ty()\n}",
		"<pre>a<br>\tb</pre>":                          "a\n\tb",
		`<ul><li>a</li><li>b<ol><li>c</ol></ul>`:       "- a\n- b\n  1. c",
		`<blockquote>a<br>b</blockquote>c`:             "> a\n> b\nc",
		`<table><tr><td>a<td>b<tr><td>c</table>`:       "a | b\nc",
		`<a href="https://evil.example">go here</a>`:   "go here (evil.example)",
		`<details><summary>ls</summary>rm x</details>`: "ls",
		`x <span data-mx-spoiler>rm x</span> y`:        "x … y",
		"<pre>x <span data-mx-spoiler>rm</span></pre>": "x …",
		`<hr>`:              "---",
		`<table><tr>a<td>b`: "a\nb",
	} {
		if got := HTML(src, "@me:x").Text(false); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
	if got := HTML(`<details><summary>a</summary>b</details><span data-mx-spoiler>c</span>`, "@me:x").Text(true); got != "a\nb\nc" {
		t.Errorf("revealed: %q", got)
	}
}
