package config

import (
	"errors"
	"path/filepath"
)

// ErrNoHome says that the environment names no home directory and not all XDG directories.
var ErrNoHome = errors.New("no full path of a home directory in HOME, nor of the directories in XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME and XDG_STATE_HOME")

// Dirs says where hubbub's files live. All paths are absolute and end in `hubbub`,
// but Home.
type Dirs struct {
	Home   string // the home directory
	Config string // config.toml
	Data   string // one folder an account: keys, never disposable
	Cache  string // one folder an account: can be deleted at any time
	State  string // log and crash reports
}

// File returns the path of the configuration file.
func (d Dirs) File() string { return filepath.Join(d.Config, "config.toml") }

// FindDirs works out the directories from the environment. A relative XDG
// directory is ignored.
//
// Spec: XDG Base Directory Specification 0.8
func FindDirs(getenv func(string) string) (Dirs, error) {
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		home = ""
	}
	missing := false
	dir := func(name, fallback string) string {
		base := getenv(name)
		if !filepath.IsAbs(base) {
			missing = missing || home == ""
			base = filepath.Join(home, fallback)
		}
		return filepath.Join(base, "hubbub")
	}
	d := Dirs{
		Home:   home,
		Config: dir("XDG_CONFIG_HOME", ".config"),
		Data:   dir("XDG_DATA_HOME", ".local/share"),
		Cache:  dir("XDG_CACHE_HOME", ".cache"),
		State:  dir("XDG_STATE_HOME", ".local/state"),
	}
	if missing {
		return Dirs{}, ErrNoHome
	}
	if d.Home == "" {
		d.Home = filepath.Dir(d.Data)
	}
	return d, nil
}
