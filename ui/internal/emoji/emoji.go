// Package emoji finds emoji by shortcode, the way `:smile:` is typed.
//
// The table is generated at development time (see gen.go) from emojibase-data
// 17.0.0 (MIT license, © Miles Johnson) and embedded as text. Nothing happens at
// start: whoever needs it calls [Load] once, which takes about a millisecond.
package emoji

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed emoji.txt
var data string

// Emoji is one entry of the table.
type Emoji struct {
	// Char is the emoji itself.
	Char string
	// Codes are its shortcodes without colons, the most common first.
	Codes []string
	words string // search words, separated by spaces
}

// Table is the parsed list. It is read-only after [Load], so safe for concurrent use.
type Table struct {
	list []Emoji
	code map[string]int32
}

// Load parses the embedded table.
func Load() *Table {
	n := strings.Count(data, "\n")
	t := &Table{list: make([]Emoji, 0, n), code: make(map[string]int32, 2*n)}
	for line := range strings.Lines(data) {
		char, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		codes, words, _ := strings.Cut(rest, "\t")
		e := Emoji{Char: char, Codes: strings.Split(codes, " "), words: words}
		for _, c := range e.Codes {
			if _, taken := t.code[c]; !taken {
				t.code[c] = int32(len(t.list))
			}
		}
		t.list = append(t.list, e)
	}
	return t
}

// All returns every emoji in the usual order of pickers. The slice is shared: do not change it.
func (t *Table) All() []Emoji { return t.list }

// Lookup returns the emoji of a shortcode without colons, or "".
func (t *Table) Lookup(code string) string {
	if i, ok := t.code[strings.ToLower(code)]; ok {
		return t.list[i].Char
	}
	return ""
}

// Match is an answer of [Table.Search].
type Match struct {
	Char string
	Code string // the shortcode that matched best, without colons
}

// Ranks of a match; lower is better.
const (
	rankExact = iota
	rankPrefix
	rankWordPrefix // a word inside the shortcode begins with the query
	rankTag        // a search word is the query
	rankInside
	rankTagPrefix
	rankNone
)

// Search returns at most limit emoji whose shortcode or search words fit the
// query, the best first; within a rank, shorter shortcodes first.
func (t *Table) Search(query string, limit int) []Match {
	query = strings.ToLower(query)
	if query == "" || limit <= 0 {
		return nil
	}
	type scored struct {
		Match
		rank int
	}
	var found []scored
	for i := range t.list {
		e := &t.list[i]
		best, code := rankNone, e.Codes[0]
		for _, c := range e.Codes {
			if r := rankCode(c, query); r < best {
				best, code = r, c
			}
		}
		if r := rankWords(e.words, query); r < best {
			best = r
		}
		if best < rankNone {
			found = append(found, scored{Match{e.Char, code}, best})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return len(a.Code) - len(b.Code)
	})
	out := make([]Match, 0, min(limit, len(found)))
	for _, f := range found[:min(limit, len(found))] {
		out = append(out, f.Match)
	}
	return out
}

func rankCode(code, query string) int {
	switch i := strings.Index(code, query); {
	case i < 0:
		return rankNone
	case i == 0 && len(code) == len(query):
		return rankExact
	case i == 0:
		return rankPrefix
	case code[i-1] == '_' || code[i-1] == '-':
		return rankWordPrefix
	}
	return rankInside
}

func rankWords(words, query string) int {
	best := rankNone
	for w := range strings.SplitSeq(words, " ") {
		if w == query {
			return rankTag
		}
		if strings.HasPrefix(w, query) {
			best = rankTagPrefix
		}
	}
	return best
}
