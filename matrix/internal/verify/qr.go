package verify

import (
	"encoding/binary"
	"log/slog"
)

// mode says what a QR code verifies.
type mode byte

// Modes.
const (
	modePerson    mode = 0 // another user
	modeTrusted   mode = 1 // an own session, shown by one that trusts the master key
	modeUntrusted mode = 2 // an own session, shown by one that does not yet
)

const (
	codeHead   = "MATRIX\x02"
	keySize    = 32
	secretSize = 16
	minSecret  = 8
	maxCode    = 2953 // bytes that the largest QR code holds
)

// code is the content of a QR code.
//
// Spec: client-server-api#qr-code-format
type code struct {
	mode   mode
	txn    string
	key1   string // unpadded base64
	key2   string
	secret []byte
}

// LogValue hides the secret.
func (code) LogValue() slog.Value { return slog.StringValue("[code]") }

// String hides the secret.
func (code) String() string { return "[code]" }

// GoString hides the secret.
func (code) GoString() string { return "[code]" }

// bytes is what stands in the QR code, as one segment in byte mode.
func (c code) bytes() ([]byte, error) {
	key1, err := decode(c.key1)
	if err != nil {
		return nil, err
	}
	key2, err := decode(c.key2)
	if err != nil {
		return nil, err
	}
	if len(key1) != keySize || len(key2) != keySize || len(c.txn) > maxText {
		return nil, errShape
	}
	b := append([]byte(codeHead), byte(c.mode))
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.txn)))
	b = append(b, c.txn...)
	b = append(b, key1...)
	b = append(b, key2...)
	return append(b, c.secret...), nil
}

// parseCode reads the payload of a QR code.
func parseCode(b []byte) (code, error) {
	var c code
	head, rest := len(codeHead)+3, b
	if len(b) > maxCode || len(b) < head || string(b[:len(codeHead)]) != codeHead {
		return c, ErrCode
	}
	c.mode = mode(b[len(codeHead)])
	n := int(binary.BigEndian.Uint16(b[len(codeHead)+1:]))
	rest = b[head:]
	if c.mode > modeUntrusted || n > maxText || len(rest) < n+2*keySize+minSecret {
		return code{}, ErrCode
	}
	c.txn, rest = string(rest[:n]), rest[n:]
	c.key1, rest = encode(rest[:keySize]), rest[keySize:]
	c.key2, rest = encode(rest[:keySize]), rest[keySize:]
	c.secret = append([]byte(nil), rest...)
	return c, nil
}
