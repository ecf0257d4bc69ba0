package term

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// probeRow is the row, counted from 1, on which clusters are written to be
// measured. A report from row 1 would look like the key Alt+F3.
const probeRow = 2

// probeClusters are the clusters that are measured, in the order of the probe
// constants.
const (
	probeVS16 = iota
	probeKeycap
	probeZWJ
	probeTint
	probeFlag
	probeTagFlag
	probeSpacing
	probeAmbiguous
	probeEmoji13
	probeEmoji14
	probeEmoji15
	probeEmoji16
	probeEmoji17
	probeAccent
	probeWide
	probeCount
)

// probeCluster returns what a probe writes.
func probeCluster(i int) string {
	return [probeCount]string{
		probeVS16:      "\u2764\uFE0F",
		probeKeycap:    "1\uFE0F\u20E3",
		probeZWJ:       "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",
		probeTint:      "\U0001F44D\U0001F3FD",
		probeFlag:      "\U0001F1EB\U0001F1F7",
		probeTagFlag:   "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
		probeSpacing:   "\u092E\u0928\u0940",
		probeAmbiguous: "\u2502",
		probeEmoji13:   "\U0001F972",
		probeEmoji14:   "\U0001FAE0",
		probeEmoji15:   "\U0001FAE8",
		probeEmoji16:   "\U0001FAE9",
		probeEmoji17:   "\U0001FAEA",
		probeAccent:    "e\u0301",
		probeWide:      "\u6F22",
	}[i]
}

// ProbeSequence returns the bytes that make a terminal measure: every cluster at
// the start of the second row, and after each a request for the cursor's place.
// What they draw must be drawn over.
func ProbeSequence() string {
	var b strings.Builder
	for i := range probeCount {
		b.WriteString(ansi.CursorPosition(1, probeRow))
		b.WriteString(probeCluster(i))
		b.WriteString(ansi.RequestCursorPositionReport)
	}
	b.WriteString(ansi.CursorPosition(1, probeRow))
	b.WriteString(ansi.EraseEntireLine)
	return b.String()
}

// Probe collects the answers to [ProbeSequence].
type Probe struct {
	widths [probeCount]int
	n      int
}

// Answer takes a cursor report, column and row counted from 0, and reports
// whether it was the last that was awaited.
func (p *Probe) Answer(x, y int) (last bool) {
	if p.n < probeCount && y == probeRow-1 {
		p.widths[p.n] = x
		p.n++
	}
	return p.n == probeCount
}

// Profile returns what was measured. It is not ok when answers are missing, or
// when they are those of a terminal that does not read UTF-8.
func (p *Probe) Profile() (prof Profile, ok bool) {
	if p.n < probeCount || p.widths[probeWide] != 2 || p.widths[probeAccent] != 1 {
		return Profile{}, false
	}
	two := func(i int) bool { return p.widths[i] == 2 }
	prof = Profile{
		Measured:     true,
		VS16:         two(probeVS16),
		Keycap:       two(probeKeycap),
		ZWJ:          two(probeZWJ),
		Tint:         two(probeTint),
		Flag:         two(probeFlag),
		TagFlag:      two(probeTagFlag),
		SpacingMarks: p.widths[probeSpacing] == 3,
		Ambiguous:    two(probeAmbiguous),
		Unicode:      oldestEmoji,
	}
	for v, i := range []int{probeEmoji13, probeEmoji14, probeEmoji15, probeEmoji16, probeEmoji17} {
		if !two(i) {
			break
		}
		prof.Unicode = oldestEmoji + 1 + v
	}
	return prof, true
}
