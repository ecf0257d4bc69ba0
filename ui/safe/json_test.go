package safe

import (
	"encoding/json"
	"strings"
	"testing"
)

// What a homeserver sends is printed as it came, and need not be UTF-8.
func TestJSONOfBrokenText(t *testing.T) {
	for in, want := range map[string]string{
		"{\"a\":\"\x9b31m\"}":        "{\"a\":\"\uFFFD31m\"}",
		"{\"a\":\"\xc2\u202e\x9d\"}": "{\"a\":\"\uFFFD\\u202e\uFFFD\"}",
	} {
		if got := JSON(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b\u009b\u202e\u2028\U000e0001é\n\t😀")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		line := JSON(string(b))
		if strings.ContainsFunc(line, steers) {
			t.Errorf("%q still steers", line)
		}
		var before, after string
		if err := json.Unmarshal(b, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &after); err != nil || after != before {
			t.Errorf("%q became %q, %v", before, after, err)
		}
	})
}
