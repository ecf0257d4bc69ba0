package main

import (
	"context"

	"hubbub/cmd/internal/picture"
)

// The README's picture: the size of its terminal, and what is done in the demo before it is taken.
const (
	pictureCols = 128
	pictureRows = 34
)

var pictureSteps = []picture.Step{
	{Text: "online", Keys: "\x0b"}, // Ctrl+K
	{Text: "Go to", Keys: "engine"},
	{Text: "engine-room", Keys: "\r"},
	{Text: "Message #engine-room"},
	{Text: "MEMBERS", Keys: "Which lamp **exactly** is frozen?"},
}

// takePicture photographs a program that runs inside `stack demo`: stack demo -- stack picture FILE.png PROGRAM.
func takePicture(args []string) error {
	if len(args) != 2 {
		return complain(usage)
	}
	ctx, stop := interruptible(context.Background(), false)
	defer stop(nil)
	return picture.Take(ctx, picture.Options{
		Program: args[1], Cols: pictureCols, Rows: pictureRows, Steps: pictureSteps, Out: args[0], Browser: "chromium",
	})
}
