package backup

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"hubbub/store/chat"
)

// The layout of a file of keys: armour, base64, and inside it a version byte,
// salt, initialisation vector, number of rounds, ciphertext and a MAC over all
// that stands before it.
//
// Spec: client-server-api#key-exports
const (
	armourBegin = "-----BEGIN MEGOLM SESSION DATA-----"
	armourEnd   = "-----END MEGOLM SESSION DATA-----"
	armourLine  = 96 // characters

	fileVersion = 1
	saltSize    = 16
	headerSize  = 1 + saltSize + aes.BlockSize + 4
	macSize     = sha256.Size
)

const (
	fileRounds = 500_000    // of PBKDF2, when a file is written
	maxRounds  = 10_000_000 // more is a file made to keep us busy
	maxFile    = 512 << 20  // bytes
)

func fileProblem(format string, args ...any) error {
	return &chat.Problem{Kind: chat.ProblemFile, Detail: fmt.Sprintf(format, args...)}
}

// fileKeys makes the two keys of a passphrase.
func fileKeys(passphrase chat.Secret, salt []byte, rounds int) (cipherKey, macKey []byte, err error) {
	both, err := pbkdf2.Key(sha512.New, string(passphrase), salt, rounds, 64)
	if err != nil {
		return nil, nil, err
	}
	return both[:32], both[32:], nil
}

// sealFile encrypts the content of a file of keys.
func sealFile(content []byte, passphrase chat.Secret, rounds int) ([]byte, error) {
	data := make([]byte, headerSize+len(content), headerSize+len(content)+macSize)
	data[0] = fileVersion
	salt, iv := data[1:1+saltSize], data[1+saltSize:1+saltSize+aes.BlockSize]
	_, _ = rand.Read(data[1 : 1+saltSize+aes.BlockSize]) // never fails
	iv[8] &= 0x7f                                        // bit 63, which other programs may count over, is zero
	binary.BigEndian.PutUint32(data[headerSize-4:], uint32(rounds))
	cipherKey, macKey, err := fileKeys(passphrase, salt, rounds)
	if err != nil {
		return nil, fmt.Errorf("encrypt keys: %w", err)
	}
	block, err := aes.NewCipher(cipherKey)
	if err != nil {
		return nil, fmt.Errorf("encrypt keys: %w", err)
	}
	cipher.NewCTR(block, iv).XORKeyStream(data[headerSize:], content)
	mac := hmac.New(sha256.New, macKey)
	mac.Write(data)
	return armour(mac.Sum(data)), nil
}

func armour(data []byte) []byte {
	text := base64.StdEncoding.EncodeToString(data)
	out := make([]byte, 0, len(text)+len(text)/armourLine+len(armourBegin)+len(armourEnd)+4)
	out = append(append(out, armourBegin...), '\n')
	for len(text) > 0 {
		n := min(armourLine, len(text))
		out = append(append(out, text[:n]...), '\n')
		text = text[n:]
	}
	return append(append(out, armourEnd...), '\n')
}

// openFile decrypts a file of keys. Errors are *chat.Problem: ProblemFile for
// what is no such file, ProblemSecret for what the passphrase does not open.
func openFile(file []byte, passphrase chat.Secret) ([]byte, error) {
	data, err := unarmour(file)
	if err != nil {
		return nil, err
	}
	if data[0] != fileVersion {
		return nil, fileProblem("version %d", data[0])
	}
	if len(data) < headerSize+macSize {
		return nil, fileProblem("cut off")
	}
	rounds := binary.BigEndian.Uint32(data[headerSize-4:])
	if rounds == 0 || rounds > maxRounds {
		return nil, fileProblem("%d rounds", rounds)
	}
	salt, iv := data[1:1+saltSize], data[1+saltSize:1+saltSize+aes.BlockSize]
	cipherKey, macKey, err := fileKeys(passphrase, salt, int(rounds))
	if err != nil {
		return nil, fileProblem("key derivation")
	}
	body, sum := data[:len(data)-macSize], data[len(data)-macSize:]
	mac := hmac.New(sha256.New, macKey)
	mac.Write(body)
	if !hmac.Equal(sum, mac.Sum(nil)) {
		return nil, &chat.Problem{Kind: chat.ProblemSecret}
	}
	block, err := aes.NewCipher(cipherKey)
	if err != nil {
		return nil, fileProblem("cipher")
	}
	content := body[headerSize:]
	cipher.NewCTR(block, iv).XORKeyStream(content, content)
	return content, nil
}

// unarmour returns at least one byte.
func unarmour(file []byte) ([]byte, error) {
	if len(file) > maxFile {
		return nil, fileProblem("larger than %d MiB", maxFile>>20)
	}
	_, rest, ok := bytes.Cut(file, []byte(armourBegin))
	if !ok {
		return nil, fileProblem("not a file of keys")
	}
	text, _, ok := bytes.Cut(rest, []byte(armourEnd))
	if !ok {
		return nil, fileProblem("cut off")
	}
	text = bytes.Trim(text, " \t\r\n")
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text) // skips line ends
	if err != nil || n == 0 {
		return nil, fileProblem("not base64")
	}
	return data[:n], nil
}
