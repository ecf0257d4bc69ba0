package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"hubbub/store/chat"
)

// maxFolder keeps a folder's name far below what file systems allow (255 bytes).
const maxFolder = 120

// Folder returns the name of an account's folder. It is one path element of
// the letters a-z, digits and `.-=_@`, never starts with a dot, and differs
// for different user ids also on file systems that ignore case: every other
// byte is written as `_` and two hex digits, and a long name ends in a hash.
func Folder(user chat.UserID) (string, error) {
	if !user.Valid() {
		return "", &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not a Matrix user id: " + cut(string(user), 64)}
	}
	name := escape(user.Localpart()) + "@" + escape(user.Homeserver())
	if len(name) > maxFolder {
		sum := sha256.Sum256([]byte(user))
		name = name[:maxFolder-33] + "_" + hex.EncodeToString(sum[:16])
	}
	return name, nil
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '=', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
