package media

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest file name in bytes; most file systems allow 255, and
// a number may be added.
const maxName = 200

// SafeName makes a file name that somebody sent into one that can stand in a
// folder: no path, no control or invisible characters, not hidden, not taken
// for an option, not too long. It is never empty, and the extension is kept.
func SafeName(s string) string {
	s = strings.ToValidUTF8(s, "_")
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2800': // a Braille letter without dots
			return ' '
		case !unicode.IsPrint(r), unicode.Is(unicode.Co, r),
			unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, s)
	// Blanks in a row could push the end of a name out of sight.
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimRight(strings.TrimLeft(s, " .-~"), " .")
	if s == "" {
		return "file"
	}
	if len(s) > maxName {
		ext := filepath.Ext(s)
		if len(ext) > 20 {
			ext = ""
		}
		s = cut(strings.TrimSuffix(s, ext), maxName-len(ext)) + ext
	}
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "LPT1", "LPT2", "LPT3":
		s = "_" + s
	}
	return s
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], " .")
}
