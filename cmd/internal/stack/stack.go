// Package stack installs, configures, starts, copies and stops real Matrix homeservers, a LiveKit SFU and a MatrixRTC
// authorisation service on loopback addresses, for the demo and for tests.
//
// [Run] starts what [Options] ask for, waits until each part answers, calls a function with the addresses, and stops
// everything when that function returns, the context ends or a part dies. Pinned versions are installed once into a
// cache directory that all checkouts share; an interrupted installation is never taken for a whole one. Nothing here
// is fit to be reached from another machine: every listener is bound to 127.0.0.1.
package stack

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Pinned versions of what is installed.
const (
	SynapseVersion       = "1.163.2"
	DendriteVersion      = "v0.15.2"
	LiveKitVersion       = "v1.13.5"
	JSSDKVersion         = "43.0.0"
	FakeIndexedDBVersion = "6.2.8"
	NodeVersion          = "22.22.0"
)

// Piece is one installable part of the stack.
type Piece string

// The pieces.
const (
	Synapse  Piece = "synapse"
	Dendrite Piece = "dendrite"
	SFU      Piece = "sfu"  // LiveKit and the authorisation service before it
	JS       Piece = "js"   // Node and matrix-js-sdk
	Tmux     Piece = "tmux" // from the system's package manager
)

// Options say which parts to start and where they keep their files.
type Options struct {
	// Dir is the state directory: databases, configuration, logs, the env file.
	Dir string
	// Cache is where versions are installed.
	Cache string
	// Homeserver is the one that HUBBUB_STACK_HOMESERVER names: Synapse or Dendrite.
	Homeserver Piece
	// ServerName is the name that the homeserver gets at its first start; "": localhost and its port. No other
	// homeserver can find one that is named otherwise.
	ServerName string
	// Bare has Synapse leave out what makes every event dearer: unread counts, presence, statistics, the directory
	// of users. It is for filling channels before somebody uses them.
	Bare bool
	// With lists further pieces.
	With []Piece
	// Progress receives one line for each step that takes time.
	Progress io.Writer
}

// ParsePieces reads a comma-separated list of optional pieces, such as "sfu,js".
func ParsePieces(list string) ([]Piece, error) {
	var pieces []Piece
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch p := Piece(name); p {
		case "":
		case Synapse, Dendrite, SFU, JS, Tmux:
			pieces = append(pieces, p)
		default:
			return nil, fmt.Errorf("%w: %q (known: synapse, dendrite, sfu, js, tmux)", ErrUnknownPiece, name)
		}
	}
	return pieces, nil
}

func (o Options) wants(p Piece) bool { return o.Homeserver == p || slices.Contains(o.With, p) }

func (o Options) check() error {
	if o.Homeserver != Synapse && o.Homeserver != Dendrite {
		return fmt.Errorf("%w: homeserver %q (known: synapse, dendrite)", ErrUnknownPiece, o.Homeserver)
	}
	return nil
}
