package trust

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
)

// Meter shows how hard a passphrase is to guess: a bar and a word.
type Meter struct {
	Label safe.Text
	Word  safe.Text
	Score int // 0 to 4
}

// Rows implements Art.
func (m *Meter) Rows(screen.Widths, int, int) int { return 1 }

// Paint implements Art.
func (m *Meter) Paint(c screen.Canvas, th *theme.Theme) {
	w, _ := c.Size()
	st := th.Error
	switch {
	case m.Score >= 3:
		st = th.Good
	case m.Score == 2:
		st = th.Warn
	}
	x := pane.Label(c, th, 0, 0, w/2, m.Label, th.Hint)
	c.Rune(x, 0, ' ', th.Dialog)
	c.Rune(x+1, 0, '[', th.Hint)
	x += 2
	for i := range 5 {
		mark := ' '
		if i <= m.Score && !m.Word.Empty() {
			mark = '#'
		}
		c.Rune(x+i, 0, mark, st)
	}
	c.Rune(x+5, 0, ']', th.Hint)
	c.Rune(x+6, 0, ' ', th.Dialog)
	x += 7
	c.Pad(x+pane.Label(c, th, x, 0, w-x, m.Word, st), 0, w, th.Dialog)
}

// Groups shows a recovery key in groups of four letters, to be written down.
type Groups struct {
	key chat.Secret
}

// NewGroups makes the picture of a key.
func NewGroups(key chat.Secret) *Groups { return &Groups{key} }

// Grouped returns a key in groups of four letters, per words to a line.
func Grouped(key chat.Secret, per int) []string {
	letters := []rune(strings.Join(strings.Fields(string(key)), ""))
	var lines []string
	var line []string
	for i := 0; i < len(letters); i += 4 {
		line = append(line, string(letters[i:min(i+4, len(letters))]))
		if len(line) == per || i+4 >= len(letters) {
			lines, line = append(lines, strings.Join(line, " ")), nil
		}
	}
	return lines
}

// perLine returns how many groups stand in a line.
func perLine(width int) int {
	switch {
	case width >= 64:
		return 6
	case width >= 22:
		return 4
	}
	return 2
}

// Rows implements Art.
func (g *Groups) Rows(_ screen.Widths, width, _ int) int { return len(Grouped(g.key, perLine(width))) }

// Paint implements Art.
func (g *Groups) Paint(c screen.Canvas, th *theme.Theme) {
	w, _ := c.Size()
	for y, line := range Grouped(g.key, perLine(w)) {
		c.Pad(0, y, 2, th.Dialog)
		c.Pad(2+c.Text(2, y, w-2, safe.Own(line), th.Strong, ""), y, w, th.Dialog)
	}
}

// Emoji shows the pictures of a short authentication string with their names,
// and the numbers that say the same.
//
// Spec: client-server-api#sas-method-emoji
type Emoji struct {
	Emoji    []chat.Emoji
	Decimals [3]int
	Label    safe.Text // before the numbers
}

// emojiWidth is the columns of a picture with its name, of which the longest has ten letters.
const emojiWidth = 11

// wide reports whether all pictures fit into one row.
func (e *Emoji) wide(width int) bool { return width >= emojiWidth*len(e.Emoji) }

func (e *Emoji) rows(width int) int {
	switch {
	case len(e.Emoji) == 0:
		return 0
	case e.wide(width):
		return 2
	}
	return (len(e.Emoji) + 1) / 2
}

// Rows implements Art.
func (e *Emoji) Rows(_ screen.Widths, width, _ int) int { return e.rows(width) + 1 }

// Paint implements Art.
func (e *Emoji) Paint(c screen.Canvas, th *theme.Theme) {
	w, _ := c.Size()
	n := e.rows(w)
	c.Fill(0, 0, w, n, th.Dialog)
	for i, em := range e.Emoji {
		symbol, name := safe.Line(em.Symbol), safe.Line(em.Name)
		if e.wide(w) {
			c.Text(i*emojiWidth, 0, emojiWidth-1, symbol, th.Strong, "")
			pane.Label(c, th, i*emojiWidth, 1, emojiWidth-1, name, th.Dialog)
			continue
		}
		x := i % 2 * (w / 2)
		x += c.Text(x, i/2, 3, safe.Own(strconv.Itoa(i+1)+" "), th.Dim, "")
		x += c.Text(x, i/2, 4, symbol, th.Strong, "")
		pane.Label(c, th, x+1, i/2, w/2-5, name, th.Strong)
	}
	numbers := make([]string, 0, len(e.Decimals))
	for _, d := range e.Decimals {
		numbers = append(numbers, strconv.Itoa(d))
	}
	x := 0
	if len(e.Emoji) > 0 {
		x = pane.Label(c, th, 0, n, w/2+6, e.Label, th.Dim)
		c.Pad(x, n, x+1, th.Dialog)
		x++
	}
	c.Pad(x+pane.Label(c, th, x, n, w-x, safe.Own(strings.Join(numbers, " · ")), th.Strong), n, w, th.Dialog)
}
