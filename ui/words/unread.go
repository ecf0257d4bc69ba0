package words

import "strings"

// DayClockLayout is the time layout of a place that is not of today.
const DayClockLayout = "2 January 15:04"

// Words of the place where reading stopped.
const (
	NothingNew    = "Nothing is new here."
	NothingUnsent = "No message was refused."
	NotHere       = "That message is not on this machine; scroll up to load older ones."
)

// UnreadBeyond says how many channels above and below what is shown of the tree are unread, or "".
func UnreadBeyond(up, down rune, above, below int) string {
	if rest, ok := strings.CutSuffix(Beyond(up, down, above, below), "more"); ok {
		return rest + "unread"
	}
	return ""
}

// NewAbove says how many messages above are new, and since when.
func NewAbove(n int, since string) string {
	s := "new since " + since
	if n > 0 {
		s = NewPill(n) + " since " + since
	}
	return s
}
