package richtext

import (
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// prepare covers the spoilers: their letters and their links are not there
// until revealed.
func (l *layouter) prepare(spans []span) []span {
	if l.Reveal {
		return spans
	}
	out := spans
	for i, s := range spans {
		if !s.spoiler {
			continue
		}
		if &out[0] == &spans[0] {
			out = append([]span(nil), spans...)
		}
		cover := "▒"
		if l.Theme.ASCII {
			cover = "#"
		}
		var b strings.Builder
		for rest := s.text.String(); rest != ""; {
			c, n := cluster(rest)
			rest = rest[n:]
			if c == " " || c == "\n" {
				b.WriteString(c)
				continue
			}
			b.WriteString(strings.Repeat(cover, l.Widths.Cluster(c)))
		}
		out[i].text, out[i].link = safe.Body(b.String()), ""
	}
	return out
}

// style returns the look of a span.
func (l *layouter) style(s span, base screen.Style) screen.Style {
	th := l.Theme
	st := base
	if s.color != 0 {
		c := color.RGBA{R: uint8(s.color >> 16), G: uint8(s.color >> 8), B: uint8(s.color), A: 0xff}
		if fg := th.Readable(c); fg != nil {
			st.Fg = fg
		}
	}
	switch s.role {
	case roleCode:
		st = over(st, th.Code)
	case roleLink:
		st = over(st, th.Link)
	case roleHost:
		st = over(st, th.Dim)
	case rolePill:
		st = over(st, th.Pill)
	case roleMention:
		st = over(st, th.Mention)
	case roleText:
	}
	if s.attr&attrBold != 0 {
		st.Attrs |= uv.AttrBold
	}
	if s.attr&attrItalic != 0 {
		st.Attrs |= uv.AttrItalic
	}
	if s.attr&attrStrike != 0 {
		st.Attrs |= uv.AttrStrikethrough
	}
	if s.attr&attrUnderline != 0 {
		st.Underline = uv.UnderlineSingle
	}
	if s.spoiler {
		st = over(st, th.Spoiler)
	}
	return st
}

// over lays a style over another: what it sets wins, attributes add up.
func over(base, top screen.Style) screen.Style {
	if top.Fg != nil {
		base.Fg = top.Fg
	}
	if top.Bg != nil {
		base.Bg = top.Bg
	}
	if top.Underline != uv.UnderlineNone {
		base.Underline, base.UnderlineColor = top.Underline, top.UnderlineColor
	}
	base.Attrs |= top.Attrs
	return base
}

// Over lays style top over base: what top sets wins, attributes add up.
func Over(base, top screen.Style) screen.Style { return over(base, top) }
