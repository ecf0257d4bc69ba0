package qr

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// picture draws a code as a phone would show it.
func picture(c *Code, scale, quiet int, dark, light color.Color) image.Image {
	n := (c.Size() + 2*quiet) * scale
	m := image.NewRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			at := light
			if c.Dark(x/scale-quiet, y/scale-quiet) {
				at = dark
			}
			m.Set(x, y, at)
		}
	}
	return m
}

func inPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func payload(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	copy(p, "MATRIX\x02")
	return p
}

// TestBytesSurvive: every byte comes back, also those that are no text, and
// those that look like another character set.
func TestBytesSurvive(t *testing.T) {
	for seed := range uint64(8) {
		p := payload(110+3*int(seed), seed)
		c, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range [][]byte{
			inPNG(t, picture(c, 3, 1, color.Black, color.White)),
			inPNG(t, picture(c, 8, Quiet, color.Black, color.White)),
			inPNG(t, picture(c, 5, 2, color.White, color.Black)), // a screenshot of a dark terminal
		} {
			got, err := Read(file)
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("payload %d: read %x, %v, want %x", seed, got, err, p)
			}
		}
	}
	var b bytes.Buffer
	c, err := Encode(payload(134, 7))
	if err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&b, picture(c, 6, 4, color.Gray{40}, color.Gray{200}), &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(b.Bytes()); err != nil || !bytes.Equal(got, payload(134, 7)) {
		t.Errorf("from a JPEG: %v", err)
	}
}

// TestUsualPayloadFitsATerminal: that of a verification in a room, quiet zone
// included, fits 80 columns and 24 rows with one to spare.
func TestUsualPayloadFitsATerminal(t *testing.T) {
	c, err := Encode(payload(6+1+1+2+44+32+32+16, 1))
	if err != nil {
		t.Fatal(err)
	}
	if w, h := (Drawing{Quiet: 2}).Size(c); w > 80 || h > 23 {
		t.Errorf("it takes %d by %d", w, h)
	}
}

// TestDrawing reads back what is drawn with characters.
func TestDrawing(t *testing.T) {
	p := payload(120, 3)
	c, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Drawing{{Quiet: 4}, {Quiet: 1, Inverse: true}, {Quiet: 2, ASCII: true}, {Quiet: 3, ASCII: true, Inverse: true}} {
		rows := d.Rows(c)
		w, h := d.Size(c)
		if len(rows) != h {
			t.Fatalf("%+v: %d rows, not %d", d, len(rows), h)
		}
		seen := &Code{size: c.size, dark: make([]bool, c.size*c.size)}
		for y := range c.size {
			for x := range c.size {
				seen.dark[y*c.size+x] = at(rows, x+d.Quiet, y+d.Quiet, d.ASCII) != d.Inverse
			}
		}
		for _, r := range rows {
			if n := len([]rune(r)); n != w {
				t.Fatalf("%+v: a row of %d columns, not %d", d, n, w)
			}
		}
		if got, err := Read(inPNG(t, picture(seen, 4, 4, color.Black, color.White))); err != nil || !bytes.Equal(got, p) {
			t.Errorf("%+v cannot be read back: %v", d, err)
		}
	}
}

func at(rows []string, x, y int, ascii bool) bool {
	if ascii {
		return []rune(rows[y])[2*x] == '#'
	}
	switch r := []rune(rows[y/2])[x]; r {
	case '█':
		return true
	case '▀':
		return y%2 == 0
	case '▄':
		return y%2 == 1
	}
	return false
}

func TestWhatIsNoCode(t *testing.T) {
	if _, err := Encode(make([]byte, 5000)); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte(strings.Repeat("TUFUUklY", 20)), "half": inPNG(t, image.NewGray(image.Rect(0, 0, 40, 40)))[:60],
	} {
		if _, err := Read(file); !errors.Is(err, ErrNoPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(inPNG(t, image.NewGray(image.Rect(0, 0, 300, 200)))); !errors.Is(err, ErrNoCode) {
		t.Errorf("black: %v", err)
	}
	huge := inPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // says 65,536 by 65,536
	if _, err := Read(huge); !errors.Is(err, ErrNoPicture) {
		t.Errorf("huge: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	c, err := Encode(payload(126, 5))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(inPNG(f, picture(c, 2, 2, color.Black, color.White)))
	f.Fuzz(func(_ *testing.T, file []byte) {
		// Any outcome will do but a panic.
		_, _ = Read(file)
	})
}
