package ui

import (
	"context"

	"hubbub/store/chat"
)

// Known reads what is known about people's keys. All methods are queries that
// answer from disk in milliseconds; none goes to the network.
type Known interface {
	// People returns what is known about the keys of some people. Who is not known at all is left out.
	People(ctx context.Context, users []chat.UserID) ([]chat.Person, error)
}
