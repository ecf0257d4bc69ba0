package qr

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // a photograph of a screen
	_ "image/png"  // a screenshot

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Bounds of a picture that is looked at.
const (
	// MaxFileBytes is the size of the file.
	MaxFileBytes = 32 << 20
	maxPixels    = 40 << 20
)

// Read returns the payload of the QR code in a PNG or JPEG picture. The error
// is [ErrNoPicture] or [ErrNoCode].
func Read(file []byte) (payload []byte, err error) {
	if len(file) > MaxFileBytes {
		return nil, ErrNoPicture
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width > maxPixels/size.Height {
		return nil, ErrNoPicture
	}
	// The picture is somebody else's: a decoder that trips over it has found no code.
	defer func() {
		if r := recover(); r != nil {
			payload, err = nil, fmt.Errorf("%w: the picture cannot be handled", ErrNoCode)
		}
	}()
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, ErrNoPicture
	}
	return find(picture)
}

// find tries the picture as it is, then harder: turned, or light on dark.
func find(picture image.Image) ([]byte, error) {
	source := gozxing.NewLuminanceSourceFromImage(picture)
	for _, s := range []gozxing.LuminanceSource{source, source.Invert()} {
		for _, hints := range []map[gozxing.DecodeHintType]any{
			{gozxing.DecodeHintType_TRY_HARDER: true},
			{gozxing.DecodeHintType_PURE_BARCODE: true},
		} {
			for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(s), gozxing.NewGlobalHistgramBinarizer(s)} {
				if payload := decode(binarizer, hints); payload != nil {
					return payload, nil
				}
			}
		}
	}
	return nil, ErrNoCode
}

func decode(b gozxing.Binarizer, hints map[gozxing.DecodeHintType]any) []byte {
	bitmap, err := gozxing.NewBinaryBitmap(b)
	if err != nil {
		return nil
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return nil
	}
	segments, _ := found.GetResultMetadata()[gozxing.ResultMetadataType_BYTE_SEGMENTS].([][]byte)
	return bytes.Join(segments, nil)
}
