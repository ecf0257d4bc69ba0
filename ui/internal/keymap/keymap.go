// Package keymap is the one table of everything a key can do.
//
// Each [Entry] names an action, where its key counts, its keys in the default
// and in the vim map, and what it needs to make sense; its title and help line
// are words.Action. [New] makes a [Map] of it, with keys from the
// configuration laid over and checked for conflicts. Key bindings exist
// nowhere else: panes are told actions, never keys. docs/KEYS.md is written
// from the table by `make gen`.
package keymap

//go:generate go test -tags goolm,fts5 -count=1 -run TestDocument . -update

import (
	"strings"

	"hubbub/ui/words"
)

// Context is where a key counts. Keys of Global count everywhere that does
// not bind the same key itself; a dialog sees only its own.
type Context uint8

// Contexts.
const (
	Global   Context = iota
	Composer         // writing a message
	Message          // message mode: a cursor on the timeline
	Tree             // the channel tree has the focus
	People           // the member list has the focus
	Dialog           // a list or form lies over the window
	Sheet            // a sheet to read lies over the window
)

// Contexts returns all contexts in the order of the help.
func Contexts() []Context { return []Context{Global, Composer, Message, Tree, People, Dialog, Sheet} }

// String returns the name of the context in the configuration file.
func (c Context) String() string {
	return [...]string{"global", "composer", "message", "tree", "people", "dialog", "sheet"}[c]
}

// Need is what must hold for an action to make sense. Zero needs nothing.
type Need uint16

// Needs.
const (
	NeedRoom      Need = 1 << iota // an open channel
	NeedJoined                     // that we are in
	NeedSend                       // and may write in
	NeedMessage                    // a message under the cursor that the homeserver has
	NeedOwn                        // of our own
	NeedText                       // with text
	NeedFile                       // with a file
	NeedFailed                     // that could not be sent
	NeedReply                      // that answers another
	NeedLink                       // that holds a link
	NeedServer                     // a server in the tree
	NeedOffline                    // no connection
	NeedUndeleted                  // a message that is not deleted
	NeedSelected                   // a message under the cursor
	NeedRetry                      // that could not be sent, or waits for its key
	NeedDelete                     // that one may delete
)

// Entry is one action in one context.
type Entry struct {
	Action  Action
	Context Context
	Keys    []string // default keys, as Bubble Tea writes them: "ctrl+k", "alt+shift+up", "?"
	Vim     []string // keys of the vim map; nil: the same
	Need    Need
}

// Binding is an entry with the keys that are in force.
type Binding struct {
	Entry
	Title string // a few words, for the palette
	Help  string // one line
}

// Map is a keymap in force. It is immutable.
type Map struct {
	bindings []Binding
	byKey    map[Context]map[string]Action
}

// New makes the keymap named base ("default" or "vim"; "" is default) and lays
// keys over it: from "action" or "context.action" to the list of keys that
// replaces its own, an empty list taking its keys away. It returns what is
// wrong with them beside a map that works.
func New(base string, keys map[string][]string) (*Map, []Conflict) {
	m := &Map{byKey: map[Context]map[string]Action{}}
	var wrong []Conflict
	if base != "" && base != "default" && base != "vim" {
		wrong = append(wrong, Conflict{Kind: UnknownMap, Name: base})
	}
	used := map[string]bool{}
	for _, e := range Entries() {
		if base == "vim" && e.Vim != nil {
			e.Keys = e.Vim
		}
		for _, name := range []string{string(e.Action), e.Context.String() + "." + string(e.Action)} {
			if k, ok := keys[name]; ok {
				e.Keys, used[name] = k, true
			}
		}
		title, help := words.Action(string(e.Action))
		m.bindings = append(m.bindings, Binding{Entry: e, Title: title, Help: help})
	}
	for name := range keys {
		if !used[name] {
			wrong = append(wrong, Conflict{Kind: UnknownAction, Name: name})
		}
	}
	return m, append(wrong, m.index()...)
}

// index fills byKey; of two actions with one key in one context the first keeps it.
func (m *Map) index() []Conflict {
	var wrong []Conflict
	for _, b := range m.bindings {
		table := m.byKey[b.Context]
		if table == nil {
			table = map[string]Action{}
			m.byKey[b.Context] = table
		}
		for _, k := range b.Keys {
			if !ValidKey(k) {
				wrong = append(wrong, Conflict{Kind: BadKey, Name: string(b.Action), Key: k})
				continue
			}
			if other, ok := table[k]; ok && other != b.Action {
				wrong = append(wrong, Conflict{Kind: TwoActions, Name: string(b.Action), Other: string(other), Key: k, Context: b.Context})
				continue
			}
			table[k] = b.Action
		}
	}
	return wrong
}

// Lookup returns the action of a key in a context, or "". A key that the
// context does not bind counts as in Global, except in a dialog; one that a
// sheet does not bind counts as in a dialog.
func (m *Map) Lookup(c Context, key string) Action {
	if a, ok := m.byKey[c][key]; ok {
		return a
	}
	switch c {
	case Dialog:
		return ""
	case Sheet:
		return m.byKey[Dialog][key]
	}
	return m.byKey[Global][key]
}

// Bindings returns all bindings in the order of the table. The slice is shared: do not change it.
func (m *Map) Bindings() []Binding { return m.bindings }

// Find returns the binding of an action, that of the context if there are several.
func (m *Map) Find(c Context, a Action) (Binding, bool) {
	var found Binding
	ok := false
	for _, b := range m.bindings {
		if b.Action != a {
			continue
		}
		if b.Context == c {
			return b, true
		}
		if !ok {
			found, ok = b, true
		}
	}
	return found, ok
}

// Key returns the first key of an action, written for people ("Ctrl+K"), or "".
func (m *Map) Key(c Context, a Action) string {
	b, ok := m.Find(c, a)
	if !ok || len(b.Keys) == 0 {
		return ""
	}
	return words.Key(b.Keys[0])
}

// Reason returns why an action cannot be done now, as a sentence, or "". have
// holds what is the case.
func (b Binding) Reason(have Need) string {
	missing := b.Need &^ have
	if missing == 0 {
		return ""
	}
	return words.Disabled(missing.word())
}

// word names the most telling of the missing needs.
func (n Need) word() string {
	for _, w := range []struct {
		need Need
		word string
	}{
		{NeedRoom, "room"},
		{NeedJoined, "joined"},
		{NeedMessage, "message"},
		{NeedSelected, "selected"},
		{NeedUndeleted, "undeleted"},
		{NeedFailed, "failed"},
		{NeedRetry, "retry"},
		{NeedSend, "send"},
		{NeedDelete, "delete"},
		{NeedOwn, "own"},
		{NeedFile, "file"},
		{NeedReply, "reply"},
		{NeedLink, "link"},
		{NeedText, "text"},
		{NeedServer, "server"},
		{NeedOffline, "offline"},
	} {
		if n&w.need != 0 {
			return w.word
		}
	}
	return ""
}

// Edits reports whether an action of the composer only moves in its text or
// changes it: what every editor has, and help tells last.
func Edits(a Action) bool {
	switch a {
	case EditDown, CharLeft, CharRight, WordLeft, WordRight, LineStart, LineEnd, TextStart, TextEnd, SelectLeft, SelectRight, SelectAll,
		DeleteBack, DeleteForward, DeleteWord, DeleteWordFwd, KillToStart, KillToEnd, Yank, Undo, Redo:
		return true
	}
	return false
}

// IsServer returns which server (1 to 9) an action goes to, or 0.
func IsServer(a Action) int {
	n, ok := strings.CutPrefix(string(a), "server-")
	if !ok || len(n) != 1 || n[0] < '1' || n[0] > '9' {
		return 0
	}
	return int(n[0] - '0')
}
