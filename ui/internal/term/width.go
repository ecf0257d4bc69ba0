// Package term knows what differs from terminal to terminal: how wide it draws
// a character, and how it is told to fill the clipboard or to notify.
//
// Nothing here does input or output. [Profile] is a plain value that says how
// wide the terminal draws the clusters on which terminals disagree; a [Probe]
// makes one of the terminal's cursor reports. Functions such as [Clipboard]
// return bytes, which the screen writes between two frames.
package term

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"github.com/clipperhouse/uax29/v2/graphemes"

	"hubbub/ui/safe"
)

// Profile says how a terminal draws the kinds of clusters on which terminals
// disagree. The zero value is the conservative profile: it supposes of each kind
// that the terminal does not draw it as one glyph, and replaces it by what every
// terminal draws alike.
//
// A Profile is a value without pointers: it can be compared, and stored as JSON
// under [ProfileKey].
type Profile struct {
	// Measured says that a terminal answered; the conservative profile is not
	// measured.
	Measured bool `json:"measured"`
	// VS16 says that a text symbol followed by U+FE0F takes two columns, as the
	// emoji that it selects.
	VS16 bool `json:"vs16"`
	// Keycap says that a digit with U+FE0F and U+20E3 takes two columns.
	Keycap bool `json:"keycap"`
	// ZWJ says that pictures joined by ZWJ take two columns together.
	ZWJ bool `json:"zwj"`
	// Tint says that a picture and a skin tone take two columns together.
	Tint bool `json:"tint"`
	// Flag says that two regional indicators take two columns together.
	Flag bool `json:"flag"`
	// TagFlag says that a flag of tag characters takes two columns.
	TagFlag bool `json:"tag_flag"`
	// SpacingMarks says that marks such as those of Devanagari, which Unicode
	// calls spacing, take a column of their own.
	SpacingMarks bool `json:"spacing_marks"`
	// Ambiguous says that characters of ambiguous East Asian width take two
	// columns.
	Ambiguous bool `json:"ambiguous"`
	// Unicode is the newest version of the emoji that take two columns, from
	// 12 on; newer ones are replaced. In a profile that is not measured 15 is
	// supposed.
	Unicode int `json:"unicode"`
}

// Full is the profile of a terminal that draws every cluster as Unicode says. It
// is for tests and for output that is no terminal.
func Full() Profile {
	return Profile{
		Measured: true, VS16: true, Keycap: true, ZWJ: true, Tint: true,
		Flag: true, TagFlag: true, Unicode: newestEmoji,
	}
}

// ProfileKey is the key under which a profile of a terminal is kept: its TERM
// and what it says to XTVERSION.
func ProfileKey(termName, version string) string { return termName + " " + version }

// Cluster returns the number of columns that one grapheme cluster takes once it
// is normalised.
func (p Profile) Cluster(s string) int {
	if len(s) == 1 {
		if s[0] < ' ' || s[0] == 0x7F {
			return 0
		}
		return 1
	}
	return p.natural(p.replacement(s))
}

// Text returns the number of columns of a line once it is normalised.
func (p Profile) Text(t safe.Text) int {
	s := t.String()
	width := 0
	for len(s) > 0 {
		n := asciiRun(s)
		width += n
		s = s[n:]
		if s == "" {
			break
		}
		g := graphemes.FromString(s)
		g.Next()
		width += p.Cluster(g.Value())
		s = s[g.End():]
	}
	return width
}

// Normalise replaces the clusters that the terminal would not draw as one glyph.
// It returns t itself when there are none.
func (p Profile) Normalise(t safe.Text) safe.Text {
	s := t.String()
	if !suspicious(s) {
		return t
	}
	var b strings.Builder
	changed := false
	g := graphemes.FromString(s)
	for g.Next() {
		c := g.Value()
		r := p.replacement(c)
		if r != c && !changed {
			changed = true
			b.Grow(len(s))
			b.WriteString(s[:g.Start()])
		}
		if changed {
			b.WriteString(r)
		}
	}
	if !changed {
		return t
	}
	// Normalising shortens clusters of sanitised text, so the text stays what it
	// was to the sanitiser; Body keeps line breaks and spaces.
	return safe.Body(b.String())
}

// asciiRun returns how many bytes at the start of s are printable ASCII
// characters that are clusters of their own.
func asciiRun(s string) int {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7F {
		i++
	}
	if i > 0 && i < len(s) && s[i] >= utf8.RuneSelf {
		i-- // it may be the base of a combining mark
	}
	return i
}

// suspicious reports whether s contains a character that occurs in clusters on
// which terminals disagree.
func suspicious(s string) bool {
	for i := 0; i < len(s); i++ {
		// U+2000 and up to U+2FFF start with E2, U+FE0F with EF B8, everything
		// above U+FFFF with F0 and more.
		if c := s[i]; c >= 0xF0 || c == 0xE2 && i+1 < len(s) && s[i+1] != 0x80 ||
			c == 0xE2 && i+2 < len(s) && s[i+2] == 0x8D ||
			c == 0xEF && i+1 < len(s) && s[i+1] == 0xB8 {
			return true
		}
	}
	return false
}

// natural returns the columns of a cluster that needs no replacement.
func (p Profile) natural(c string) int {
	if p.SpacingMarks && strings.IndexFunc(c, spacing) >= 0 {
		width := 0
		for _, r := range c {
			width += displaywidth.Rune(r)
			if spacing(r) && displaywidth.Rune(r) == 0 {
				width++
			}
		}
		return width
	}
	return p.options().String(c)
}

// options are the settings of the width tables.
func (p Profile) options() displaywidth.Options {
	return displaywidth.Options{EastAsianWidth: p.Ambiguous}
}

// spacing reports whether r is a mark that some terminals give a column.
func spacing(r rune) bool { return r >= 0x0900 && unicode.Is(unicode.Mc, r) }
