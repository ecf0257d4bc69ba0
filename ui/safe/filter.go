package safe

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// mode selects what happens to whitespace.
type mode uint8

const (
	modeLine mode = iota // collapse and trim
	modeBody             // keep, line breaks too
	modeOwn              // keep, line breaks become spaces
)

// maxPasses bounds the passes over one string. Dropping a character can join
// what stood beside it, which needs another look; two passes are usual.
const maxPasses = 8

// sanitise filters s until a pass changes nothing.
func sanitise(s string, m mode) string {
	if clean(s, m) {
		return s
	}
	for range maxPasses {
		next := limitSequences(filterRunes(s, m))
		if next == s {
			return s
		}
		s = next
		if clean(s, m) {
			return s
		}
	}
	return onlyPlain(s, m)
}

// clean reports whether s consists of plain characters and has its whitespace
// in order, so that no pass would change it.
func clean(s string, m mode) bool {
	space := m == modeLine // a space here would be a leading one
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ':
			if space {
				return false
			}
			space = m == modeLine
			i++
		case c > ' ' && c < 0x7F:
			space = false
			i++
		case c == '\n' && m == modeBody:
			i++
		case c < utf8.RuneSelf:
			return false
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !plain(r) {
				return false
			}
			space = false
			i += n
		}
	}
	return !space || s == ""
}

// onlyPlain is the answer to text built to need ever more passes: nothing but
// plain characters of it.
func onlyPlain(s string, m mode) string {
	s = strings.Map(func(r rune) rune {
		if plain(r) || r == '\n' && m == modeBody {
			return r
		}
		return -1
	}, s)
	return filterRunes(s, m)
}

// filterRunes does what can be decided character by character: control and
// invisible characters, broken encoding, whitespace.
func filterRunes(s string, m mode) string {
	f := filter{mode: m}
	f.b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			i += invalidRun(s[i:])
			f.put(utf8.RuneError)
			continue
		}
		if skip := sequenceLen(s[i:], r); skip > 0 {
			i += skip
			continue
		}
		if r == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			n = 2
		}
		i += n
		f.rune(r)
	}
	return f.b.String()
}

// filter is the state of one pass of filterRunes.
type filter struct {
	b       strings.Builder
	mode    mode
	column  int  // characters since the last line break
	pending bool // modeLine: a space is due before the next visible character
}

// rune handles one well-formed character.
func (f *filter) rune(r rune) {
	if plain(r) && r != ' ' {
		f.put(r)
		return
	}
	if r == ' ' {
		f.space(1)
		return
	}
	switch classify(r) {
	case newline:
		f.lineBreak()
	case blank:
		if r == '\t' && f.mode == modeBody {
			f.space(tabWidth - f.column%tabWidth)
			return
		}
		f.space(1)
	case replace:
		f.put(utf8.RuneError)
	case keep, context:
		if r == wideSpace && f.mode == modeLine {
			f.space(1)
			return
		}
		f.put(r)
	case drop:
	}
}

// put writes a visible character, and the space that is due before it.
func (f *filter) put(r rune) {
	if f.pending {
		if f.b.Len() > 0 {
			f.b.WriteByte(' ')
		}
		f.pending = false
	}
	f.b.WriteRune(r)
	f.column++
}

// space writes n spaces, or notes that one is due.
func (f *filter) space(n int) {
	if f.mode == modeLine {
		f.pending = true
		return
	}
	for range n {
		f.b.WriteByte(' ')
	}
	f.column += n
}

// lineBreak writes a line break where the mode has them, else a space.
func (f *filter) lineBreak() {
	if f.mode != modeBody {
		f.space(1)
		return
	}
	f.b.WriteByte('\n')
	f.column = 0
}

// invalidRun returns the length of the bytes at the start of s that are not
// UTF-8.
func invalidRun(s string) int {
	i := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || n > 1 {
			break
		}
		i++
	}
	return max(i, 1)
}

// maxSequence is the number of bytes within which a control sequence must end
// to be removed as a whole. Of a longer one only the introducer goes, so that an
// unterminated sequence cannot hide the text after it.
const maxSequence = 64

// sequenceLen returns the length of the colour or cursor sequence (CSI) at the
// start of s, or 0. Without it pasted program output would be full of "[31m".
func sequenceLen(s string, r rune) int {
	i := 0
	switch {
	case r == 0x1B && len(s) > 1 && s[1] == '[':
		i = 2
	case r == 0x9B:
		i = 2 // U+009B takes two bytes
	default:
		return 0
	}
	for ; i < len(s) && i < maxSequence; i++ {
		switch c := s[i]; {
		case c >= 0x40 && c <= 0x7E:
			return i + 1
		case c < 0x20 || c > 0x3F:
			return 0
		}
	}
	return 0
}

// limitClusters cuts s after n clusters; the last of them is an ellipsis when
// something was cut, here or before (cut).
func limitClusters(s string, n int, cut bool) string {
	if len(s) <= n && !cut {
		return s
	}
	g := graphemes.FromString(s)
	count, last := 0, 0
	for g.Next() {
		count++
		if count == n-1 {
			last = g.End()
		}
		if count > n {
			cut = true
			break
		}
	}
	if !cut {
		return s
	}
	if count >= n {
		s = s[:last]
	}
	return strings.TrimRight(s, " ") + ellipsis
}
