package theme

import (
	"image/color"
	"math"
)

// minContrast is the least contrast of text that must be read (WCAG 2.2, level AA).
const minContrast = 4.5

// Contrast returns the WCAG contrast ratio of two colours, 1 to 21.
//
// Spec: WCAG 2.2 "contrast ratio"
func Contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func linear(v uint32) float64 {
	f := float64(v) / 0xffff
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

// mix returns the colour that lies at part f of the way from a to b.
func mix(a, b color.Color, f float64) color.RGBA {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	at := func(x, y uint32) uint8 {
		return uint8((float64(x)*(1-f) + float64(y)*f) / 257)
	}
	return color.RGBA{at(ar, br), at(ag, bg), at(ab, bb), 0xff}
}
