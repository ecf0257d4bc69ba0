package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hubbub/store/chat"
)

// Kinds of attachments.
const (
	ImageFile   = "picture"
	VideoFile   = "video"
	AudioFile   = "audio"
	PlainFile   = "file"
	StickerFile = "sticker"
	Location    = "Location: "
	Poll        = "Poll: "
)

// FileLine describes an attachment: kind, name, then what is known of type, measures and size.
func FileLine(kind string, m *chat.Media) string {
	parts := []string{kind + " " + either(m.Name, "without a name")}
	if m.Mime != "" && len(m.Mime) <= 40 {
		parts = append(parts, m.Mime)
	}
	if m.Width > 0 && m.Height > 0 {
		parts = append(parts, fmt.Sprintf("%d×%d", m.Width, m.Height))
	}
	if m.Length > 0 {
		parts = append(parts, Length(m.Length))
	}
	if m.Size > 0 {
		parts = append(parts, Size(m.Size))
	}
	return strings.Join(parts, " · ")
}

// Length returns a duration as minutes and seconds.
func Length(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Size returns a number of bytes in decimal units.
func Size(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	case n < 1_000_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}
