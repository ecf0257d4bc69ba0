package term

import (
	"strings"
	"unicode/utf8"
)

// Characters in emoji sequences.
const (
	zwj        = 0x200D
	emojiStyle = 0xFE0F
	textStyle  = 0xFE0E
	keycap     = 0x20E3
	blackFlag  = 0x1F3F4
	firstTint  = 0x1F3FB
	lastTint   = 0x1F3FF
	firstFlag  = 0x1F1E6
	lastFlag   = 0x1F1FF
	cancelTag  = 0xE007F
)

// newestEmoji is the newest Unicode version whose emoji are in [emojiSince].
const newestEmoji = 17

// oldestEmoji is the version below which emoji are not told apart, and
// commonEmoji the one that a terminal is supposed to know before it is asked.
const (
	oldestEmoji = 12
	commonEmoji = 15
)

// unknownGlyph stands for an emoji that the terminal does not know. It takes as
// many columns.
const unknownGlyph = "\uFFFD "

// replacement returns what is drawn instead of a cluster: the cluster itself if
// the terminal draws it right.
func (p Profile) replacement(c string) string {
	r, n := utf8.DecodeRuneInString(c)
	if n == len(c) {
		if r >= 0x1F000 && !p.knows(r) {
			return unknownGlyph
		}
		return c
	}
	if r < 0x2000 && r != 0xA9 && r != 0xAE && !strings.ContainsRune(c, keycap) {
		return c
	}
	switch {
	case strings.ContainsRune(c, keycap):
		if p.Keycap {
			return c
		}
		return string(r)
	case r >= firstFlag && r <= lastFlag:
		if p.Flag || !p.Measured {
			// A flag takes two columns in every terminal that was measured.
			return c
		}
		return flagLetters(c)
	case r == blackFlag && strings.ContainsRune(c, cancelTag):
		if p.TagFlag {
			return c
		}
		return string(r)
	case strings.ContainsRune(c, zwj) && !p.ZWJ:
		head, _, _ := strings.Cut(c, string(rune(zwj)))
		return p.replacement(head)
	}
	if r >= 0x1F000 && !p.knows(r) {
		return unknownGlyph
	}
	return p.parts(c)
}

// parts drops skin tones and style selectors that the terminal does not take as
// part of the glyph.
func (p Profile) parts(c string) string {
	drop := func(r rune) bool {
		switch {
		case r >= firstTint && r <= lastTint:
			return !p.Tint
		case r == emojiStyle:
			return !p.VS16
		}
		return r == textStyle
	}
	if strings.IndexFunc(c, drop) <= 0 {
		return c
	}
	first := true
	return strings.Map(func(r rune) rune {
		if !first && drop(r) {
			return -1
		}
		first = false
		return r
	}, c)
}

// flagLetters spells a flag out for a terminal that does not join the two
// indicators.
func flagLetters(c string) string {
	return strings.Map(func(r rune) rune {
		if r >= firstFlag && r <= lastFlag {
			return 'A' + r - firstFlag
		}
		return r
	}, c)
}

// knows reports whether the terminal's tables are new enough for an emoji.
func (p Profile) knows(r rune) bool {
	newest := max(p.Unicode, oldestEmoji)
	if !p.Measured {
		newest = commonEmoji
	}
	return emojiSince(r) <= newest
}

// emojiSince returns the Unicode version that brought an emoji, 0 for those of
// version 12 and older and for all other characters.
// Source: Unicode emoji-data, "Emoji_Presentation" with the version column.
func emojiSince(r rune) int {
	switch r {
	case 0x1F972, 0x1F977, 0x1F978, 0x1F9A3, 0x1F9A4, 0x1F9CB, 0x1F90C, 0x1F6D6, 0x1F6D7, 0x1FA74:
		return 13
	case 0x1F979, 0x1F9CC, 0x1F7F0, 0x1F6DD, 0x1F6DE, 0x1F6DF, 0x1FA7B, 0x1FA7C:
		return 14
	case 0x1F6DC, 0x1FA75, 0x1FA76, 0x1FA77, 0x1FA87, 0x1FA88:
		return 15
	case 0x1FA89, 0x1FA8F, 0x1FABE, 0x1FAC6, 0x1FADC, 0x1FADF, 0x1FAE9:
		return 16
	case 0x1F6D8, 0x1FA8A, 0x1FA8E, 0x1FAC8, 0x1FACD, 0x1FAEA, 0x1FAEF:
		return 17
	}
	switch {
	case r >= 0x1FA83 && r <= 0x1FA86, r >= 0x1FA96 && r <= 0x1FAA8, r >= 0x1FAB0 && r <= 0x1FAB6,
		r >= 0x1FAC0 && r <= 0x1FAC2, r >= 0x1FAD0 && r <= 0x1FAD6, r >= 0x1F6FB && r <= 0x1F6FC,
		r >= 0x1F9AB && r <= 0x1F9AD:
		return 13
	case r >= 0x1FAA9 && r <= 0x1FAAC, r >= 0x1FAB7 && r <= 0x1FABA, r >= 0x1FAC3 && r <= 0x1FAC5,
		r >= 0x1FAD7 && r <= 0x1FAD9, r >= 0x1FAE0 && r <= 0x1FAE7, r >= 0x1FAF0 && r <= 0x1FAF6:
		return 14
	case r >= 0x1FAAD && r <= 0x1FAAF, r >= 0x1FABB && r <= 0x1FABD, r == 0x1FABF,
		r >= 0x1FACE && r <= 0x1FACF, r >= 0x1FADA && r <= 0x1FADB, r == 0x1FAE8,
		r >= 0x1FAF7 && r <= 0x1FAF8:
		return 15
	case r >= 0x1FA70 && r <= 0x1FAFF && !older(r):
		return newestEmoji
	}
	return 0
}

// older reports whether an emoji of the block "Symbols and Pictographs
// Extended-A" came with Unicode 12.
func older(r rune) bool {
	return r >= 0x1FA70 && r <= 0x1FA73 || r >= 0x1FA78 && r <= 0x1FA7A ||
		r >= 0x1FA80 && r <= 0x1FA82 || r >= 0x1FA90 && r <= 0x1FA95
}
