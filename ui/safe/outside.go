package safe

import (
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// OSC sanitises the payload of a control sequence to the terminal, such as a
// window title or a notification: a [Line] without the separator ";" (it becomes
// ","), of at most [MaxOSCBytes] bytes. It contains no byte below 0x20 and no
// character from 0x7F to 0x9F, so it cannot end the sequence it is put in. tmux
// puts titles into its status line and takes "#[" there for the start of a
// style: a space comes between.
func OSC(s string) string {
	s = strings.NewReplacer(";", ",", "#[", "# [", "#{", "# {", "#(", "# (").Replace(Line(s).s)
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
