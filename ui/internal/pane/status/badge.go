package status

import (
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// Badge is a place for something that lasts, with the key that leads to it.
// Where there is no room for all, the first ones count.
type Badge uint8

// Badges, the most urgent first.
const (
	BadgeVerify  Badge = iota // somebody wants to verify
	BadgeSession              // a new own session
	BadgeTrust                // this session is not verified, or something is not set up
	BadgeBackup               // progress of the key backup
	badges
)

type badge struct {
	text safe.Text
	bad  bool
}

// SetBadge sets what stands in a badge; empty text takes it away.
func (p *Pane) SetBadge(which Badge, t safe.Text, bad bool) {
	if b := (badge{t, bad}); p.badges[which] != b {
		p.badges[which], p.dirty = b, true
	}
}

// minAccount is how much of the line stays for the connection.
const minAccount = 10

// badgesBeside is the width from which badges stand beside a notice.
const badgesBeside = 140

// shownBadges returns those that a line of w columns may show.
func (p *Pane) shownBadges(w int) []badge {
	most := 1
	if w >= 100 {
		most = 2
	}
	var shown []badge
	for _, b := range p.badges {
		if !b.text.Empty() && len(shown) < most {
			shown = append(shown, b)
		}
	}
	return shown
}

// badgesWidth returns how much of the line they take from a notice.
func (p *Pane) badgesWidth(wd screen.Widths, w int) int {
	n := 0
	if w >= badgesBeside {
		for _, b := range p.shownBadges(w) {
			n += wd.Text(b.text) + 2
		}
	}
	return n
}

// paintBadges draws as many badges as fit before column end and returns where they begin.
func (p *Pane) paintBadges(c screen.Canvas, end int) int {
	w, _ := c.Size()
	shown := p.shownBadges(w)
	for i := len(shown) - 1; i >= 0; i-- {
		st := p.theme.Waiting
		if shown[i].bad {
			st = p.theme.Error
		}
		from := end - c.Widths().Text(shown[i].text)
		if from < minAccount {
			if i > 0 || end <= minAccount+2 {
				continue
			}
			from = minAccount
		}
		c.Pad(from+pane.Label(c, p.theme, from, 0, end-from, shown[i].text, st), 0, end, p.theme.Text)
		c.Pad(max(from-2, 0), 0, from, p.theme.Text)
		end = from - 2
	}
	return end
}
