// Package qr makes QR codes of bytes, draws them with characters and reads
// them out of pictures. Payloads are bytes (byte mode), never text in some
// character set: what is read is what was encoded.
package qr

import (
	"errors"
	"fmt"

	"rsc.io/qr/coding"
)

// ErrTooLong says that a payload does not fit into a QR code.
var ErrTooLong = errors.New("payload is too long for a QR code")

// ErrNoCode says that a picture holds no QR code that can be read.
var ErrNoCode = errors.New("no QR code found")

// ErrNoPicture says that what should be a picture is none, or is too large.
var ErrNoPicture = errors.New("not a PNG or JPEG picture of a bearable size")

// Code is a square of dark and light modules, without the quiet zone.
type Code struct {
	size int
	dark []bool
}

// Encode makes the smallest code with a payload, in byte mode with the lowest
// error correction: a screen has no dirt. The error is [ErrTooLong].
func Encode(payload []byte) (*Code, error) {
	data := coding.String(payload)
	version := coding.Version(coding.MinVersion)
	for data.Bits(version) > version.DataBytes(coding.L)*8 {
		if version++; version > coding.MaxVersion {
			return nil, ErrTooLong
		}
	}
	var best *Code
	least := 0
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(version, coding.L, mask)
		if err != nil {
			return nil, fmt.Errorf("plan a QR code: %w", err)
		}
		made, err := plan.Encode(data)
		if err != nil {
			return nil, fmt.Errorf("encode a QR code: %w", err)
		}
		c := &Code{size: made.Size, dark: make([]bool, made.Size*made.Size)}
		for y := range c.size {
			for x := range c.size {
				c.dark[y*c.size+x] = made.Black(x, y)
			}
		}
		if n := c.penalty(); best == nil || n < least {
			best, least = c, n
		}
	}
	return best, nil
}

// Size returns the modules of a side.
func (c *Code) Size() int { return c.size }

// Dark reports whether the module at (x, y) is dark. What is outside is light.
func (c *Code) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < c.size && y < c.size && c.dark[y*c.size+x]
}

// penalty judges how hard a masked code is to read: long runs and blocks of one
// colour, and too much of one. The mask with the least is taken.
//
// Spec: ISO/IEC 18004, evaluation of data masking results (rules 1, 2 and 4)
func (c *Code) penalty() int {
	n, dark := 0, 0
	for a := range c.size {
		for _, across := range []bool{true, false} {
			run, last := 0, false
			for b := range c.size {
				x, y := a, b
				if across {
					x, y = b, a
				}
				if d := c.Dark(x, y); b > 0 && d == last {
					run++
				} else {
					run, last = 1, d
				}
				switch {
				case run == 5:
					n += 3
				case run > 5:
					n++
				}
			}
		}
		for b := range c.size {
			d := c.Dark(a, b)
			if d {
				dark++
			}
			if a > 0 && b > 0 && d == c.Dark(a-1, b) && d == c.Dark(a, b-1) && d == c.Dark(a-1, b-1) {
				n += 3
			}
		}
	}
	percent := dark * 100 / (c.size * c.size)
	return n + max(percent-50, 50-percent)/5*10
}
