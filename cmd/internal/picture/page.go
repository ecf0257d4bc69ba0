package picture

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// Geometry and colours of the page, in CSS pixels.
const (
	cellWidth  = 9
	cellHeight = 19
	margin     = 14
	paper      = "#111318"
	ink        = "#d8dae0"
)

// page draws every cell at its own place, so that no font's width moves what
// stands behind it.
func (t *terminal) page() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:%s}
i{position:absolute;font:normal 15px/%dpx "DejaVu Sans Mono","Noto Color Emoji","Noto Sans CJK JP",monospace;height:%dpx;white-space:pre;color:%s}
</style>`, paper, cellHeight, cellHeight, ink)
	for y := range t.vt.Height() {
		for x := 0; x < t.vt.Width(); {
			c := t.vt.CellAt(x, y)
			if c == nil {
				x++
				continue
			}
			w := max(c.Width, 1)
			if css := cellStyle(c); css != "" || strings.TrimSpace(c.Content) != "" {
				fmt.Fprintf(&b, `<i style="left:%dpx;top:%dpx;width:%dpx;%s">%s</i>`,
					margin+x*cellWidth, margin+y*cellHeight, w*cellWidth, css, html.EscapeString(c.Content))
			}
			x += w
		}
	}
	return b.String()
}

// cellStyle returns what CSS says of a cell's style, "" for the plain one.
func cellStyle(c *uv.Cell) string {
	var b strings.Builder
	fg, bg := css(c.Style.Fg), css(c.Style.Bg)
	attrs := c.Style.Attrs
	if attrs&uv.AttrReverse != 0 {
		if fg == "" {
			fg = ink
		}
		if bg == "" {
			bg = paper
		}
		fg, bg = bg, fg
	}
	put := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s:%s;", name, value)
		}
	}
	put("color", fg)
	put("background", bg)
	for _, a := range []struct {
		on    bool
		name  string
		value string
	}{
		{attrs&uv.AttrBold != 0, "font-weight", "bold"},
		{attrs&uv.AttrItalic != 0, "font-style", "italic"},
		{attrs&uv.AttrFaint != 0, "opacity", ".6"},
		{attrs&uv.AttrStrikethrough != 0, "text-decoration", "line-through"},
		{c.Style.Underline != 0, "text-decoration", "underline"},
	} {
		if a.on {
			put(a.name, a.value)
		}
	}
	return b.String()
}

func css(c color.Color) string {
	if c == nil {
		return ""
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
