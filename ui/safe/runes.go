package safe

import "unicode"

// class says what the sanitiser does with a character before it looks at
// grapheme clusters.
type class uint8

const (
	// keep passes the character on.
	keep class = iota
	// drop removes it.
	drop
	// blank turns it into a space.
	blank
	// newline is a line break.
	newline
	// replace turns it into U+FFFD.
	replace
	// context passes it on only inside a sequence that needs it.
	context
)

// Characters that the sanitiser names.
const (
	zwnj         = 0x200C
	zwj          = 0x200D
	textStyle    = 0xFE0E
	emojiStyle   = 0xFE0F
	keycap       = 0x20E3
	blackFlag    = 0x1F3F4
	cancelTag    = 0xE007F
	wideSpace    = 0x3000
	placeholder  = 0x10EEEE // stands for a cell of a picture in the kitty protocol
	nextLine     = 0x85
	replacement  = "\uFFFD"
	firstC1      = 0x80
	lastC1       = 0x9F
	firstTag     = 0xE0020
	firstTintHue = 0x1F3FB
	lastTintHue  = 0x1F3FF
)

// plain reports whether r stands for itself in every context: it is visible, is
// a grapheme cluster of its own, and neither joins nor is joined by another
// plain character. Text of plain characters needs no further look.
func plain(r rune) bool {
	switch {
	case r < 0x20:
		return false
	case r < 0x7F:
		return true
	case r < 0xA1:
		return false
	case r < 0x0300:
		return r != 0xAD && r != 0xA9 && r != 0xAE
	case r < 0x0530:
		return r >= 0x0370 && (r < 0x0483 || r > 0x0489)
	case r < 0x2010:
		return r >= 0x1E00 && r < 0x2000
	case r < 0x2028:
		return true
	case r < 0x20D0:
		return r >= 0x2030 && r < 0x205F || r >= 0x2070
	case r < 0x2600:
		return r >= 0x2100
	case r < 0x3130:
		return r >= 0x3001 && (r < 0x302A || r > 0x3030) && r != 0x303D && r != 0x3099 && r != 0x309A
	case r < 0xA000:
		return r >= 0x3400
	case r < 0xD7A4:
		return r >= 0xAC00
	}
	return false
}

// classify says what to do with a character that is not plain.
func classify(r rune) class {
	switch {
	case r == '\n' || r == '\r' || r == nextLine || r == 0x2028 || r == 0x2029:
		return newline
	case r == '\t' || r == '\v' || r == '\f':
		return blank
	case r < 0x20 || r == 0x7F || r >= firstC1 && r <= lastC1:
		return drop
	case r == wideSpace:
		return keep
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x2800:
		return blank
	case r == zwj || r == zwnj || isVariation(r) || r >= firstTag && r <= cancelTag:
		return context
	case r == placeholder, r >= 0xF0000, r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF:
		return replace
	case invisible(r):
		return drop
	}
	return keep
}

// invisible reports whether r draws nothing: format characters, fillers and
// what Unicode calls default ignorable. Characters that are needed inside some
// sequences are not among them.
func invisible(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x034F, r == 0x061C, r == 0x115F, r == 0x1160,
		r == 0x17B4, r == 0x17B5, r == 0x180E, r == 0x3164, r == 0xFEFF, r == 0xFFA0, r == 0xFFFC:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFFF0 && r <= 0xFFFB, r >= 0x13430 && r <= 0x1345F, r >= 0x1BCA0 && r <= 0x1BCAF,
		r >= 0x1D173 && r <= 0x1D17A, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return unicode.Is(unicode.Cf, r) && !visibleFormat(r)
}

// visibleFormat reports whether r is of the category "format" and is drawn all
// the same: number signs of Arabic, Syriac and Kaithi.
func visibleFormat(r rune) bool {
	switch r {
	case 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD:
		return true
	}
	return r >= 0x0600 && r <= 0x0605
}

// isVariation reports whether r selects a variant of the character before it.
func isVariation(r rune) bool {
	return r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF ||
		r >= 0x180B && r <= 0x180D || r == 0x180F
}

// variationFits reports whether the variation selector vs has a meaning after
// base. Elsewhere it is an invisible way to make two names differ.
func variationFits(base, vs rune) bool {
	switch {
	case vs == emojiStyle || vs == textStyle:
		return pictographic(base)
	case vs >= 0xE0100:
		return unicode.Is(unicode.Han, base)
	case vs < 0xFE00:
		return unicode.Is(unicode.Mongolian, base)
	}
	return false
}

// joins reports whether r belongs to a script that needs joiners and
// non-joiners to write its words: Arabic, Syriac, N'Ko and the like, the scripts
// of India and Sri Lanka, Myanmar, Khmer and Mongolian.
func joins(r rune) bool {
	switch {
	case r >= 0x0620 && r <= 0x08FF, r >= 0x0900 && r <= 0x0DFF, r >= 0x1000 && r <= 0x109F,
		r >= 0x1780 && r <= 0x17D3, r >= 0x1820 && r <= 0x18AA, r >= 0xA840 && r <= 0xA8FF,
		r >= 0xFB50 && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFC, r >= 0x11000 && r <= 0x1174F:
		return unicode.IsLetter(r) || unicode.IsMark(r)
	}
	return false
}

// pictographic reports whether r can be the base of an emoji.
func pictographic(r rune) bool {
	switch {
	case r == 0xA9, r == 0xAE, r == 0x203C, r == 0x2049, r == 0x2122, r == 0x2139,
		r == 0x24C2, r == 0x3030, r == 0x303D, r == 0x3297, r == 0x3299, r == 0x2934, r == 0x2935:
		return true
	case r >= firstTintHue && r <= lastTintHue, regional(r):
		return false
	case r >= 0x2194 && r <= 0x21AA, r >= 0x231A && r <= 0x23FF, r >= 0x25AA && r <= 0x27BF,
		r >= 0x2B05 && r <= 0x2B55, r >= 0x1F000 && r <= 0x1FAFF:
		return true
	}
	return false
}

// tint reports whether r is a skin tone.
func tint(r rune) bool { return r >= firstTintHue && r <= lastTintHue }

// regional reports whether r is a regional indicator; two of them are a flag.
func regional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
