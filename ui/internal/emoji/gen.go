//go:build ignore

// Command gen writes emoji.txt from the npm package emojibase-data (MIT).
//
//	npm pack emojibase-data@17.0.0 && tar xzf emojibase-data-17.0.0.tgz
//	go run gen.go package
//
// One line per emoji: the emoji, its shortcodes (the ones most programs know
// first), and search words that are no shortcodes, separated by tabs; lists by spaces.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

type entry struct {
	Hexcode string   `json:"hexcode"`
	Unicode string   `json:"unicode"`
	Group   *int     `json:"group"`
	Order   int      `json:"order"`
	Tags    []string `json:"tags"`
}

// componentGroup holds skin tones and hair, which stand for nothing alone.
const componentGroup = 2

func load(into any, parts ...string) {
	raw, err := os.ReadFile(filepath.Join(parts...))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen.go DIRECTORY-OF-emojibase-data")
	}
	dir := os.Args[1]
	var all []entry
	load(&all, dir, "en", "compact.json")
	codes := map[string][]string{}
	for _, preset := range []string{"github.json", "emojibase.json"} {
		var m map[string]any
		load(&m, dir, "en", "shortcodes", preset)
		for hex, v := range m {
			var add []string
			switch v := v.(type) {
			case string:
				add = []string{v}
			case []any:
				for _, s := range v {
					add = append(add, s.(string))
				}
			}
			for _, s := range add {
				if !slices.Contains(codes[hex], s) {
					codes[hex] = append(codes[hex], s)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return a.Order - b.Order })
	var b strings.Builder
	for _, e := range all {
		c := codes[e.Hexcode]
		if e.Group == nil || *e.Group == componentGroup || len(c) == 0 {
			continue
		}
		var tags []string
		for _, t := range e.Tags {
			if !strings.Contains(t, " ") && !slices.Contains(c, t) && len(t) > 2 {
				tags = append(tags, t)
			}
		}
		b.WriteString(qualified(e.Unicode) + "\t" + strings.Join(c, " ") + "\t" + strings.Join(tags, " ") + "\n")
	}
	if err := os.WriteFile("emoji.txt", []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// qualified drops the emoji selector where the character is an emoji without
// it, as the homeservers' other clients send it in reactions.
//
// Spec: client-server-api#reactions
func qualified(s string) string {
	base, found := strings.CutSuffix(s, "\ufe0f")
	if found && len([]rune(base)) == 1 && displaywidth.String(base) == 2 {
		return base
	}
	return s
}
