package richtext

import (
	"strconv"
	"strings"

	"hubbub/ui/safe"
)

// text adds text in the present look. Outside code blocks white space collapses.
func (p *parser) text(raw string) {
	if p.leaf != nil && p.leaf.kind == kindPre {
		if len(p.leaf.spans) == 0 {
			raw = strings.TrimPrefix(raw, "\n")
		}
		p.leaf.code.WriteString(raw)
		p.append(p.leaf, p.cur, safe.Body(raw))
		return
	}
	raw = collapse(raw, p.leaf == nil || p.leaf.endsInSpace())
	if raw == "" {
		return
	}
	l := p.open()
	if p.cur.role != roleText {
		p.append(l, p.cur, safe.Body(raw))
		return
	}
	// Links are looked for in what is shown: an invisible character could end
	// one for the eye alone.
	p.linkify(l, safe.Body(raw).String())
}

// maxMerge is the length in bytes above which a span is not lengthened.
const maxMerge = 4096

// append adds a span, or lengthens the last one.
func (p *parser) append(l *block, look span, t safe.Text) {
	if t.Empty() {
		return
	}
	if look.link != "" && look.link == p.anchor.target {
		p.anchor.text.WriteString(t.String())
	}
	// Long spans are left alone: to lengthen them again and again would be quadratic.
	if n := len(l.spans); n > 0 && l.spans[n-1].same(look) && l.spans[n-1].text.Len() < maxMerge {
		l.spans[n-1].text = safe.Join(safe.Text{}, l.spans[n-1].text, t)
		return
	}
	p.nodes++
	look.text = t
	l.spans = append(l.spans, look)
}

func (b *block) endsInSpace() bool {
	if len(b.spans) == 0 {
		return true
	}
	s := b.spans[len(b.spans)-1].text.String()
	return strings.HasSuffix(s, " ") || strings.HasSuffix(s, "\n")
}

// collapse makes single spaces of white space, none at the start if drop is set.
func collapse(s string, drop bool) string {
	const white = " \t\n\r\f"
	if !drop && !strings.ContainsAny(s, white[1:]) && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		if strings.IndexByte(white, c) >= 0 {
			if !drop {
				b.WriteByte(' ')
			}
			drop = true
			continue
		}
		drop = false
		b.WriteByte(c)
	}
	return b.String()
}

// parseColor reads #rrggbb.
func parseColor(s string) (uint32, bool) {
	if len(s) != 7 || s[0] != '#' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return 0, false
	}
	return 1<<24 | uint32(n), true
}
