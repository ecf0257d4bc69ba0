package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"hubbub/matrix"
	"hubbub/store/chat"
)

// Me is the name of the demo's own account; Password is everybody's.
const (
	Me       = "sam"
	Password = "harbour"
)

// worldName is the file that describes a world.
const worldName = "world.json"

// World says who and where everything is.
type World struct {
	Homeserver string                 `json:"homeserver"` // base URL when it was built
	People     map[string]chat.UserID `json:"people"`     // by their name in the script
	Rooms      map[string]chat.RoomID `json:"rooms"`      // by their key in the script, servers and categories included
}

func newWorld(o Options) *World {
	w := &World{Homeserver: o.Homeserver, People: map[string]chat.UserID{}, Rooms: map[string]chat.RoomID{}}
	for _, p := range slices.Concat(cast, writers) {
		w.People[p.name] = chat.UserID("@" + p.name + o.Suffix + ":" + o.ServerName)
	}
	return w
}

// Load reads the world that Build left in a folder.
func Load(dir string) (*World, error) {
	data, err := os.ReadFile(filepath.Join(dir, worldName))
	if err != nil {
		return nil, fmt.Errorf("load world: %w", err)
	}
	var w World
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("load world: %w", err)
	}
	return &w, nil
}

func (w *World) save(dir string) error {
	data, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return fmt.Errorf("save world: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, worldName), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("save world: %w", err)
	}
	return nil
}

// Home is the home directory of the demo's own account in a world's folder.
func Home(dir string) string { return filepath.Join(dir, "home") }

// HomeEnv is the environment in which hubbub finds the demo's own account and nothing else: no files of the person who
// runs it, and no keyring.
func HomeEnv(dir string) map[string]string {
	home := Home(dir)
	return map[string]string{
		"HOME":            home,
		"XDG_DATA_HOME":   filepath.Join(home, ".local", "share"),
		"XDG_CACHE_HOME":  filepath.Join(home, ".cache"),
		"XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		"XDG_STATE_HOME":  filepath.Join(home, ".local", "state"),

		"DBUS_SESSION_BUS_ADDRESS": "",
	}
}

// options are the folders of one person.
func options(dir, name string) matrix.Options {
	if name == Me {
		env := HomeEnv(dir)
		return matrix.Options{
			Data: filepath.Join(env["XDG_DATA_HOME"], "hubbub"), Cache: filepath.Join(env["XDG_CACHE_HOME"], "hubbub"),
		}
	}
	dir = filepath.Join(dir, "people", name)
	return matrix.Options{Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache")}
}

// Move tells everybody in a folder that their homeserver has another address now.
func (w *World) Move(dir, homeserver string) error {
	if w.Homeserver == homeserver {
		return nil
	}
	w.Homeserver = homeserver
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "account.json" {
			return err
		}
		return moveRecord(path, homeserver)
	})
	if err = errors.Join(err, w.save(dir)); err != nil {
		return fmt.Errorf("move world: %w", err)
	}
	return nil
}

// moveRecord changes the address in one account's record and keeps all else.
func moveRecord(path, homeserver string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var record map[string]json.RawMessage
	if err := json.Unmarshal(data, &record); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if record["homeserver"], err = json.Marshal(homeserver); err != nil {
		return err
	}
	if data, err = json.Marshal(record); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// openingState is the window's own value for the channel it opens with.
func openingState(room, server chat.RoomID) []byte {
	data, err := json.Marshal(map[string]chat.RoomID{"room": room, "server": server})
	if err != nil {
		panic("seed: two strings are JSON: " + err.Error())
	}
	return data
}

// byRoom sorts acts by their room, keeping the order in each.
func byRoom(acts []act) map[string][]act {
	rooms := map[string][]act{}
	for _, a := range acts {
		rooms[a.room] = append(rooms[a.room], a)
	}
	return rooms
}

// names are the people of the script that have a core, in the cast's order.
func names() []string {
	all := make([]string, 0, len(cast))
	for _, p := range cast {
		all = append(all, p.name)
	}
	return all
}
