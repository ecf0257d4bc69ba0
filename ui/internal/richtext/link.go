package richtext

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"hubbub/store/chat"
	"hubbub/ui/safe"
)

// anchor is the link that is open, and what can be read in it.
type anchor struct {
	target string // result of safe.URL, "" when none is open
	id     string // whom or what a link into Matrix names
	text   strings.Builder
}

// openLink starts a link or a mention. A refused target leaves plain text, and
// so does one of which it cannot be said where it leads.
func (p *parser) openLink(href string) {
	target := safe.URL(href)
	if target == "" || leads(target) == "" {
		return
	}
	id := matrixTarget(href)
	p.anchor = anchor{target: target, id: id}
	p.cur.link = target
	switch {
	case id == "":
		p.cur.role = roleLink
	case p.me != "" && id == string(p.me):
		p.cur.role = roleMention
	default:
		p.cur.role = rolePill
	}
	p.note(target)
}

// maxLinks bounds the links of one message that can be opened from its menu.
const maxLinks = 100

func (p *parser) note(target string) {
	if len(p.doc.links) < maxLinks && !slices.Contains(p.doc.links, target) {
		p.doc.links = append(p.doc.links, target)
	}
}

// closeLink ends a link. If its text does not say where it leads, a word behind
// it does.
func (p *parser) closeLink() {
	target, id, shown := p.anchor.target, p.anchor.id, strings.TrimSpace(p.anchor.text.String())
	p.anchor = anchor{}
	switch {
	case target == "":
		return
	case id != "":
		// A name may stand for whom it names, another address may not.
		if shown == id || !strings.Contains(shown, ":") || matrixTarget(shown) == id {
			return
		}
		id = safe.Line(id).String()
	case says(shown, target):
		return
	default:
		id = leads(target)
	}
	p.mask(target)
	if shown != "" {
		look := p.cur
		look.role, look.link = roleHost, target
		p.append(p.open(), look, safe.Own(" ("+id+")"))
	}
}

// says reports whether text tells where a link leads.
func says(text, link string) bool {
	host := hostOf(link)
	return host != "" && !veiled(link) && (strings.EqualFold(text, host) || strings.EqualFold(hostOf(text), host))
}

// veiled reports whether a link itself, read by a person, leads elsewhere than
// it seems to: with a name before the host, or in lookalike letters.
func veiled(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Opaque != "" {
		return err != nil
	}
	return u.User != nil || slices.ContainsFunc(strings.Split(u.Hostname(), "."), safe.Lookalike)
}

// leads returns the shortest word for where a link leads: its host, address or
// scheme; "" when that cannot be told.
func leads(link string) string {
	if host := hostOf(link); host != "" {
		return host
	}
	switch scheme, _, _ := strings.Cut(link, ":"); scheme {
	case "magnet", "matrix", "geo":
		return scheme + ":"
	}
	return ""
}

// mask notes a link whose text does not say where it leads; one without any
// text, too: it can be followed from the menu of the message.
func (p *parser) mask(link string) {
	if len(p.doc.masked) < maxLinks && !slices.Contains(p.doc.masked, link) {
		p.doc.masked = append(p.doc.masked, link)
	}
}

// Host returns where a link leads as it may be shown: the host, for mailto the address.
func Host(link string) string { return hostOf(link) }

// hostOf returns the host of a URL in ASCII, so that letters of other scripts
// cannot imitate it; for mailto the address, for the rest "".
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	if u.Scheme == "mailto" {
		return u.Opaque
	}
	host := u.Hostname()
	if ascii, err := idna.Punycode.ToASCII(host); err == nil {
		host = ascii
	}
	return host
}

// matrixTarget returns the user id, room id or alias that a link names, or "".
//
// Spec: appendices#uris
func matrixTarget(href string) string {
	if rest, ok := strings.CutPrefix(href, "https://matrix.to/#/"); ok {
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "/")
		id, err := url.PathUnescape(rest)
		if err != nil || len(id) < 2 || !strings.ContainsRune("@#!", rune(id[0])) {
			return ""
		}
		return id
	}
	rest, ok := strings.CutPrefix(href, "matrix:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	kind, rest, _ := strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, "/")
	id, err := url.PathUnescape(rest)
	if err != nil || id == "" {
		return ""
	}
	switch kind {
	case "u":
		return "@" + id
	case "r":
		return "#" + id
	case "roomid":
		return "!" + id
	}
	return ""
}

// linkify adds text with its links and user ids marked.
func (p *parser) linkify(l *block, raw string) {
	for raw != "" && p.nodes < MaxNodes {
		from, to, role := findLink(raw, p.me)
		if from < 0 {
			break
		}
		p.append(l, p.cur, safe.Body(raw[:from]))
		look := p.cur
		look.role = role
		if role == roleLink {
			if look.link = safe.URL(raw[from:to]); look.link == "" || leads(look.link) == "" {
				look.role, look.link = roleText, ""
			} else {
				p.note(look.link)
			}
		}
		p.append(l, look, safe.Body(raw[from:to]))
		if look.link != "" && veiled(look.link) {
			p.mask(look.link)
			look.role = roleHost
			p.append(l, look, safe.Own(" ("+leads(look.link)+")"))
		}
		raw = raw[to:]
	}
	p.append(l, p.cur, safe.Body(raw))
}

// findLink returns the first link or user id in s, or from -1. It looks at each
// byte a bounded number of times.
func findLink(s string, me chat.UserID) (from, to int, r role) {
	for at := 0; at < len(s); {
		i := strings.IndexAny(s[at:], ":@")
		if i < 0 {
			return -1, 0, roleText
		}
		i += at
		at = i + 1
		if s[i] == '@' {
			if end := userEnd(s, i); end > 0 {
				if string(me) == s[i:end] {
					return i, end, roleMention
				}
				return i, end, rolePill
			}
			continue
		}
		if start := schemeStart(s, i); start >= 0 {
			if end := urlEnd(s, at); end > at+2 {
				return start, end, roleLink
			}
		}
	}
	return -1, 0, roleText
}

// schemeStart returns where the scheme before the colon at i starts, or -1.
func schemeStart(s string, i int) int {
	for _, scheme := range [...]string{"https", "http", "ftp", "matrix", "mailto", "geo"} {
		start := i - len(scheme)
		if start < 0 || !strings.EqualFold(s[start:i], scheme) {
			continue
		}
		if start > 0 && isWordByte(s[start-1]) {
			continue
		}
		if len(scheme) < 6 && scheme != "geo" && !strings.HasPrefix(s[i:], "://") {
			continue
		}
		return start
	}
	return -1
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// urlEnd returns where a URL that goes on at i ends: before white space, quotes
// or angle brackets, without the punctuation of the sentence around it. A
// closing bracket belongs to it only if it is opened inside.
func urlEnd(s string, i int) int {
	end, limit := i, min(len(s), i+safe.MaxURLBytes)
	for end < limit && s[end] > ' ' && strings.IndexByte("<>\"`|\\^{}", s[end]) < 0 {
		end++
	}
	for end > i {
		c := s[end-1]
		switch {
		case strings.IndexByte(".,;:!?'*", c) >= 0:
		case c == ')' && strings.Count(s[i:end], "(") < strings.Count(s[i:end], ")"):
		case c == ']' && strings.Count(s[i:end], "[") < strings.Count(s[i:end], "]"):
		default:
			return end
		}
		end--
	}
	return end
}

// maxUserID is the length of the longest user id in bytes.
//
// Spec: appendices#user-identifiers
const maxUserID = 255

// userEnd returns where the user id that starts at i ends, or 0.
func userEnd(s string, i int) int {
	if i > 0 && isWordByte(s[i-1]) {
		return 0
	}
	end, colon := i+1, 0
	for end < len(s) && end-i < maxUserID {
		c := s[end]
		if c == ':' && colon == 0 {
			colon = end
		} else if c >= 0x80 || !isWordByte(c) && strings.IndexByte("-.=/+:", c) < 0 {
			break
		}
		end++
	}
	for end > i && strings.IndexByte(".:-/=+", s[end-1]) >= 0 {
		end--
	}
	if colon <= i+1 || end <= colon+1 {
		return 0
	}
	return end
}

// Plain parses a body without formatting: lines, and links in them.
func Plain(src string, me chat.UserID) *Doc {
	p := newParser(me)
	l := p.add(&block{kind: kindPara})
	text := safe.Body(src).String()
	if len(text) > MaxBytes {
		text, p.doc.cut = safe.Body(text).Slice(0, MaxBytes).String(), true
	}
	p.leaf = l
	p.linkify(l, strings.TrimLeft(strings.TrimRight(text, " \n"), "\n"))
	return p.doc
}
