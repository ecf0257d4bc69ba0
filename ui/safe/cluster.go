package safe

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Limits of one grapheme cluster.
const (
	maxMarks        = 4  // combining marks on one base
	maxClusterBytes = 32 // of anything that is not an emoji
	maxEmojiBytes   = 64 // of an emoji sequence; the longest in use takes 41
	maxEmojiParts   = 6  // pictures joined by ZWJ
	maxTags         = 6  // tag characters of a subdivision flag
)

// limitSequences drops what only cluster by cluster can be judged: joiners,
// variation selectors and tags without meaning, marks without a base, and marks
// piled up.
func limitSequences(s string) string {
	if ascii(s) {
		return s
	}
	var b strings.Builder
	kept := 0 // bytes of s that are the same in the output so far
	g := graphemes.FromString(s)
	for g.Next() {
		c := g.Value()
		if len(c) == 1 {
			if b.Len() > 0 || kept < g.Start() {
				b.WriteString(c)
			} else {
				kept = g.End()
			}
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[g.End():])
		out := limitCluster(c, next)
		if out == c && b.Len() == 0 && kept == g.Start() {
			kept = g.End()
			continue
		}
		if b.Len() == 0 {
			b.Grow(len(s))
			b.WriteString(s[:kept])
		}
		b.WriteString(out)
	}
	if kept == len(s) {
		return s
	}
	return b.String()
}

// ascii reports whether s has no byte above 0x7F.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// limitCluster returns what is kept of one cluster; next is the character after
// it.
func limitCluster(c string, next rune) string {
	base, n := utf8.DecodeRuneInString(c)
	if n == len(c) && !unicode.IsMark(base) && classify(base) != context {
		return c
	}
	if emoji(c) {
		return c
	}
	if unicode.IsMark(base) {
		// No base: it would be drawn on whatever stands before the text.
		return ""
	}
	var b strings.Builder
	var prev rune
	marks := 0
	for i, r := range c {
		after := next
		if size := utf8.RuneLen(r); i+size < len(c) {
			after, _ = utf8.DecodeRuneInString(c[i+size:])
		}
		if b.Len()+utf8.RuneLen(r) > maxClusterBytes {
			break
		}
		switch {
		case r == zwj || r == zwnj:
			if !joins(prev) || !joins(after) {
				continue
			}
		case isVariation(r):
			if !variationFits(prev, r) {
				continue
			}
		case r >= firstTag && r <= cancelTag:
			continue
		case unicode.IsMark(r):
			marks++
			if marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}

// emoji reports whether c is an emoji sequence of a form that is in use: a
// picture with style or skin tone, several joined by ZWJ, a keycap, a flag.
// Spec: UTS #51, ED-17.
func emoji(c string) bool {
	if len(c) > maxEmojiBytes {
		return false
	}
	r, n := utf8.DecodeRuneInString(c)
	rest := c[n:]
	switch {
	case regional(r):
		second, n := utf8.DecodeRuneInString(rest)
		return regional(second) && n == len(rest)
	case r >= '0' && r <= '9' || r == '#' || r == '*':
		rest = strings.TrimPrefix(rest, string(rune(emojiStyle)))
		return rest == string(rune(keycap))
	case r == blackFlag && subdivision(rest):
		return true
	case tint(r):
		return rest == ""
	}
	return joinedPictures(c)
}

// subdivision reports whether s is the tag part of a flag such as Scotland's.
func subdivision(s string) bool {
	tags := 0
	for i, r := range s {
		if r == cancelTag {
			return tags > 0 && i+utf8.RuneLen(r) == len(s)
		}
		letter := r - firstTag + ' '
		if (letter < 'a' || letter > 'z') && (letter < '0' || letter > '9') || tags == maxTags {
			return false
		}
		tags++
	}
	return false
}

// joinedPictures reports whether c is one or several pictures joined by ZWJ,
// each with at most one style selector or skin tone.
func joinedPictures(c string) bool {
	const (
		wantPicture = iota
		hadPicture
		hadSuffix
	)
	state, parts := wantPicture, 0
	for _, r := range c {
		switch {
		case state == wantPicture && pictographic(r):
			state = hadPicture
			parts++
		case state == hadPicture && (r == emojiStyle || r == textStyle || tint(r)):
			state = hadSuffix
		case state != wantPicture && r == zwj:
			state = wantPicture
		default:
			return false
		}
	}
	return state != wantPicture && parts <= maxEmojiParts
}
