package syncer

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// walk reads a whole object with a stream and gives the members as text.
func walk(r io.Reader) (map[string]string, error) {
	out := map[string]string{}
	s := newStream(r)
	err := s.object(func(key string) error {
		v, err := s.value()
		out[key] = string(v)
		return err
	})
	return out, err
}

func TestStreamReadsMembers(t *testing.T) {
	long := strings.Repeat(`{"x":"\\\"}]"},`, 20_000)
	in := ` { "a" : 1 , "b":"x\"}", "c":[` + long + `null], "d\u0065":{"e":{}},"f":true }`
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in))} {
		got, err := walk(r)
		if err != nil {
			t.Fatal(name, err)
		}
		for k, want := range map[string]string{"a": "1", "b": `"x\"}"`, "c": "[" + long + "null]", "de": `{"e":{}}`, "f": "true"} {
			if got[k] != want {
				t.Errorf("%s: %s is %.80s", name, k, got[k])
			}
		}
	}
}

func TestStreamRefuses(t *testing.T) {
	for _, in := range []string{"", "{", `{"a"`, `{"a":`, `{"a":1`, `{"a":"`, `{"a":[1,2}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":,}`, "<html><body>502</body></html>"} {
		if _, err := walk(strings.NewReader(in)); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	_, err := walk(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(`{"a":1}`))))
	if !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("error of the connection is lost: %v", err)
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[{"c":"\""}]}`), 3)
	f.Fuzz(func(t *testing.T, in []byte, _ int) {
		got, err := walk(strings.NewReader(string(in)))
		slow, slowErr := walk(iotest.OneByteReader(strings.NewReader(string(in))))
		if (err == nil) != (slowErr == nil) || len(got) != len(slow) {
			t.Fatalf("depends on how it arrives: %v, %v", err, slowErr)
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(in, &want) == nil && want != nil && err != nil {
			t.Fatalf("valid object refused: %v", err)
		}
	})
}
