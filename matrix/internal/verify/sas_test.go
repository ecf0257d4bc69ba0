package verify

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStringsOfBytes(t *testing.T) {
	for _, c := range []struct {
		bytes    string
		decimals [3]int
		names    string
	}{
		{"000000000000", [3]int{1000, 1000, 1000}, "Dog Dog Dog Dog Dog Dog Dog"},
		{"ffffffffffff", [3]int{9191, 9191, 9191}, "Pin Pin Pin Pin Pin Pin Pin"},
		// 000001 000010 000011 000100 000101 000110 000111 (Cat Lion Horse Unicorn Pig Elephant Rabbit), then 000000
		{"0420c41461c0", [3]int{1132, 1784, 3608}, "Cat Lion Horse Unicorn Pig Elephant Rabbit"},
		{"800000000000", [3]int{5096, 1000, 1000}, "Hat Dog Dog Dog Dog Dog Dog"},
		{"00000000007f", [3]int{1000, 1000, 1000}, "Dog Dog Dog Dog Dog Dog Cat"},
	} {
		b := unhex(t, c.bytes)
		if got := decimals(b[:5]); got != c.decimals {
			t.Errorf("%s: numbers %v, want %v", c.bytes, got, c.decimals)
		}
		var names []string
		for _, e := range emojis(b) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("%s: %s, want %s", c.bytes, got, c.names)
		}
	}
}

func TestEveryEmojiIsAnother(t *testing.T) {
	symbols, names := map[string]bool{}, map[string]bool{}
	for n := range byte(64) {
		e := emojiAt(n)
		symbols[e.Symbol], names[e.Name] = true, true
	}
	if len(symbols) != 64 || len(names) != 64 {
		t.Errorf("%d symbols and %d names", len(symbols), len(names))
	}
}

// TestCommitment: the hash is over the base64 of the key and the canonical form of the start, whatever its spelling.
func TestCommitment(t *testing.T) {
	const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	a, err := commitment(key, jsontext.Value(`{"method":"m.sas.v1","from_device":"A","hashes":["sha256"]}`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := commitment(key, jsontext.Value("{\n \"hashes\" : [\"sha256\"], \"from_device\":\"A\",\"method\":\"m.sas\\u002ev1\"}"))
	if err != nil {
		t.Fatal(err)
	}
	// sha256 of key followed by {"from_device":"A","hashes":["sha256"],"method":"m.sas.v1"}
	const want = "e4743c6c3326347027c2eaceb3ddde81f2c9136f599f65cf7eb3aec49b26b81c"
	if got := hex.EncodeToString(a); got != want {
		t.Errorf("commitment %s, want %s", got, want)
	}
	if string(a) != string(b) {
		t.Error("spelling changes the commitment")
	}
}

func TestDegenerateKeysAreRefused(t *testing.T) {
	e, err := newEphemeral()
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"zero": encode(make([]byte, 32)), "one": encode(append([]byte{1}, make([]byte, 31)...)), "short": encode(make([]byte, 31)),
		"long": encode(make([]byte, 33)), "none": "", "not base64": "%%%", "our own": e.public,
	} {
		if e.agree(key) == nil {
			t.Errorf("%s key is taken", name)
		}
	}
}
