package compose

import "strings"

// PasteLimit is the number of lines above which a paste is asked about first.
const PasteLimit = 20

// Lines returns the number of lines that a pasted text would have.
func Lines(s string) int {
	s = strings.TrimRight(s, "\r\n")
	return 1 + strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}
