package session

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/zalando/go-keyring"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

const (
	secretsName    = "secrets.json"
	keyringService = "hubbub"
	keyringLimit   = 2 * time.Second
	pickleBytes    = 32
)

// Details of chat.ProblemKeyGone.
const (
	DetailNoKeyring    = "keyring_unreachable" // the keyring does not answer
	DetailKeyringEmpty = "keyring_empty"       // it answers and has no entry
	DetailNoSecrets    = "secrets_missing"     // the file is gone
)

// secrets is what opens an account. It redacts itself wherever it is printed.
type secrets struct {
	Token  string `json:"token"`
	Pickle []byte `json:"pickle_key"`
}

// String hides the content.
func (secrets) String() string { return "[secrets]" }

// GoString hides the content.
func (secrets) GoString() string { return "[secrets]" }

// LogValue hides the content.
func (secrets) LogValue() slog.Value { return slog.StringValue("[secrets]") }

func newPickle() []byte {
	b := make([]byte, pickleBytes)
	_, _ = rand.Read(b) // documented never to fail
	return b
}

// Keyring is the operating system's store for secrets. Its calls may hang.
type Keyring interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// SystemKeyring is the keyring of the operating system: the Secret Service on
// the D-Bus session bus, or the macOS keychain.
type SystemKeyring struct{}

// Get implements Keyring.
func (SystemKeyring) Get(service, user string) (string, error) { return keyring.Get(service, user) }

// Set implements Keyring.
func (SystemKeyring) Set(service, user, secret string) error {
	return keyring.Set(service, user, secret)
}

// Delete implements Keyring.
func (SystemKeyring) Delete(service, user string) error { return keyring.Delete(service, user) }

// place says where an account's secrets are.
type place string

const (
	inKeyring place = "keyring"
	inFile    place = "file"
)

var errNoKeyring = errors.New("no keyring")

// limited runs a keyring call for at most keyringLimit. A call that hangs
// longer keeps its goroutine until the bus answers: the library cannot be stopped.
func limited[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = fault.Guard(func() (err error) {
			r.v, err = call()
			return err
		})
		done <- r
	}()
	ctx, cancel := context.WithTimeout(ctx, keyringLimit)
	defer cancel()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var zero T
		return zero, fmt.Errorf("ask keyring: %w", ctx.Err())
	}
}

// loadSecrets reads an account's secrets. What is missing is ProblemKeyGone.
func (r *Registry) loadSecrets(ctx context.Context, dir string, rec record) (secrets, error) {
	var b []byte
	switch rec.Secrets {
	case inKeyring:
		text, err := r.askKeyring(ctx, rec)
		if err != nil {
			return secrets{}, err
		}
		b = []byte(text)
	default:
		var err error
		b, err = os.ReadFile(filepath.Join(dir, secretsName))
		if errors.Is(err, os.ErrNotExist) {
			return secrets{}, &chat.Problem{Kind: chat.ProblemKeyGone, Detail: DetailNoSecrets, Err: err}
		} else if err != nil {
			return secrets{}, fmt.Errorf("read secrets: %w", err)
		}
	}
	var s secrets
	if err := json.Unmarshal(b, &s); err != nil || len(s.Pickle) == 0 {
		// The parser's error could quote the secret.
		return secrets{}, &chat.Problem{Kind: chat.ProblemCorrupt, Detail: "the stored secrets of " + string(rec.User)}
	}
	return s, nil
}

func (r *Registry) askKeyring(ctx context.Context, rec record) (string, error) {
	if r.keyring == nil {
		return "", &chat.Problem{Kind: chat.ProblemKeyGone, Detail: DetailNoKeyring, Err: errNoKeyring}
	}
	text, err := limited(ctx, func() (string, error) { return r.keyring.Get(keyringService, rec.keyringUser()) })
	switch {
	case err == nil:
		return text, nil
	case errors.Is(err, keyring.ErrNotFound):
		return "", &chat.Problem{Kind: chat.ProblemKeyGone, Detail: DetailKeyringEmpty, Err: err}
	case ctx.Err() != nil:
		return "", fmt.Errorf("read secrets: %w", ctx.Err())
	}
	return "", &chat.Problem{Kind: chat.ProblemKeyGone, Detail: DetailNoKeyring, Retry: true, Err: err}
}

// saveSecrets keeps the secrets where rec says, or, for a record that does not
// say yet, in the keyring if it answers and else in a file.
func (r *Registry) saveSecrets(ctx context.Context, dir string, rec *record, s secrets) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	if rec.Secrets != inFile && r.keyring != nil {
		_, err := limited(ctx, func() (struct{}, error) {
			return struct{}{}, r.keyring.Set(keyringService, rec.keyringUser(), string(b))
		})
		if err == nil {
			rec.Secrets = inKeyring
			return removeIfThere(filepath.Join(dir, secretsName))
		}
		r.log.Warn("Keyring refused the secrets, a file holds them", "err", err)
	}
	rec.Secrets = inFile
	return writeFile(filepath.Join(dir, secretsName), b)
}

// dropSecrets forgets the keyring entry; a file goes with its folder.
func (r *Registry) dropSecrets(ctx context.Context, rec record) error {
	if rec.Secrets != inKeyring || r.keyring == nil {
		return nil
	}
	_, err := limited(ctx, func() (struct{}, error) {
		return struct{}{}, r.keyring.Delete(keyringService, rec.keyringUser())
	})
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return fmt.Errorf("clear keyring: %w", err)
	}
	return nil
}
