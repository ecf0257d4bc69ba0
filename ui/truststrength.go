package ui

import (
	"math"
	"strings"
	"unicode"

	"hubbub/store/chat"
)

// strength says how hard a passphrase is to guess, from 0 (at once) to 4. It is
// a lower bound that needs no dictionary, because it takes every run of letters
// to be words of one: what a person calls random rarely is, and a homeserver may
// guess as often as it likes. A passphrase that it calls good has at least some
// fifty bits, before the many rounds of the key derivation.
func strength(phrase chat.Secret) int {
	bits := guessBits(string(phrase))
	switch {
	case bits < 20:
		return 0
	case bits < 34:
		return 1
	case bits < 44:
		return 2
	case bits < 60:
		return 3
	}
	return 4
}

// Bits that the parts of a passphrase count for.
const (
	wordBits   = 11  // a word: one of some two thousand
	wordRunes  = 6.0 // letters that may be one word
	digitBits  = 2.5 // a digit: dates and runs of digits are common
	markBits   = 3.0 // any other character
	repeatBits = 1   // something that was there before
)

// guessBits adds up the parts of a passphrase.
func guessBits(phrase string) float64 {
	bits := 0.0
	seen := map[string]bool{}
	for _, part := range parts(phrase) {
		switch {
		case seen[part]:
			bits += repeatBits
		case runs(part):
			bits += repeatBits + 2
		case isWord(part):
			n := float64(len([]rune(part)))
			bits += math.Min(wordBits*math.Max(1, math.Floor(n/wordRunes)), n*2.5)
		default:
			each := markBits
			if part[0] >= '0' && part[0] <= '9' {
				each = digitBits
			}
			bits += math.Min(each*float64(len([]rune(part))), 3*each)
		}
		seen[part] = true
	}
	return bits
}

func isWord(part string) bool {
	return strings.ContainsFunc(part, unicode.IsLetter)
}

// parts cuts a passphrase into words, numbers and the rest. Case and the usual
// digits for letters make no new word.
func parts(phrase string) []string {
	runes := []rune(strings.ToLower(phrase))
	for i, r := range runes {
		beside := i > 0 && unicode.IsLetter(runes[i-1]) || i+1 < len(runes) && unicode.IsLetter(runes[i+1])
		if plain := strings.IndexRune("013457@$!|", r); plain >= 0 && beside {
			runes[i] = rune("oieastasii"[plain])
		}
	}
	var out []string
	class := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return 0
		case unicode.IsLetter(r):
			return 1
		case unicode.IsDigit(r):
			return 2
		}
		return 3
	}
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) && class(runes[i]) == class(runes[start]) {
			continue
		}
		if class(runes[start]) != 0 {
			out = append(out, string(runes[start:i]))
		}
		start = i
	}
	return out
}

// runs reports whether a part is one character again and again, neighbours in
// the alphabet or on the keyboard, or a shorter part repeated.
func runs(part string) bool {
	n := len(part)
	for size := 1; size <= n/2; size++ {
		if n%size == 0 && strings.Repeat(part[:size], n/size) == part {
			return true
		}
	}
	if n < 3 {
		return false
	}
	for _, row := range []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop"} {
		if strings.Contains(row, part) || strings.Contains(reversed(row), part) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
