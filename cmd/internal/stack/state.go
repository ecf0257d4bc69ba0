package stack

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// state is the directory that outlives one run: databases, keys, logs and what a later run on it must find unchanged.
type state struct {
	dir   string
	lock  *fileLock
	saved saved
}

// saved is state.json. A homeserver keeps its name for life, so the name is remembered apart from the port, which may
// be taken when the directory is used again.
type saved struct {
	Secret     string           `json:"secret"`      // registration shared secret of the homeservers
	LiveKitKey string           `json:"livekit_key"` // API key of the SFU
	LiveKitPwd string           `json:"livekit_secret"`
	Names      map[Piece]string `json:"names"` // server names
	Ports      map[Piece]int    `json:"ports"` // the ports of the last run
}

// openState locks the directory and reads or makes its state file.
func openState(dir string) (*state, error) {
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o700); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if errors.Is(err, ErrInUse) {
		return nil, fmt.Errorf("%w: %s (%s)", ErrInUse, dir, describePid(dir))
	}
	if err != nil {
		return nil, err
	}
	s := &state{dir: dir, lock: lock}
	if err := s.load(); err != nil {
		lock.release()
		return nil, err
	}
	if err := os.WriteFile(s.path("pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		lock.release()
		return nil, fmt.Errorf("write pid file: %w", err)
	}
	return s, nil
}

func (s *state) load() error {
	data, err := os.ReadFile(s.path("state.json"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		s.saved = saved{Secret: randomHex(24), LiveKitKey: "API" + randomHex(6), LiveKitPwd: randomHex(24)}
	case err != nil:
		return fmt.Errorf("read state: %w", err)
	default:
		if err := json.Unmarshal(data, &s.saved); err != nil {
			return fmt.Errorf("read %s: %w", s.path("state.json"), err)
		}
	}
	if s.saved.Names == nil {
		s.saved.Names = map[Piece]string{}
	}
	if s.saved.Ports == nil {
		s.saved.Ports = map[Piece]int{}
	}
	return nil
}

// save replaces the state file in one step.
func (s *state) save() error {
	data, err := json.MarshalIndent(s.saved, "", "  ")
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return writeFile(s.path("state.json"), append(data, '\n'))
}

// close takes away what says that a stack runs here.
func (s *state) close() error {
	err := errors.Join(removeIfThere(s.path("env")), removeIfThere(s.path("pid")))
	s.lock.release()
	return err
}

func (s *state) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *state) logFile(p Piece) string { return s.path("logs", string(p)+".log") }

// port returns the port of the last run if it is free, else another, and remembers it.
func (s *state) port(p Piece) (int, error) {
	port, err := freePort(s.saved.Ports[p])
	s.saved.Ports[p] = port
	return port, err
}

// name gives a homeserver that has none yet a name.
func (s *state) name(p Piece, name string) {
	if s.saved.Names[p] == "" && name != "" {
		s.saved.Names[p] = name
	}
}

// serverName is fixed at the first start. It holds a port, which makes user ids with two colons.
func (s *state) serverName(p Piece, port int) string {
	if s.saved.Names[p] == "" {
		s.saved.Names[p] = "localhost:" + strconv.Itoa(port)
	}
	return s.saved.Names[p]
}

// writeEnv writes the addresses as lines that a shell can source.
func (s *state) writeEnv(env map[string]string) error {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "%s='%s'\n", key, strings.ReplaceAll(env[key], "'", `'\''`))
	}
	return writeFile(s.path("env"), []byte(b.String()))
}

// writeFile writes a private file so that a reader sees the old or the new content, never half of it.
func writeFile(path string, data []byte) error {
	next := path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func randomHex(bytes int) string { return hex.EncodeToString(randomBytes(bytes)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b
}
