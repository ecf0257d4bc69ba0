package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"hubbub/config"
)

// everyKey changes every setting.
const everyKey = `
keymap = "vim"
theme = "light"
mouse = false
bell = false
notifications = false
read_receipts = "private"
typing = false
download_dir = "~/in"
session_name = " a boat "
ascii = true
[keys]
switcher = ["ctrl+k", "f2"]
quit = "ctrl+q"
`

func TestParse(t *testing.T) {
	c, err := config.Parse("c.toml", []byte(everyKey), "/home/ada")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Keymap: config.KeymapVim, Theme: config.ThemeLight, Receipts: config.ReceiptsPrivate,
		DownloadDir: "/home/ada/in", SessionName: "a boat", ASCII: true,
		Keys:     map[string][]string{"switcher": {"ctrl+k", "f2"}, "quit": {"ctrl+q"}},
		KeyLines: map[string]int{"switcher": 13, "quit": 14},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v", c)
	}
}

// What the file can say, what the program has and what the sample documents are the same.
func TestEverySettingIsDocumented(t *testing.T) {
	c, err := config.Parse("c.toml", []byte(everyKey), "/home/ada")
	if err != nil {
		t.Fatal(err)
	}
	got, plain := reflect.ValueOf(c), reflect.ValueOf(config.Default("/home/ada"))
	for i := range got.NumField() {
		if name := got.Type().Field(i).Name; reflect.DeepEqual(got.Field(i).Interface(), plain.Field(i).Interface()) {
			t.Errorf("no key sets %s", name)
		}
	}
	keys := 1 // those of [keys] stand for the two of the sample
	for line := range strings.Lines(config.Sample()) {
		key, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), " =")
		if !ok || strings.HasPrefix(line, "# ") {
			continue
		}
		if keys++; !strings.Contains(everyKey, "\n"+key+" = ") {
			t.Errorf("the sample documents %s, which is not tried here", key)
		}
	}
	if want := strings.Count(everyKey, " = "); keys != want {
		t.Errorf("the sample documents %d keys, there are %d", keys, want)
	}
}

// What is no file of text is said in a sentence, and nothing waits for a pipe.
func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "not an ordinary file", pipe: "not an ordinary file", filepath.Join(dir, "pipe", "x"): "not a directory",
	} {
		_, err := config.Load(path, "/h")
		var ce *config.Error
		if !errors.As(err, &ce) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFaultsNameTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"\nkeymapp = 1":                    `c.toml:2: unknown key "keymapp"`,
		"mouse = \"yes\"":                  "c.toml:1: mouse is true or false",
		"# theme\n\ntheme = \"pink\"":      `c.toml:3: theme is one of "auto", "dark", "light"`,
		"read_receipts = 1":                "c.toml:1: read_receipts is one of",
		"download_dir = \"here\"":          "c.toml:1: download_dir is a full path",
		"download_dir = \"/a\\u0000b\"":    "c.toml:1: download_dir is a full path",
		"typing = true\n[keyz]\na = \"b\"": `c.toml:2: unknown key "keyz"`,
		"# [keys]\n[keys]\nquit = 1":       "c.toml:3: [keys] holds lines",
		"keys.quit = [1]":                  "c.toml:1: [keys] holds lines",
		"[keys]\nquit = \"f9\"\nmouse = 1": "c.toml:3: mouse stands below [keys]",
		"session_name = \" \"":             "c.toml:1: session_name is a text",
		"session_name = \"a\\u202eb\"":     "c.toml:1: session_name is a text",
		"keys = 1":                         "c.toml:1: [keys] holds lines",
		"mouse = = 1":                      "c.toml:1: ",
		"mouse = true\nmouse = true":       "c.toml:2: ",
		"mouse\xff = true":                 "c.toml:1: ",
	} {
		_, err := config.Parse("c.toml", []byte(in), "/h")
		var ce *config.Error
		if !errors.As(err, &ce) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

// The sample says the truth: with every # taken away it is the default.
func TestSampleIsTheDefault(t *testing.T) {
	var live []string
	for _, line := range strings.Split(config.Sample(), "\n") {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
			line = rest
		}
		live = append(live, line)
	}
	c, err := config.Parse("sample", []byte(strings.Join(live, "\n")), "/home/ada")
	if err != nil {
		t.Fatal(err)
	}
	c.Keys, c.KeyLines = nil, nil
	if want := config.Default("/home/ada"); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	if c, err := config.Parse("sample", []byte(config.Sample()), "/h"); err != nil || !reflect.DeepEqual(c, config.Default("/h")) {
		t.Errorf("commented: %+v, %v", c, err)
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "hubbub", "config.toml")
	if c, err := config.Load(path, "/h"); err != nil || !reflect.DeepEqual(c, config.Default("/h")) {
		t.Errorf("no file: %+v, %v", c, err)
	}
	if err := config.Init(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mouse = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := config.Init(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second init: %v", err)
	}
	if c, err := config.Load(path, "/h"); err != nil || c.Mouse {
		t.Errorf("overwritten: %+v, %v", c, err)
	}
}

func TestDirs(t *testing.T) {
	env := map[string]string{"HOME": "/home/ada", "XDG_CACHE_HOME": "/tmp/c", "XDG_DATA_HOME": "relative"}
	d, err := config.FindDirs(func(k string) string { return env[k] })
	want := config.Dirs{
		Home: "/home/ada", Config: "/home/ada/.config/hubbub", Data: "/home/ada/.local/share/hubbub",
		Cache: "/tmp/c/hubbub", State: "/home/ada/.local/state/hubbub",
	}
	if err != nil || d != want || d.File() != "/home/ada/.config/hubbub/config.toml" {
		t.Errorf("got %+v, %v", d, err)
	}
	if _, err := config.FindDirs(func(string) string { return "" }); !errors.Is(err, config.ErrNoHome) {
		t.Errorf("no home: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(config.Sample()))
	f.Add([]byte("[keys]\na=[1]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := config.Parse("c", b, "/h")
		if err == nil && (c.Keymap == "" || !filepath.IsAbs(c.DownloadDir)) {
			t.Errorf("accepted %+v", c)
		}
	})
}
