package seed

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix"
	"hubbub/store/chat"
)

// secure gives everybody an identity, a recovery key that nobody keeps, and a
// key backup, as people have it who have lived there for a while.
func (c *company) secure(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(3)
	for _, a := range c.actors {
		g.Go(func() error {
			if err := setUp(ctx, a.client.Trust()); err != nil {
				return fmt.Errorf("set up the identity of %s: %w", a.name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func setUp(ctx context.Context, t *matrix.Trust) error {
	_, err := t.SetUp(ctx, chat.SetUp{})
	var p *chat.Problem
	if errors.As(err, &p) && p.Kind == chat.ProblemAuth && p.Auth.Password && !p.Auth.Wrong {
		_, err = t.SetUp(ctx, chat.SetUp{Auth: chat.Auth{Password: Password, Session: p.Auth.Session}})
	}
	return err
}
