package dialog

import (
	"unicode"
)

// Pattern is a prepared query of a fuzzy search. A target matches when it has
// all letters of the query in their order; letters that stand together or begin
// words score higher, so "rh" finds "Rust Harbour" before "rough".
type Pattern struct {
	want []rune
	row  []int // scratch: best score of a match that ends at each letter, for the last letter of the query
	next []int
}

// Scores of the pieces of a match.
const (
	scoreLetter   = 16
	scoreStart    = 12 // the first letter of the target
	scoreWord     = 9  // the first letter of a word
	scoreTogether = 10 // directly after the letter before
	scoreGap      = -1 // for each letter between two letters of the match
	noMatch       = -1 << 30
)

// NewPattern prepares a query; blanks in it are left out.
func NewPattern(query string) *Pattern {
	p := &Pattern{}
	for _, r := range query {
		if unicode.IsSpace(r) || r == '#' || r == '@' {
			continue
		}
		p.want = append(p.want, unicode.ToLower(r))
		if len(p.want) == 32 {
			break
		}
	}
	return p
}

// Empty reports whether everything matches.
func (p *Pattern) Empty() bool { return len(p.want) == 0 }

// maxFold is how many letters of a target count.
const maxFold = 128

// appendFold appends what [Pattern.Score] compares of a target.
func appendFold(out []rune, s string) []rune {
	n := 0
	for _, r := range s {
		out = append(out, unicode.ToLower(r))
		if n++; n == maxFold {
			break
		}
	}
	return out
}

// Score returns how well a folded target matches, and whether it does. Shorter
// targets score a little higher.
func (p *Pattern) Score(target []rune) (int, bool) {
	if p.Empty() {
		return 0, true
	}
	if !p.possible(target) {
		return 0, false
	}
	n := len(target)
	if cap(p.row) < n {
		p.row, p.next = make([]int, n), make([]int, n)
	}
	row, next := p.row[:n], p.next[:n]
	for i, q := range p.want {
		gapped := noMatch // best end of the query so far, before j-1, with the cost of the gap
		for j, r := range target {
			if j >= 2 && i > 0 {
				gapped = max(gapped+scoreGap, row[j-2]+scoreGap)
			}
			next[j] = noMatch
			if r != q {
				continue
			}
			score := scoreLetter + place(target, j)
			switch {
			case i == 0:
				next[j] = score - min(j, 10)
			case j > 0:
				if best := max(row[j-1]+scoreTogether, gapped); best > noMatch/2 {
					next[j] = best + score
				}
			}
		}
		row, next = next, row
	}
	best := noMatch
	for _, s := range row {
		best = max(best, s)
	}
	if best <= noMatch/2 {
		return 0, false
	}
	return best - n/8, true
}

// possible finds most mismatches cheaply.
func (p *Pattern) possible(target []rune) bool {
	i := 0
	for _, r := range target {
		if r == p.want[i] {
			if i++; i == len(p.want) {
				return true
			}
		}
	}
	return false
}

// place returns what a letter scores for where it stands.
func place(target []rune, j int) int {
	if j == 0 {
		return scoreStart
	}
	before := target[j-1]
	if !unicode.IsLetter(before) && !unicode.IsDigit(before) {
		return scoreWord
	}
	return 0
}
