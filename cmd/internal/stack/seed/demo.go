package seed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/cmd/internal/stack"
	"hubbub/matrix"
)

// format is changed when worlds built before must be built again although no text has changed.
const format = "2"

// demoName is the server name of the demo's homeserver. Nothing resolves it.
const demoName = "harbour.example"

// Snapshot is the directory of the world that is kept for the demo. Its name changes with the texts.
func Snapshot(cache string) string {
	sum := sha256.Sum256([]byte(format + "\x00" + stack.SynapseVersion + "\x00" + scriptText))
	return filepath.Join(cache, "demo", hex.EncodeToString(sum[:6]))
}

// Prepare builds the demo's world with a homeserver of its own and keeps it, unless it is there already and again is
// false. The longest channel gets so many messages: with [LongMessages] it takes about two minutes, and one more when
// the homeserver has to be installed.
func Prepare(ctx context.Context, o stack.Options, again bool, messages int) error {
	snapshot := Snapshot(o.Cache)
	if _, err := os.Stat(filepath.Join(snapshot, worldName)); err == nil && !again {
		return nil
	}
	tell := func(format string, args ...any) { fmt.Fprintf(o.Progress, "stack: "+format+"\n", args...) }
	tell("building the demo's world: once, about two minutes")
	dir, err := stack.NewRunDir(o.Cache)
	if err != nil {
		return err
	}
	o.Dir, o.Homeserver, o.ServerName = dir, stack.Synapse, demoName
	log, closeLog, err := openLog(dir)
	if err != nil {
		return err
	}
	err = build(ctx, o, Options{ServerName: demoName, Dir: dir, Messages: messages, Say: tell, Log: log})
	if err = errors.Join(err, closeLog()); err != nil {
		return fmt.Errorf("build the demo's world (logs are in %s): %w", filepath.Join(dir, "logs"), err)
	}
	if err := os.RemoveAll(filepath.Dir(snapshot)); err != nil {
		return fmt.Errorf("remove older worlds: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(snapshot), 0o700); err != nil {
		return fmt.Errorf("keep the demo's world: %w", err)
	}
	if err := stack.CopyState(dir, snapshot); err != nil {
		return err
	}
	return stack.TrimRun(dir)
}

// build runs the homeserver twice: bare while the long channel is filled, and then as it will be for the demo.
func build(ctx context.Context, o stack.Options, opt Options) error {
	o.Bare = true
	var b *Builder
	err := stack.Run(ctx, o, func(ctx context.Context, env stack.Env) error {
		opt.Homeserver, opt.Secret = env["HUBBUB_STACK_SYNAPSE"], env["HUBBUB_STACK_SYNAPSE_SECRET"]
		b = NewBuilder(opt)
		return b.Settle(ctx)
	})
	if err != nil {
		return err
	}
	o.Bare = false
	return stack.Run(ctx, o, func(ctx context.Context, env stack.Env) error {
		_, err := b.Live(ctx, env["HUBBUB_STACK_SYNAPSE"])
		return err
	})
}

// Demo runs a program signed in as the demo's own account, in a fresh copy of the demo's world in which everybody goes
// on talking, and returns its exit code. When it ends, everything ends, and the copy is removed.
func Demo(ctx context.Context, o stack.Options, interactive bool, program string, args ...string) (code int, err error) {
	if err := Prepare(ctx, o, false, LongMessages); err != nil {
		return 0, err
	}
	dir, err := fresh(ctx, o.Cache)
	if err != nil && ctx.Err() == nil { // a world that this hubbub cannot open
		fmt.Fprintf(o.Progress, "stack: the demo's world cannot be used (%v)\n", err)
		if err := Prepare(ctx, o, true, LongMessages); err != nil {
			return 0, err
		}
		dir, err = fresh(ctx, o.Cache)
	}
	if err != nil {
		return 0, err
	}
	log, closeLog, err := openLog(dir)
	if err != nil {
		return 0, err
	}
	o.Dir, o.Homeserver = dir, stack.Synapse
	err = stack.Run(ctx, o, func(ctx context.Context, env stack.Env) error {
		code, err = inside(ctx, dir, env, log, interactive, program, args...)
		return err
	})
	if err = errors.Join(err, closeLog()); err != nil {
		return code, fmt.Errorf("%w (logs are in %s)", err, filepath.Join(dir, "logs"))
	}
	return code, stack.TrimRun(dir)
}

// inside runs the program while the people talk.
func inside(ctx context.Context, dir string, env stack.Env, log *slog.Logger, interactive bool, program string, args ...string) (int, error) {
	w, err := Load(dir)
	if err != nil {
		return 0, err
	}
	if err := w.Move(dir, env["HUBBUB_STACK_SYNAPSE"]); err != nil {
		return 0, err
	}
	for key, value := range HomeEnv(dir) {
		env[key] = value
	}
	talking, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error {
		select { // the program comes first: opening everybody takes all of a small machine for a second
		case <-talking.Done():
			return nil
		case <-time.After(2 * time.Second):
		}
		seed := uint64(time.Now().UnixNano())
		log.Info("Talk begins", slog.Uint64("seed", seed))
		if err := Talk(talking, TalkOptions{Dir: dir, World: w, Seed: seed, Log: log}); err != nil {
			log.Error("Talk ended", slog.Any("err", err)) // the program goes on in a quiet world
		}
		return nil
	})
	code, err := stack.Command(ctx, env, interactive, program, args...)
	stop()
	return code, errors.Join(err, g.Wait())
}

// fresh copies the world that is kept, and makes sure that hubbub as it is now can open the demo's own account.
func fresh(ctx context.Context, cache string) (dir string, err error) {
	if dir, err = stack.NewRunDir(cache); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := stack.CopyState(Snapshot(cache), dir); err != nil {
		return "", err
	}
	w, err := Load(dir)
	if err != nil {
		return "", err
	}
	c, err := matrix.NewAccounts(options(dir, Me)).Open(ctx, w.People[Me])
	if err != nil {
		return "", err
	}
	return dir, c.Close(ctx)
}

// openLog opens the log of those who build a world or talk in it.
func openLog(dir string) (*slog.Logger, func() error, error) {
	logs := filepath.Join(dir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, nil, fmt.Errorf("open log: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(logs, "people.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open log: %w", err)
	}
	return slog.New(slog.NewTextHandler(f, nil)), f.Close, nil
}
