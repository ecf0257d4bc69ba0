package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Sample returns a commented file in which every key stands with its
// documentation and its default, commented out.
func Sample() string {
	var b strings.Builder
	b.WriteString("# hubbub's configuration. Every key is here with its default; take the # away to change one.\n")
	for _, f := range fields() {
		fmt.Fprintf(&b, "\n# %s\n", f.doc)
		if f.words != nil {
			fmt.Fprintf(&b, "# One of: %s\n", strings.Join(f.words, ", "))
		}
		switch v := f.sample(Default("")).(type) {
		case string:
			fmt.Fprintf(&b, "#%s = %q\n", f.key, v)
		default:
			fmt.Fprintf(&b, "#%s = %v\n", f.key, v)
		}
	}
	b.WriteString("\n# Other keys for an action, below everything else. F1 shows the actions and their keys; docs/KEYS.md lists their names.\n#[keys]\n#switcher = [\"ctrl+k\", \"f2\"]\n")
	return b.String()
}

// Init writes Sample to path, making its directory. A file that is there is
// left alone: the error is fs.ErrExist.
func Init(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write configuration: %w", err)
	} else if err != nil {
		return fmt.Errorf("make the file: %w", err)
	}
	_, err = f.WriteString(Sample())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
