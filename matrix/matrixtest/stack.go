package matrixtest

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// hint ends the message of a test that misses a part of the stack.
const hint = "is not set: run through make test, or bin/stack run --with sfu,js,dendrite -- go test …"

// Homeserver is a running homeserver of the stack.
type Homeserver struct {
	URL    string // base URL, no slash at the end
	Name   string // server name, the part of a user id after the first colon; it holds a port itself
	secret string // shared secret of registration
}

// Stack returns the main homeserver of the running stack and fails the test when there is none.
func Stack(t testing.TB) *Homeserver {
	t.Helper()
	return homeserver(t, "HUBBUB_STACK_HOMESERVER", "HUBBUB_STACK_SERVER_NAME", "HUBBUB_STACK_SHARED_SECRET")
}

// Synapse returns the stack's Synapse and fails the test when there is none.
func Synapse(t testing.TB) *Homeserver {
	t.Helper()
	return homeserver(t, "HUBBUB_STACK_SYNAPSE", "HUBBUB_STACK_SYNAPSE_NAME", "HUBBUB_STACK_SYNAPSE_SECRET")
}

// Dendrite returns the stack's Dendrite and fails the test when there is none.
func Dendrite(t testing.TB) *Homeserver {
	t.Helper()
	return homeserver(t, "HUBBUB_STACK_DENDRITE", "HUBBUB_STACK_DENDRITE_NAME", "HUBBUB_STACK_DENDRITE_SECRET")
}

func homeserver(t testing.TB, url, name, secret string) *Homeserver {
	t.Helper()
	return &Homeserver{
		URL: strings.TrimSuffix(variable(t, url), "/"), Name: variable(t, name), secret: variable(t, secret),
	}
}

func variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s %s", name, hint)
	}
	return value
}

// Account is a registered user.
type Account struct {
	UserID    string
	Localpart string
	Password  string
}

// NewAccount registers a unique user whose name starts with prefix (lower case letters, digits, "._=-/").
func (h *Homeserver) NewAccount(t testing.TB, prefix string) Account {
	t.Helper()
	return h.register(t, prefix, false)
}

// NewAdmin registers a unique user with the rights of the homeserver's administrator.
func (h *Homeserver) NewAdmin(t testing.TB) Account {
	t.Helper()
	return h.register(t, "admin", true)
}

func (h *Homeserver) register(t testing.TB, prefix string, admin bool) Account {
	t.Helper()
	a := Account{Localpart: prefix + "-" + unique(), Password: "pw-" + unique()}
	id, err := Register(t.Context(), h.URL, h.secret, a.Localpart, a.Password, admin)
	if err != nil {
		t.Fatalf("register %s: %v", a.Localpart, err)
	}
	a.UserID = id
	return a
}

// NewUser registers a unique user on the main homeserver.
func NewUser(t testing.TB) (userID, password string) {
	t.Helper()
	a := Stack(t).NewAccount(t, "user")
	return a.UserID, a.Password
}

// unique is a name that no other test or run uses.
func unique() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}
