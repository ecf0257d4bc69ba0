package verify

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix/crypto/canonicaljson"
	"maunium.net/go/mautrix/crypto/verificationhelper"

	"hubbub/store/chat"
)

// Names of the parts of the protocol.
const (
	agreement  = "curve25519-hkdf-sha256"
	hashMethod = "sha256"
	macMethod  = "hkdf-hmac-sha256.v2"
	// oldMAC is the same as macMethod but for a mistake in its base64. It is
	// used only with a side that does not know the other.
	oldMAC     = "hkdf-hmac-sha256"
	sasEmoji   = "emoji"
	sasDecimal = "decimal"
)

// ephemeral is the key pair of one SAS verification, and after agree the
// secret that both sides share.
type ephemeral struct {
	private *ecdh.PrivateKey
	public  string // unpadded base64
	other   string
	shared  []byte
}

func newEphemeral() (*ephemeral, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return &ephemeral{private: key, public: encode(key.PublicKey().Bytes())}, nil
}

// agree takes in the other side's public key. A key that yields no secret, or
// our own thrown back, is an error.
func (e *ephemeral) agree(public string) error {
	raw, err := decode(public)
	if err != nil {
		return err
	}
	key, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	if key.Equal(e.private.PublicKey()) {
		return errShape
	}
	if e.shared, err = e.private.ECDH(key); err != nil {
		return fmt.Errorf("agree on a key: %w", err)
	}
	e.other = encode(raw)
	return nil
}

// derive makes n bytes from the shared secret.
func (e *ephemeral) derive(info string, n int) ([]byte, error) {
	return hkdf.Key(sha256.New, e.shared, nil, info, n)
}

// LogValue hides the keys.
func (*ephemeral) LogValue() slog.Value { return slog.StringValue("[secret]") }

// String hides the keys.
func (*ephemeral) String() string { return "[secret]" }

// GoString hides the keys.
func (*ephemeral) GoString() string { return "[secret]" }

// side is one end of a verification.
type side struct {
	user   chat.UserID
	device chat.DeviceID
}

// before is the order in which two starts at the same time are resolved.
func (s side) before(o side) bool {
	if s.user != o.user {
		return s.user < o.user
	}
	return s.device < o.device
}

// commitment is what the side that accepts sends before it knows the other's
// key: a hash over its own key and the start message.
//
// Spec: client-server-api#mkeyverificationaccept
func commitment(public string, start jsontext.Value) ([]byte, error) {
	raw := json.RawMessage(slices.Clone(start))
	if err := canonicaljson.Canonicalize(&raw); err != nil {
		return nil, fmt.Errorf("canonical form of start: %w", err)
	}
	sum := sha256.Sum256(append([]byte(public), raw...))
	return sum[:], nil
}

// sasInfo binds the short authentication string to who takes part.
//
// Spec: client-server-api#sas-hkdf-calculation
func sasInfo(starter, accepter side, starterKey, accepterKey, txn string) string {
	return strings.Join([]string{
		"MATRIX_KEY_VERIFICATION_SAS",
		string(starter.user), string(starter.device), starterKey,
		string(accepter.user), string(accepter.device), accepterKey, txn,
	}, "|")
}

// decimals reads three numbers from five bytes.
//
// Spec: client-server-api#sas-method-decimal
func decimals(b []byte) [3]int {
	return [3]int{
		(int(b[0])<<5 | int(b[1])>>3) + 1000,
		(int(b[1]&0x7)<<10 | int(b[2])<<2 | int(b[3])>>6) + 1000,
		(int(b[3]&0x3f)<<7 | int(b[4])>>1) + 1000,
	}
}

// emojis reads seven pictures from six bytes.
//
// Spec: client-server-api#sas-method-emoji
func emojis(b []byte) []chat.Emoji {
	var n uint64
	for _, c := range b[:6] {
		n = n<<8 | uint64(c)
	}
	out := make([]chat.Emoji, 7)
	for i := range out {
		out[i] = emojiAt(byte(n >> (42 - 6*i) & 63))
	}
	return out
}

// mac authenticates a key, or with the id "KEY_IDS" the list of key ids, from
// one side to the other.
//
// Spec: client-server-api#mac-calculation
func (e *ephemeral) mac(method string, from, to side, txn, keyID, value string) ([]byte, error) {
	info := "MATRIX_KEY_VERIFICATION_MAC" + string(from.user) + string(from.device) + string(to.user) + string(to.device) + txn + keyID
	key, err := e.derive(info, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive MAC key: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	sum := h.Sum(nil)
	if method == oldMAC {
		//lint:ignore SA1019 it is for peers that have nothing better
		return decode(verificationhelper.BrokenB64Encode(sum))
	}
	return sum, nil
}

// keyIDs is the list of key ids that is authenticated beside the keys.
func keyIDs(macs map[string]string) string {
	ids := make([]string, 0, len(macs))
	for id := range macs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// decode reads base64 with or without padding.
func decode(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, fmt.Errorf("read base64: %w", err)
	}
	return b, nil
}
