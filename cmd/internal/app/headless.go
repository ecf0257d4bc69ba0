package app

import (
	"context"
	"errors"
	"time"

	"hubbub/matrix"
	"hubbub/store/chat"
)

// stopLimit is how long the core gets to end at shutdown.
const stopLimit = 3 * time.Second

// Headless runs the core of an open account while fn runs, and closes the
// account. The error is fn's, or a *CrashError after a panic of fn or the core.
func (e *Env) Headless(ctx context.Context, c *matrix.Client, fn func(ctx context.Context) error) error {
	core := startCore(ctx, c)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- matrix.Guard(func() error { return fn(ctx) }) }()
	var err error
	select {
	case err = <-result:
	case <-core.ended:
		cancel()
		err = errors.Join(core.err, <-result)
	}
	return e.finish(ctx, core, err)
}

// finish stops the core and closes the account.
func (e *Env) finish(ctx context.Context, core *core, err error) error {
	ctx = context.WithoutCancel(ctx)
	return e.crashed(errors.Join(err, core.stop(ctx)))
}

// Guard runs fn. After a panic of it the error is a *CrashError.
func (e *Env) Guard(fn func() error) error { return e.crashed(matrix.Guard(fn)) }

// crashed writes a crash file when err is a panic, and makes it a *CrashError.
func (e *Env) crashed(err error) error {
	var p *matrix.PanicError
	if !errors.As(err, &p) {
		return err
	}
	path, werr := e.crash(p)
	return errors.Join(&CrashError{Path: path, Panic: p}, werr)
}

// CrashError says that hubbub has a bug that ended it.
type CrashError struct {
	Path  string // of the crash file, or ""
	Panic *matrix.PanicError
}

// Error implements error.
func (e *CrashError) Error() string { return e.Panic.Error() }

// core is a client whose Run is under way.
type core struct {
	client *matrix.Client
	cancel context.CancelFunc
	ended  chan struct{} // closed when Run has returned
	err    error         // of Run; read after ended
}

func startCore(ctx context.Context, c *matrix.Client) *core {
	ctx, cancel := context.WithCancel(ctx)
	k := &core{client: c, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		k.err = c.Run(ctx)
	}()
	return k
}

// stop ends Run and closes the account. A core that does not end in time is
// left behind with its files open: the process is about to end, and the
// databases survive that.
func (k *core) stop(ctx context.Context) error {
	k.cancel()
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-k.ended:
	case <-timer.C:
		return &chat.Problem{Kind: chat.ProblemUnknown, Detail: "the account did not stop in time"}
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	return errors.Join(k.err, k.client.Close(ctx))
}
