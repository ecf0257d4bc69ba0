package theme

import (
	"fmt"
	"image/color"
	"reflect"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/clipperhouse/displaywidth"

	"hubbub/store/chat"
)

// styles returns every Style field of a theme by name.
func styles(t Theme) map[string]Style {
	out := map[string]Style{}
	v := reflect.ValueOf(t)
	for i := range v.NumField() {
		if v.Type().Field(i).Type == reflect.TypeFor[Style]() {
			out[v.Type().Field(i).Name] = v.Field(i).Interface().(Style)
		}
	}
	return out
}

func TestTextCanBeRead(t *testing.T) {
	for _, light := range []bool{false, true} {
		th := New(Options{Light: light})
		all := styles(th)
		for i, s := range th.senders {
			all[fmt.Sprintf("sender%d", i)] = s
		}
		for name, s := range all {
			if name == "Shade" { // what it covers is meant to recede
				continue
			}
			f, b := s.Fg, s.Bg
			if b == nil {
				b = th.Background()
			}
			if f == nil {
				f = color.RGBA{0xd8, 0xd8, 0xd8, 0xff} // a typical default foreground
				if light {
					f = color.RGBA{0x20, 0x20, 0x20, 0xff}
				}
			}
			if c := Contrast(f, b); c < minContrast {
				t.Errorf("light=%v: %s has contrast %.2f", light, name, c)
			}
			// Text of any style may stand on the selected and the current row.
			for _, row := range []Style{th.Selected, th.Current} {
				if s.Bg == nil {
					if c := Contrast(f, row.Bg); c < 3 {
						t.Errorf("light=%v: %s on a marked row has contrast %.2f", light, name, c)
					}
				}
			}
		}
	}
}

func TestMonoHasNoColour(t *testing.T) {
	th := New(Options{Colours: Mono})
	for name, s := range styles(th) {
		if s.Fg != nil || s.Bg != nil || s.UnderlineColor != nil {
			t.Errorf("%s sets a colour", name)
		}
	}
	for _, pair := range [][2]Style{{th.Selected, th.Text}, {th.Unread, th.Channel}, {th.NotSent, th.Sending}, {th.Mention, th.Pill}} {
		if pair[0] == pair[1] {
			t.Errorf("two states look alike: %+v", pair)
		}
	}
}

func TestSixteenUsesNoOtherColour(t *testing.T) {
	for _, light := range []bool{false, true} {
		for name, s := range styles(New(Options{Colours: Sixteen, Light: light})) {
			for _, c := range []color.Color{s.Fg, s.Bg} {
				if _, ok := c.(color.RGBA); ok {
					t.Errorf("%s has a fixed colour", name)
				}
			}
		}
	}
}

func TestSenderIsStable(t *testing.T) {
	a, b := New(Options{}), New(Options{})
	seen := map[color.Color]bool{}
	for i := range 200 {
		u := chat.UserID(fmt.Sprintf("@user%d:example.org", i))
		if a.Sender(u) != b.Sender(u) {
			t.Fatalf("%s changes its colour", u)
		}
		seen[a.Sender(u).Fg] = true
	}
	if len(seen) < 10 {
		t.Errorf("200 people share %d colours", len(seen))
	}
	m := New(Options{Colours: Mono})
	if m.Sender("@a:b").Attrs&uv.AttrBold == 0 {
		t.Error("without colours a name is not bold")
	}
}

func TestReadable(t *testing.T) {
	for _, light := range []bool{false, true} {
		th := New(Options{Light: light})
		for v := range uint32(512) {
			c := rgb(v&7<<21 | v>>3&7<<13 | v>>6&7<<5)
			if got := Contrast(th.Readable(c), th.Background()); got < minContrast {
				t.Fatalf("light=%v %v: contrast %.2f", light, c, got)
			}
		}
	}
	m := New(Options{Colours: Mono})
	if m.Readable(rgb(0xff0000)) != nil {
		t.Error("a colour without colours")
	}
}

func TestGlyphsAreOneColumn(t *testing.T) {
	for _, g := range []Glyphs{unicodeGlyphs(), asciiGlyphs()} {
		v := reflect.ValueOf(g)
		for i := range v.NumField() {
			if v.Field(i).Kind() != reflect.Int32 {
				continue
			}
			r := rune(v.Field(i).Int())
			if w := displaywidth.Rune(r); w != 1 {
				t.Errorf("%s %q is %d columns wide", v.Type().Field(i).Name, r, w)
			}
		}
	}
	v := reflect.ValueOf(asciiGlyphs())
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Int32 && v.Field(i).Int() > 126 {
			t.Errorf("%s is not ASCII", v.Type().Field(i).Name)
		}
	}
}
