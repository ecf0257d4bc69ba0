package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
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
		return c, fmt.Errorf("read configuration: %w", err)
	case info.Size() > maxFile:
		return c, &Error{Path: path, Text: "the file is too large to be a configuration"}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, b, home)
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
	names := make([]string, 0, len(doc))
	for key := range doc {
		names = append(names, key)
	}
	sort.Strings(names)
	for _, key := range names {
		wrong := ""
		if key == keysTable {
			wrong = setKeys(&c, doc[key])
		} else {
			wrong = setField(&c, known, key, doc[key], home)
		}
		if wrong != "" {
			return Default(home), &Error{Path: path, Line: lineOf(b, key), Text: wrong}
		}
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

func setKeys(c *Config, v any) string {
	const want = `[keys] holds lines such as: switcher = ["ctrl+k", "f2"]`
	table, ok := v.(map[string]any)
	if !ok {
		return want
	}
	c.Keys = make(map[string][]string, len(table))
	for action, v := range table {
		switch v := v.(type) {
		case string:
			c.Keys[action] = []string{v}
		case []any:
			keys := make([]string, 0, len(v))
			for _, k := range v {
				s, ok := k.(string)
				if !ok {
					return want
				}
				keys = append(keys, s)
			}
			c.Keys[action] = keys
		default:
			return want
		}
	}
	return ""
}

// lineOf finds the line on which a top-level key or table stands. The parser
// gives positions of syntax errors only.
func lineOf(b []byte, key string) int {
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimLeft(line, " \t[\"'")
		rest, ok := strings.CutPrefix(line, key)
		if !ok {
			continue
		}
		rest = strings.TrimLeft(rest, "\"' \t")
		if strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "]") {
			return i + 1
		}
	}
	return 0
}
