package safe

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// OSC sanitises the payload of a control sequence to the terminal, such as a
// window title or a notification: a [Line] without the separator ";" (it becomes
// ","), of at most [MaxOSCBytes] bytes. It contains no byte below 0x20 and no
// character from 0x7F to 0x9F, so it cannot end the sequence it is put in.
func OSC(s string) string {
	s = strings.ReplaceAll(Line(s).s, ";", ",")
	if len(s) <= MaxOSCBytes {
		return s
	}
	g := graphemes.FromString(s)
	end := 0
	for g.Next() && g.End() <= MaxOSCBytes {
		end = g.End()
	}
	return strings.TrimRight(s[:end], " ")
}

// URL makes s fit for a terminal hyperlink. It returns "" when the scheme is not
// one of http, https, ftp, mailto, magnet, matrix and geo, when a host is
// missing, or when the result is longer than [MaxURLBytes]. Everything but
// printable ASCII is percent-encoded, and so is ";", at which some terminals end
// the link. Escapes that are already there are kept.
func URL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > MaxURLBytes {
		return ""
	}
	scheme, rest, found := strings.Cut(s, ":")
	if !found {
		return ""
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "http", "https", "ftp":
		host, ok := strings.CutPrefix(rest, "//")
		if !ok || strings.IndexAny(host+"/", "/?#\\") == 0 {
			return ""
		}
	case "mailto", "magnet", "matrix", "geo":
		if rest == "" {
			return ""
		}
	default:
		return ""
	}
	out := scheme + ":" + percentEncode(rest)
	if len(out) > MaxURLBytes {
		return ""
	}
	return out
}

// percentEncode encodes every byte that has no place in a link.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7F || strings.IndexByte(";\"<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// FileName makes a name for a new file of a name that somebody else chose. The
// result is one path element: no separators, no leading dot or dash, no device
// name, at most [MaxFileNameBytes] bytes with the extension kept. A name of
// which nothing is left becomes "file".
func FileName(s string) string {
	if len(s) > maxLineBytes {
		s = s[len(s)-maxLineBytes:]
	}
	s = sanitise(s, modeLine)
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, s)
	s = trimName(shorten(trimName(s)))
	if s == "" {
		return "file"
	}
	if device(s) {
		return "_" + s
	}
	return s
}

// trimName takes away what makes a name special: leading dots and dashes, dots
// and spaces at the end. A mark that loses its base goes with it.
func trimName(s string) string {
	for {
		next := strings.TrimRight(strings.TrimLeft(s, ".- ~"), ". ")
		next = sanitise(next, modeLine)
		if next == s {
			return s
		}
		s = next
	}
}

// shorten cuts a name to [MaxFileNameBytes] with its extension.
func shorten(s string) string {
	if len(s) <= MaxFileNameBytes {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > 16 || !utf8.ValidString(ext) {
		ext = ""
	}
	return trimName(cutRunes(s, MaxFileNameBytes-len(ext))) + ext
}

// device reports whether Windows takes the name for a device.
func device(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) &&
		stem[3] >= '0' && stem[3] <= '9'
}
