// Package safe is the only gate between text that others wrote and the terminal.
//
// A [Text] is a string that has passed the sanitiser: valid UTF-8 without
// control characters, escape sequences, direction overrides, invisible
// characters outside the sequences that need them, or piles of combining marks.
// Everything that draws takes a Text, so a raw string cannot reach the screen by
// accident. [Line] makes one of a name or a title, [Body] of a message, [Lit]
// and [Own] of the program's own words. [OSC] and [URL] make plain strings for
// the places that are not cells: control sequences to the terminal and hyperlinks.
//
// The filters are idempotent: what they return passes them unchanged. Plain
// ASCII and ordinary letters of most scripts pass without allocation.
//
// The package does not measure: how many columns a cluster takes depends on the
// terminal. The filters do not judge meaning either: lookalike letters pass.
// [Doubtful] and [Lookalike] tell of names that must not stand alone.
package safe

import (
	"strings"
	"unicode/utf8"
)

// Limits of what the filters let through.
const (
	// MaxLineClusters is the number of grapheme clusters that [Line] keeps.
	MaxLineClusters = 128
	// MaxBodyBytes is the number of bytes of a message body that [Body] looks
	// at: four times the largest event the specification allows.
	MaxBodyBytes = 256 << 10
	// MaxOSCBytes is the number of bytes that [OSC] keeps.
	MaxOSCBytes = 200
	// MaxURLBytes is the length above which [URL] refuses a link, after
	// encoding.
	MaxURLBytes = 2048

	// maxLineBytes is how much of a raw name [Line] looks at. It bounds the
	// work for a name that is megabytes of characters that will be dropped.
	maxLineBytes = 16 << 10
	// tabWidth is the distance of tab stops in a body.
	tabWidth = 4
	// ellipsis marks a cut.
	ellipsis = "…"
)

// Text is sanitised text. The zero value is empty. Two Texts are equal when
// their strings are.
type Text struct{ s string }

// literal is the type of the argument of [Lit]. It is not exported, so only
// untyped constants convert to it outside this package.
type literal string

// Line sanitises text that has to stay on one line: names, topics, titles.
// Whitespace of any kind, line breaks included, collapses to single spaces and
// is trimmed at both ends; more than [MaxLineClusters] clusters are cut, with an
// ellipsis as the last.
func Line(s string) Text {
	cut := false
	if len(s) > maxLineBytes {
		s, cut = cutRunes(s, maxLineBytes), true
	}
	s = sanitise(s, modeLine)
	return Text{limitClusters(s, MaxLineClusters, cut)}
}

// Body sanitises the text of a message. Line breaks of every kind become \n,
// tabs become spaces up to the next multiple of four columns, other spaces are
// kept. What is beyond [MaxBodyBytes] is cut, and an ellipsis on a line of its
// own says so.
func Body(s string) Text {
	if len(s) <= MaxBodyBytes {
		return Text{sanitise(s, modeBody)}
	}
	keep := MaxBodyBytes - len(ellipsis) - 1
	s = sanitise(cutRunes(s, keep), modeBody)
	if len(s) > keep {
		// Expanded tabs can make the text longer than what was read.
		s = sanitise(cutRunes(s, keep), modeBody)
	}
	return Text{s + "\n" + ellipsis}
}

// Lit makes a Text of the program's own words. Only untyped constants can be
// passed, so no foreign string takes this door. Spaces and line breaks are kept.
func Lit(s literal) Text { return Text{sanitise(string(s), modeBody)} }

// Own makes a Text of a composed string of the program's own, such as a number
// or a date. It filters like [Line], but keeps runs of spaces and has no length
// limit; line breaks become spaces.
func Own(s string) Text { return Text{sanitise(s, modeOwn)} }

// String returns the text. It is safe to write to a terminal.
func (t Text) String() string { return t.s }

// Len returns the length in bytes.
func (t Text) Len() int { return len(t.s) }

// Empty reports whether there is no text at all.
func (t Text) Empty() bool { return t.s == "" }

// Join concatenates parts with sep between them.
func Join(sep Text, parts ...Text) Text {
	switch len(parts) {
	case 0:
		return Text{}
	case 1:
		return parts[0]
	}
	n := sep.Len() * (len(parts) - 1)
	for _, p := range parts {
		n += p.Len()
	}
	var b strings.Builder
	b.Grow(n)
	for i, p := range parts {
		if i > 0 {
			b.WriteString(sep.s)
		}
		b.WriteString(p.s)
	}
	return Text{b.String()}
}

// Lines splits the text at its line breaks. There is always at least one line;
// a line break at the end starts another, empty one.
func (t Text) Lines() []Text {
	out := make([]Text, 0, strings.Count(t.s, "\n")+1)
	for rest := t.s; ; {
		line, more, found := strings.Cut(rest, "\n")
		out = append(out, Text{line})
		if !found {
			return out
		}
		rest = more
	}
}

// Slice returns the bytes from offset from up to offset to, which should be
// boundaries of grapheme clusters. Offsets outside the text are clamped, and an
// offset inside a character moves back to its start, so the result is always
// valid UTF-8.
func (t Text) Slice(from, to int) Text {
	to = min(max(to, 0), len(t.s))
	from = min(max(from, 0), to)
	return Text{t.s[runeStart(t.s, from):runeStart(t.s, to)]}
}

// runeStart moves i back to the start of the character it lies in.
func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// cutRunes returns at most n bytes of s. It does not cut a valid character in
// two; in text that is not UTF-8 it looks back three bytes at most.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := n; i > 0 && n-i < utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:n]
}
