package dialog

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// Pattern is a prepared query of a fuzzy search. A target matches when it has
// all letters of the query in their order; letters that stand together or begin
// words score higher, so "rh" finds "Rust Harbour" before "rough".
type Pattern struct {
	want   []rune
	target []rune // scratch: the target of Match
	row    []int  // scratch: best score of a match that ends at each letter, for the last letter of the query
	next   []int
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

// What a match scores for being more than letters in their order. It is more
// than what any entry weighs (see [Item.Weight], [Entry.Rank]): who types a name
// in full gets what is called so, whatever else is unread.
const (
	scoreExact = 400 // the query is the name
	scoreWhole = 300 // it is a word of the name, or several
	scoreFirst = 200 // the name begins with it
	scoreBegin = 100 // a word of the name does
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
	for _, r := range s {
		if len(out) == maxFold {
			break
		}
		out = append(out, unicode.ToLower(r))
	}
	return out
}

// Match returns how well a text matches, and whether it does; also counts as if
// it stood behind find and a blank. Texts that do not match, which is most of
// many, cost one look at their bytes.
func (p *Pattern) Match(find, also string) (int, bool) {
	if p.Empty() {
		return 0, true
	}
	if p.follow(also, p.follow(find, 0)) < len(p.want) {
		return 0, false
	}
	p.target = appendFold(p.target[:0], find)
	whole := p.whole(p.target)
	if also != "" {
		n := len(p.target)
		p.target = appendFold(appendFold(p.target, " "), also)
		whole = max(whole, p.whole(p.target[n:]))
	}
	score, ok := p.Score(p.target)
	if !ok {
		return 0, false
	}
	return score + whole, true
}

// follow returns how many letters of the query are found in their order, when
// the first n were before s.
func (p *Pattern) follow(s string, n int) int {
	s = s[:min(len(s), maxFold*utf8.UTFMax)]
	for i := 0; i < len(s) && n < len(p.want); {
		r, size := rune(s[i]), 1
		switch {
		case r >= utf8.RuneSelf:
			r, size = utf8.DecodeRuneInString(s[i:])
			r = unicode.ToLower(r)
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		}
		if r == p.want[n] {
			n++
		}
		i += size
	}
	return n
}

// Score returns how well a folded target matches, and whether it does. Shorter
// targets score a little higher.
func (p *Pattern) Score(target []rune) (int, bool) {
	if p.Empty() {
		return 0, true
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

// whole returns what the query scores for standing in a name in one piece.
// Blanks count on neither side.
func (p *Pattern) whole(target []rune) int {
	best := 0
	for j := range target {
		if target[j] != p.want[0] || j > 0 && inWord(target[j-1]) {
			continue
		}
		if end, ok := p.stands(target[j:]); ok {
			begins, ends := !slices.ContainsFunc(target[:j], inWord), j+end == len(target)
			switch word := ends || !inWord(target[j+end]); {
			case begins && ends:
				return scoreExact
			case word:
				best = max(best, scoreWhole)
			case begins:
				best = max(best, scoreFirst)
			default:
				best = max(best, scoreBegin)
			}
		}
	}
	return best
}

// stands reports whether a text begins with the query, and where it ends there.
func (p *Pattern) stands(text []rune) (end int, ok bool) {
	n := 0
	for i, r := range text {
		if n == len(p.want) {
			return i, true
		}
		switch {
		case r == p.want[n]:
			n++
		case n == 0 || !unicode.IsSpace(r):
			return 0, false
		}
	}
	return len(text), n == len(p.want)
}

// place returns what a letter scores for where it stands.
func place(target []rune, j int) int {
	if j == 0 {
		return scoreStart
	}
	if !inWord(target[j-1]) {
		return scoreWord
	}
	return 0
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
