package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"hubbub/config"
	"hubbub/matrix"
	"hubbub/ui/safe"
)

// Streams are the program's standard streams and environment.
type Streams struct {
	In, Out, Err *os.File
	Getenv       func(string) string
	Environ      []string
}

// Env is what every command needs.
type Env struct {
	Streams
	Dirs   config.Dirs
	Config config.Config
	Log    *slog.Logger
	log    *logFile
}

// Load finds the directories and reads the configuration. It writes nothing.
// Errors are config.ErrNoHome or *config.Error.
func Load(s Streams) (*Env, error) {
	dirs, err := config.FindDirs(s.Getenv)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(dirs.File(), dirs.Home)
	if err != nil {
		return nil, err
	}
	l := &logFile{dir: dirs.State}
	return &Env{Streams: s, Dirs: dirs, Config: cfg, Log: newLogger(l), log: l}, nil
}

// Close ends the log.
func (e *Env) Close() error { return e.log.Close() }

// Accounts returns the accounts on this machine. The keyring is used only
// where it can answer: on Linux and the BSDs that takes a session bus.
func (e *Env) Accounts(keyring bool) *matrix.Accounts {
	bus := e.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" || runtime.GOOS == "darwin"
	return matrix.NewAccounts(matrix.Options{
		Data: e.Dirs.Data, Cache: e.Dirs.Cache, Keyring: keyring && bus,
		PrivateReceipts: e.Config.Receipts == config.ReceiptsPrivate,
		NoReceipts:      e.Config.Receipts == config.ReceiptsOff,
		NoTyping:        !e.Config.Typing,
		Downloads:       e.Config.DownloadDir,
		Log:             e.Log,
	})
}

// Version returns what the build knows about itself, such as `v0.1.0` or the
// first letters of a commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	version := "devel"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version += "-" + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			version += "-changed"
		}
	}
	return version
}

// crash writes the stack of a panic into the state directory and returns its path.
func (e *Env) crash(p *matrix.PanicError) (string, error) {
	if err := privateDir(e.Dirs.State); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(e.Dirs.State, "crash-*.txt") // 0600
	if err != nil {
		return "", fmt.Errorf("write crash file: %w", err)
	}
	_, err = fmt.Fprintf(f, "hubbub %s\n%s\n\n%s", Version(), safe.Body(p.Error()), p.Stack)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write crash file: %w", err)
	}
	e.Log.Error("Panic", "file", filepath.Base(f.Name()))
	return f.Name(), nil
}
