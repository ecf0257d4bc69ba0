package seed

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
)

// files are what the script sends: made when they are needed, by name.
var files = map[string]func() ([]byte, error){
	"fogbank-at-night.png": func() ([]byte, error) { return nightPicture(640, 400) },
	"lamp-current.png":     func() ([]byte, error) { return chartPicture(480, 200) },
	"tides-november.csv":   tideTable,
	"fix-double-honk.patch": func() ([]byte, error) {
		return []byte(honkPatch), nil
	},
}

const honkPatch = `--- a/foghornd/horn.go
+++ b/foghornd/horn.go
@@ -41,7 +41,8 @@ func (h *Horn) Run(ctx context.Context) error {
 		select {
 		case <-tick.C:
-			h.honk()
+			// A late tick is not a second tick.
+			h.honkAfter(lastHonk.Add(h.pause))
 		case <-ctx.Done():
`

// nightPicture is a lightship under the moon.
func nightPicture(w, h int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	horizon := h * 6 / 10
	for y := range h {
		for x := range w {
			img.Set(x, y, night(x, y, w, h, horizon))
		}
	}
	fill := func(x0, y0, x1, y1 int, c color.RGBA) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				img.SetRGBA(x, y, c)
			}
		}
	}
	red, white := color.RGBA{176, 40, 36, 255}, color.RGBA{240, 236, 220, 255}
	for i := range 36 { // the hull, narrower below
		fill(w/2-130+i, horizon-10+i, w/2+130-i, horizon-9+i, red)
	}
	fill(w/2-60, horizon-40, w/2+40, horizon-10, white)
	fill(w/2-6, horizon-150, w/2+6, horizon-40, red)
	fill(w/2-14, horizon-168, w/2+14, horizon-150, color.RGBA{255, 226, 130, 255})
	return encode(img)
}

// night is one point of sky, moon, beam of light or water.
func night(x, y, w, h, horizon int) color.RGBA {
	deep := float64(y) / float64(h)
	r, g, b := 10+30*deep, 16+40*deep, 48+70*deep
	moon := math.Hypot(float64(x-w*4/5), float64(y-h/5))
	beam := math.Abs(float64(y-(horizon-159)) - float64(x-w/2)*0.12)
	switch {
	case y >= horizon: // waves
		r, g, b = 8, 22+12*math.Sin(float64(y)/3), 52+16*math.Sin(float64(x+2*y)/17)
	case moon < 26:
		r, g, b = 244, 240, 214
	case x > w/2 && beam < float64(x-w/2)/9:
		r, g, b = r+70, g+62, b+30
	case (x*7919+y*104729)%1871 == 0:
		r, g, b = 220, 220, 230
	}
	return color.RGBA{clamp(r), clamp(g), clamp(b), 255}
}

func clamp(v float64) uint8 { return uint8(max(0, min(255, v))) }

// chartPicture is a measured curve.
func chartPicture(w, h int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		value := math.Sin(float64(x)/23)*40 + math.Sin(float64(x)/7)*9
		for y := range h {
			c := color.RGBA{24, 26, 32, 255}
			if x%40 == 0 || y%40 == 0 {
				c = color.RGBA{44, 48, 58, 255}
			}
			if math.Abs(float64(h/2-y)-value) < 2 {
				c = color.RGBA{255, 180, 60, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return encode(img)
}

func encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

func tideTable() ([]byte, error) {
	var b strings.Builder
	b.WriteString("day,high,metres,low,metres\n")
	for day := range 30 {
		shift := day * 50 % (12 * 60)
		high, low := shift, shift+6*60+12
		fmt.Fprintf(&b, "2025-11-%02d,%02d:%02d,%.2f,%02d:%02d,%.2f\n", day+1, high/60, high%60, 3.8+math.Sin(float64(day)/4.7)*0.4,
			low/60%24, low%60, 0.9-math.Sin(float64(day)/4.7)*0.3)
	}
	return []byte(b.String()), nil
}
