package safe

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Doubtful reports whether a name of a person must not stand alone, as the person
// could pass for another: it is not what it looks like once nothing invisible is
// in it, it is a [Lookalike], or it holds somebody's id or a mark by which
// programs say that they know somebody.
func Doubtful(name string) bool {
	shown := Line(name).s
	if shown != name || Lookalike(shown) || strings.ContainsAny(shown, seals) {
		return true
	}
	for word := range strings.FieldsSeq(shown) {
		if _, id, ok := strings.Cut(word, "@"); ok && strings.Contains(id, ":") {
			return true
		}
	}
	return false
}

// seals are the marks that stand for "verified", "private" or "beware".
const seals = "✓✔☑✅🗸🔒🔐🔓🛡⚠✗✘❌"

// Lookalike reports whether s, a name or a part of one, can be read as another
// name than it is: a word mixes Latin with Cyrillic, Greek or Armenian letters,
// or consists of those of their letters that look Latin; a letter is a twin of
// an ordinary one, such as a wide or a mathematical A, or is put together of
// parts where one character is usual. Whoever is named so must be told apart by
// something else.
//
// It is a question of shape alone: other names are not looked at, and ASCII is
// never a lookalike.
func Lookalike(s string) bool {
	if ascii(s) {
		return false
	}
	if strings.ContainsFunc(s, twin) {
		return true
	}
	var name, word alphabets
	var prev rune
	for _, r := range s {
		switch {
		case unicode.IsMark(r):
			if r >= 0x0300 && r <= 0x036F && alphabetOf(prev) != noAlphabet {
				return true
			}
			continue
		case !unicode.IsLetter(r):
			word = 0
		default:
			a := alphabetOf(r)
			word |= a
			name |= a
			if a != noAlphabet && a != latin && !strings.ContainsRune(latinShapes, r) {
				name |= a << distinct
			}
		}
		if word&(word-1) != 0 {
			return true
		}
		prev = r
	}
	return (name&^latin)&^(name>>distinct)&(latin|greek|cyrillic|armenian) != 0
}

// alphabets is a set of those whose letters look alike. The bits above distinct
// say that some letter of the alphabet cannot be taken for a Latin one.
type alphabets uint8

const (
	latin alphabets = 1 << iota
	greek
	cyrillic
	armenian
)

const (
	noAlphabet alphabets = 0
	distinct   alphabets = 4 // the number of alphabets
)

func alphabetOf(r rune) alphabets {
	switch {
	case r < utf8.RuneSelf:
		if unicode.IsLetter(r) {
			return latin
		}
	case r < 0x0370 || r >= 0x1E00 && r < 0x1F00:
		if unicode.Is(unicode.Latin, r) {
			return latin
		}
	case r < 0x0400 || r >= 0x1F00 && r < 0x2000:
		if unicode.Is(unicode.Greek, r) {
			return greek
		}
	case r < 0x0530:
		return cyrillic
	case r < 0x0590:
		return armenian
	case unicode.Is(unicode.Latin, r):
		return latin
	case unicode.Is(unicode.Cyrillic, r):
		return cyrillic
	}
	return noAlphabet
}

// latinShapes are the letters of other alphabets that are drawn as Latin ones,
// or nearly so.
const latinShapes = "АВЕЅІЈКМНОРСТУХҮԚԜӀѴ" + "асԁегһіјӏорԛѕухүԝьѵ" +
	"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ" + "αικνορυχϲϳ" + "ՕՍԼՏ" + "օսոհցյ"

// twin reports whether r is another form of an ordinary letter or digit, or
// belongs to a script that nobody writes names in and that looks Latin.
func twin(r rune) bool {
	switch {
	case r < 0x0180:
		return false
	case r == 0x01C0, r == 0x0251, r == 0x0261: // ǀ ɑ ɡ
		return true
	case r >= 0x1100 && r <= 0x11FF: // parts of Korean syllables
		return true
	case r >= 0x2100 && r <= 0x2188: // Kelvin, Ångström, Roman numerals
		return unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
	case r >= 0x2F00 && r <= 0x2FD5, r >= 0xF900 && r <= 0xFAFF, r >= 0x2F800 && r <= 0x2FA1F: // ideographs
		return true
	case r >= 0xFB00 && r <= 0xFB06, r >= 0xFF10 && r <= 0xFF19, r >= 0xFF21 && r <= 0xFF3A, r >= 0xFF41 && r <= 0xFF5A:
		return true
	case r >= 0xFB50 && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFC: // Arabic letters in one form only
		return unicode.IsLetter(r)
	case r >= 0x1D400 && r <= 0x1D7FF:
		return true
	}
	return unicode.In(r, unicode.Cherokee, unicode.Lisu, unicode.Coptic, unicode.Deseret)
}
