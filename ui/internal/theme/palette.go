package theme

import (
	"image/color"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// palette is what the styles of a coloured theme are made of.
type palette struct {
	dim, accent, good, warn, bad, info, violet color.Color
	row, current, shade                        color.Color // backgrounds; shade is a foreground
	badgeFg, badgeBg, mentionFg, mentionBg     color.Color
	code                                       color.Color // background of code, nil where none is safe
	reverseRow                                 bool        // mark the selected row by reversing it
	senders                                    []color.Color
}

func rgb(v uint32) color.Color {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}
}

func rgbs(vs ...uint32) []color.Color {
	out := make([]color.Color, len(vs))
	for i, v := range vs {
		out[i] = rgb(v)
	}
	return out
}

func dark() palette {
	return palette{
		dim: rgb(0x9095a5), accent: rgb(0x7aa2f7), good: rgb(0x7fc98a), warn: rgb(0xe5b567), bad: rgb(0xf7768e),
		info: rgb(0x6fc3df), violet: rgb(0xbb9af7),
		row: rgb(0x323850), current: rgb(0x242837), shade: rgb(0x6a6f80),
		badgeFg: rgb(0xf2f3f8), badgeBg: rgb(0x4a5068), mentionFg: rgb(0x16101a), mentionBg: rgb(0xf7768e),
		code: rgb(0x20232e),
		senders: rgbs(0x7aa2f7, 0x9ece6a, 0xe0af68, 0xf7768e, 0xbb9af7, 0x7dcfff,
			0xff9e64, 0x73daca, 0xe58fd0, 0xc3d36a, 0x8fb4ff, 0xf0a6a0),
	}
}

func light() palette {
	return palette{
		dim: rgb(0x5f6470), accent: rgb(0x1f56c4), good: rgb(0x21702f), warn: rgb(0x8a5a00), bad: rgb(0xb3213e),
		info: rgb(0x0b6a86), violet: rgb(0x6d3fc0),
		row: rgb(0xd5def5), current: rgb(0xebeef6), shade: rgb(0x8d929e),
		badgeFg: rgb(0x1b1d24), badgeBg: rgb(0xcdd3e2), mentionFg: rgb(0xffffff), mentionBg: rgb(0xb3213e),
		code: rgb(0xf0f1f5),
		senders: rgbs(0x1f56c4, 0x2f6b12, 0x8a5a00, 0xb3213e, 0x6d3fc0, 0x0b6a86,
			0xa34410, 0x0f6b5e, 0x98288a, 0x5c6400, 0x3a4fb5, 0x9a3b33),
	}
}

// sixteen uses the terminal's own colours. Their values are unknown, so only
// pairs that every common palette keeps apart are used, and never a background
// under text except by reversing.
func sixteen(isLight bool) palette {
	p := palette{
		dim: ansi.BrightBlack, accent: ansi.BrightBlue, good: ansi.BrightGreen, warn: ansi.BrightYellow, bad: ansi.BrightRed,
		info: ansi.BrightCyan, violet: ansi.BrightMagenta, shade: ansi.BrightBlack,
		badgeFg: ansi.Black, badgeBg: ansi.White, mentionFg: ansi.BrightWhite, mentionBg: ansi.Red,
		reverseRow: true,
		senders: []color.Color{
			ansi.BrightBlue, ansi.BrightGreen, ansi.BrightYellow, ansi.BrightRed, ansi.BrightMagenta, ansi.BrightCyan,
		},
	}
	if isLight {
		p.accent, p.good, p.warn, p.bad, p.info, p.violet = ansi.Blue, ansi.Green, ansi.Magenta, ansi.Red, ansi.Cyan, ansi.Magenta
		p.badgeFg, p.badgeBg = ansi.BrightWhite, ansi.BrightBlack
		p.senders = []color.Color{ansi.Blue, ansi.Green, ansi.Red, ansi.Magenta, ansi.Cyan}
	}
	return p
}

func fg(c color.Color, attrs ...uint8) Style {
	s := Style{Fg: c}
	for _, a := range attrs {
		s.Attrs |= a
	}
	return s
}

func build(p palette) Theme {
	selected, current := Style{Bg: p.row}, Style{Bg: p.current}
	if p.reverseRow {
		selected, current = Style{Attrs: uv.AttrReverse}, Style{Attrs: uv.AttrBold}
	}
	t := Theme{
		Dim: fg(p.dim), Strong: Style{Attrs: uv.AttrBold},
		Accent: fg(p.accent), Good: fg(p.good), Warn: fg(p.warn), Error: fg(p.bad),
		Border: fg(p.dim), BorderFocus: fg(p.accent),
		Header: Style{Attrs: uv.AttrBold}, Topic: fg(p.dim),
		Selected: selected, Current: current, Match: Style{Fg: p.accent, Attrs: uv.AttrBold, Underline: uv.UnderlineSingle},
		Channel: fg(p.dim), Unread: Style{Attrs: uv.AttrBold}, Muted: fg(p.dim, uv.AttrItalic),
		Category: fg(p.dim, uv.AttrBold), Server: Style{Attrs: uv.AttrBold},
		Badge:        Style{Fg: p.badgeFg, Bg: p.badgeBg, Attrs: uv.AttrBold},
		MentionBadge: Style{Fg: p.mentionFg, Bg: p.mentionBg, Attrs: uv.AttrBold},
		Shade:        fg(p.shade), Danger: fg(p.bad, uv.AttrBold),
		Online: fg(p.good), Offline: fg(p.dim), Lock: fg(p.good),
	}
	buildTimeline(&t, p)
	buildBodies(&t, p)
	for _, c := range p.senders {
		t.senders = append(t.senders, fg(c, uv.AttrBold))
	}
	return t
}

func buildTimeline(t *Theme, p palette) {
	t.Time, t.Edited = fg(p.dim), fg(p.dim)
	t.Own = fg(p.accent, uv.AttrBold)
	t.Reply, t.State = fg(p.dim), fg(p.dim)
	t.Deleted = fg(p.dim, uv.AttrItalic)
	t.Gap = fg(p.warn)
	t.Undecrypted, t.Unreadable = fg(p.warn), fg(p.dim, uv.AttrItalic)
	t.Day, t.NewDivider = fg(p.dim), fg(p.bad, uv.AttrBold)
	t.Cursor = t.Selected
	t.Sending, t.Waiting, t.NotSent = fg(p.dim), fg(p.warn), fg(p.bad, uv.AttrBold)
	t.Reaction = fg(p.dim)
	t.ReactionMine = fg(p.accent, uv.AttrBold)
	t.Thread, t.File = fg(p.info), fg(p.info)
	t.Highlight = fg(p.bad, uv.AttrBold)
}

func buildBodies(t *Theme, p palette) {
	t.Pill = fg(p.accent)
	t.Mention = fg(p.bad, uv.AttrBold)
	t.Link = Style{Fg: p.info, Underline: uv.UnderlineSingle}
	t.Code, t.CodeBlock = Style{Fg: p.warn, Bg: p.code}, Style{Bg: p.code}
	t.Quote, t.Heading = fg(p.dim), Style{Fg: p.accent, Attrs: uv.AttrBold}
	t.Spoiler = Style{Attrs: uv.AttrReverse}
	t.SynKeyword, t.SynString = Style{Fg: p.violet, Bg: p.code}, Style{Fg: p.good, Bg: p.code}
	t.SynNumber, t.SynComment = Style{Fg: p.warn, Bg: p.code}, Style{Fg: p.dim, Bg: p.code}
	t.SynName, t.SynType = Style{Fg: p.accent, Bg: p.code}, Style{Fg: p.info, Bg: p.code}
	t.Placeholder, t.Hint, t.HintKey = fg(p.dim), fg(p.dim), fg(p.accent)
	t.Selection = Style{Attrs: uv.AttrReverse}
	t.DialogBorder, t.DialogTitle = fg(p.accent), Style{Fg: p.accent, Attrs: uv.AttrBold}
}

// mono tells everything by attributes: bold, faint, underline, reverse.
func mono() Theme {
	var (
		bold    = Style{Attrs: uv.AttrBold}
		faint   = Style{Attrs: uv.AttrFaint}
		italic  = Style{Attrs: uv.AttrItalic}
		reverse = Style{Attrs: uv.AttrReverse}
		under   = Style{Underline: uv.UnderlineSingle}
		loud    = Style{Attrs: uv.AttrBold | uv.AttrReverse}
	)
	return Theme{
		Dim: faint, Strong: bold, Accent: bold, Warn: bold, Error: bold,
		Border: faint, BorderFocus: bold, Header: bold, Topic: faint,
		Selected: reverse, Current: bold, Match: Style{Attrs: uv.AttrBold, Underline: uv.UnderlineSingle},
		Unread: bold, Muted: faint, Category: bold, Server: bold, Badge: bold, MentionBadge: loud,
		Time: faint, Edited: faint, Own: bold, Reply: faint, State: faint, Deleted: italic, Gap: bold,
		Undecrypted: italic, Unreadable: italic, Day: faint, NewDivider: bold, Cursor: reverse,
		Sending: faint, Waiting: italic, NotSent: loud, ReactionMine: bold, Thread: under, Highlight: bold,
		Pill: bold, Mention: loud, Link: under, Code: under, Quote: faint, Heading: bold, Spoiler: reverse,
		SynKeyword: bold, SynComment: faint,
		Placeholder: faint, Hint: faint, HintKey: bold, Selection: reverse,
		DialogBorder: bold, DialogTitle: bold, Danger: loud, Shade: faint, Offline: faint,
	}
}
