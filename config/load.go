package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxFile bounds the file: far above any real one.
const maxFile = 1 << 20

// keysTable is the table of remapped keys.
const keysTable = "keys"

// Load reads the file at path over the defaults; a file that does not exist
// leaves the defaults. Faults of the file are *Error.
func Load(path, home string) (Config, error) {
	c := Default(home)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return c, unreadable(path, err)
	case !info.Mode().IsRegular(): // reading a pipe might never end
		return c, &Error{Path: path, Text: "this is not an ordinary file"}
	case info.Size() > maxFile:
		return c, &Error{Path: path, Text: "the file is too large to be a configuration"}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, unreadable(path, err)
	}
	return Parse(path, b, home)
}

// unreadable says why a file cannot be read, without its path, which Error has.
func unreadable(path string, err error) *Error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &Error{Path: path, Text: "the file cannot be read: " + err.Error()}
}

// Parse checks the bytes of a file; path is only for the error.
func Parse(path string, b []byte, home string) (Config, error) {
	c := Default(home)
	var doc map[string]any
	if _, err := toml.Decode(string(b), &doc); err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			return c, &Error{Path: path, Line: pe.Position.Line, Text: pe.Message}
		}
		return c, &Error{Path: path, Text: err.Error()}
	}
	known := fields()
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if key == keysTable {
			continue
		}
		if wrong := setField(&c, known, key, doc[key], home); wrong != "" {
			return Default(home), &Error{Path: path, Line: lineOf(b, "", key), Text: wrong}
		}
	}
	if wrong := setKeys(&c, b, known, doc[keysTable]); wrong != nil {
		wrong.Path = path
		return Default(home), wrong
	}
	return c, nil
}

func setField(c *Config, known []field, key string, v any, home string) string {
	for _, f := range known {
		if f.key == key {
			return f.set(c, v, home)
		}
	}
	all := make([]string, 0, len(known)+1)
	for _, f := range known {
		all = append(all, f.key)
	}
	return fmt.Sprintf("unknown key %q; there are: %s, [%s]", key, strings.Join(all, ", "), keysTable)
}

// setKeys takes in the table of keys. It returns nil, or what is wrong with it.
func setKeys(c *Config, b []byte, known []field, v any) *Error {
	const want = `[keys] holds lines such as: switcher = ["ctrl+k", "f2"]`
	if v == nil {
		return nil
	}
	table, ok := v.(map[string]any)
	if !ok {
		return &Error{Line: lineOf(b, "", keysTable), Text: want}
	}
	c.Keys, c.KeyLines = make(map[string][]string, len(table)), make(map[string]int, len(table))
	for _, action := range slices.Sorted(maps.Keys(table)) {
		line := lineOf(b, keysTable, action)
		if slices.ContainsFunc(known, func(f field) bool { return f.key == action }) {
			return &Error{Line: line, Text: action + " stands below [keys], so it counts as the name of an action: put it above"}
		}
		keys, ok := keyList(table[action])
		if !ok {
			return &Error{Line: line, Text: want}
		}
		c.Keys[action], c.KeyLines[action] = keys, line
	}
	return nil
}

// keyList returns the keys of an action: one, or a list.
func keyList(v any) (keys []string, ok bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		keys = make([]string, 0, len(v))
		for _, k := range v {
			s, ok := k.(string)
			if !ok {
				return nil, false
			}
			keys = append(keys, s)
		}
		return keys, true
	}
	return nil, false
}

// lineOf finds the line on which a key of a table, "" for the top, or a table
// itself stands; 0 when it does not. The parser gives positions of syntax errors only.
func lineOf(b []byte, table, key string) int {
	in := ""
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimLeft(line, " \t")
		head, isTable := strings.CutPrefix(line, "[")
		if isTable {
			in, _, _ = strings.Cut(strings.TrimLeft(head, "["), "]")
			in = strings.Trim(in, " \t\"'")
		}
		at, ok := in, false
		switch {
		case isTable && table == "":
			line, at = head, ""
		case in == "" && table != "": // table.key at the top
			if line, ok = cutKey(line, table); ok {
				line, ok = strings.CutPrefix(line, ".")
			}
			if !ok {
				continue
			}
			line, at = strings.TrimLeft(line, " \t"), table
		}
		if at != table {
			continue
		}
		if rest, ok := cutKey(strings.TrimLeft(line, "["), key); ok && rest != "" && strings.ContainsRune("=.]", rune(rest[0])) {
			return i + 1
		}
	}
	return 0
}

// cutKey cuts a key, quoted or bare, and the blanks behind it.
func cutKey(line, key string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(strings.TrimLeft(line, "\"' \t"), key)
	return strings.TrimLeft(rest, "\"' \t"), ok
}
