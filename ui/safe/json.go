package safe

import (
	"fmt"
	"strings"
	"unicode"
)

// JSON escapes what could steer a terminal (C1 and format characters, line
// separators) in JSON text. The value stays the same: such characters can only
// stand inside strings, where an escape means the character. Bytes that are not
// UTF-8, which some terminals take for C1 characters, become U+FFFD.
func JSON(s string) string {
	s = strings.ToValidUTF8(s, replacement)
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case !steers(c):
			b.WriteRune(c)
		case c > 0xffff:
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

func steers(c rune) bool {
	return c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co))
}
