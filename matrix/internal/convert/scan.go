package convert

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// valueEnd returns the index behind the JSON value that starts at b[i], or -1
// when it does not end. It does not recurse, so nesting costs nothing.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		depth := 0
		for ; i < len(b); i++ {
			switch b[i] {
			case '"':
				if i = stringEnd(b, i); i < 0 {
					return -1
				}
				i--
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return -1
	}
	start := i
	for ; i < len(b); i++ {
		switch b[i] {
		case ',', '}', ']', ' ', '\t', '\r', '\n', ':', '"':
			if i == start {
				return -1
			}
			return i
		}
	}
	return i
}

// stringEnd returns the index behind the string literal that starts at b[i], or -1.
func stringEnd(b []byte, i int) int {
	for j := i + 1; j < len(b); {
		q := bytes.IndexByte(b[j:], '"')
		if q < 0 {
			return -1
		}
		q += j
		slashes := 0
		for q-1-slashes > i && b[q-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return q + 1
		}
		j = q + 1
	}
	return -1
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Members calls fn for every member of the JSON object raw until fn returns
// false. Keys are without quotes; a key with escapes is decoded. The slices
// point into raw. It reports whether raw is an object that ends.
func Members(raw []byte, fn func(key, value []byte) bool) bool {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return false
	}
	i = skipSpace(raw, i+1)
	for i < len(raw) && raw[i] == '"' {
		end := stringEnd(raw, i)
		if end < 0 {
			return false
		}
		key := raw[i+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			s, _ := String(raw[i:end])
			key = []byte(s)
		}
		if i = skipSpace(raw, end); i >= len(raw) || raw[i] != ':' {
			return false
		}
		i = skipSpace(raw, i+1)
		if end = valueEnd(raw, i); end < 0 {
			return false
		}
		if !fn(key, raw[i:end]) {
			return true
		}
		if i = skipSpace(raw, end); i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
	return i < len(raw) && raw[i] == '}'
}

// Elements calls fn for every element of the JSON array raw until fn returns
// false. It reports whether raw is an array that ends.
func Elements(raw []byte, fn func(value []byte) bool) bool {
	i := skipSpace(raw, 0)
	if i >= len(raw) || raw[i] != '[' {
		return false
	}
	i = skipSpace(raw, i+1)
	for i < len(raw) && raw[i] != ']' {
		end := valueEnd(raw, i)
		if end < 0 {
			return false
		}
		if !fn(raw[i:end]) {
			return true
		}
		if i = skipSpace(raw, end); i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
	return i < len(raw)
}

// Get returns the value that the keys lead to, or nil.
func Get(raw []byte, keys ...string) []byte {
	for _, k := range keys {
		var found []byte
		Members(raw, func(key, value []byte) bool {
			if string(key) == k {
				found = value
				return false
			}
			return true
		})
		if found == nil {
			return nil
		}
		raw = found
	}
	return raw
}

// IsObject reports whether raw starts as a JSON object.
func IsObject(raw []byte) bool { i := skipSpace(raw, 0); return i < len(raw) && raw[i] == '{' }

// String decodes a JSON string; invalid UTF-8 becomes U+FFFD. It returns false
// for every other kind of value.
func String(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	in := raw[1 : len(raw)-1]
	if bytes.IndexByte(in, '\\') < 0 {
		if utf8.Valid(in) {
			return string(in), true
		}
		return strings.ToValidUTF8(string(in), "\uFFFD"), true
	}
	// The error only says that something was replaced by U+FFFD, or cut.
	out, _ := jsontext.AppendUnquote(nil, raw)
	return string(out), true
}

// text is String with "" for what is not a string.
func text(raw []byte) string {
	s, _ := String(raw)
	return s
}

// Int decodes a JSON number, cutting fractions and clamping to int64. It
// returns false for every other kind of value, and for not-a-number.
func Int(raw []byte) (int64, bool) {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case math.IsNaN(f), err != nil && !math.IsInf(f, 0):
		return 0, false
	case f >= math.MaxInt64:
		return math.MaxInt64, true
	case f <= math.MinInt64:
		return math.MinInt64, true
	}
	return int64(f), true
}

// Bool reports whether raw is the literal true.
func Bool(raw []byte) bool { return string(raw) == "true" }

// Cut shortens s to at most n bytes at a rune boundary.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
