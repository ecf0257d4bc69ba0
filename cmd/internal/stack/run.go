package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// startLimit is how long one server may take until it answers; a loaded machine is slow.
const startLimit = 90 * time.Second

// Env holds the HUBBUB_STACK_* variables that tell a command where the servers are.
type Env map[string]string

// List gives the variables as KEY=value, sorted.
func (e Env) List() []string {
	list := make([]string, 0, len(e))
	for _, key := range slices.Sorted(maps.Keys(e)) {
		list = append(list, key+"="+e[key])
	}
	return list
}

// Run installs and starts the stack, calls inside with its addresses once every part answers, and stops everything
// when inside returns. The context given to inside ends when ctx does or when a server dies.
func Run(ctx context.Context, o Options, inside func(ctx context.Context, env Env) error) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	children := newSpawner()
	defer children.close()
	in := &installer{cache: o.Cache, progress: o.Progress, children: children}
	installed, err := install(ctx, in, o)
	if err != nil {
		return err
	}
	st, err := openState(o.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	st.name(o.Homeserver, o.ServerName)
	r := &runner{o: o, in: in, state: st, installed: installed, env: Env{}, children: children}
	defer r.stop()
	started := time.Now()
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := errors.Join(st.save(), st.writeEnv(r.env)); err != nil {
		return err
	}
	in.say("ready after %.1f s: %s (%s)", time.Since(started).Seconds(), r.env["HUBBUB_STACK_HOMESERVER"], o.Homeserver)
	return r.watch(ctx, inside)
}

// installed holds the directories and programs of the pieces.
type installed struct {
	synapse  string // directory of the virtual environment
	dendrite string // program
	livekit  string // program
	node     string // program
	jssdk    string // directory with node_modules
}

// install has one piece after the other made ready, those that do not share a tool at the same time.
func install(ctx context.Context, in *installer, o Options) (installed, error) {
	var got installed
	g, ctx := errgroup.WithContext(ctx)
	if o.wants(Synapse) {
		g.Go(func() (err error) { got.synapse, err = in.synapse(ctx); return err })
	}
	if o.wants(JS) {
		g.Go(func() (err error) { got.node, got.jssdk, err = in.js(ctx); return err })
	}
	if o.wants(Dendrite) || o.wants(SFU) {
		g.Go(func() (err error) { // Go builds use every core by themselves
			if o.wants(Dendrite) {
				got.dendrite, err = in.dendrite(ctx)
			}
			if err == nil && o.wants(SFU) {
				got.livekit, err = in.livekit(ctx)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return got, err
	}
	if o.wants(Tmux) {
		return got, in.ensureTmux(ctx)
	}
	return got, nil
}

// runner is one run of the stack. Its fields belong to the goroutine that calls Run.
type runner struct {
	o         Options
	in        *installer
	state     *state
	installed installed
	env       Env
	children  *spawner
	running   []*process
	closers   []func()
}

// start brings up every part and waits until all answer.
func (r *runner) start(ctx context.Context) error {
	r.env["HUBBUB_STACK_DIR"] = r.o.Dir
	if r.o.wants(JS) {
		r.env["HUBBUB_STACK_NODE"], r.env["HUBBUB_STACK_JSSDK"] = r.installed.node, r.installed.jssdk
	}
	homeservers := map[string]string{} // server name → base URL, for the authorisation service
	for _, p := range []Piece{Synapse, Dendrite} {
		if !r.o.wants(p) {
			continue
		}
		port, err := r.state.port(p)
		if err != nil {
			return err
		}
		name, url := r.state.serverName(p, port), fmt.Sprintf("http://127.0.0.1:%d", port)
		homeservers[name] = url
		prefix := "HUBBUB_STACK_" + strings.ToUpper(string(p))
		r.env[prefix], r.env[prefix+"_NAME"], r.env[prefix+"_SECRET"] = url, name, r.state.saved.Secret
		if p == r.o.Homeserver {
			r.env["HUBBUB_STACK_HOMESERVER"], r.env["HUBBUB_STACK_SERVER_NAME"] = url, name
			r.env["HUBBUB_STACK_SHARED_SECRET"] = r.state.saved.Secret
		}
	}
	transport := ""
	if r.o.wants(SFU) {
		var err error
		if transport, err = r.startSFU(ctx, homeservers); err != nil {
			return err
		}
	}
	return r.startHomeservers(ctx, transport)
}

func (r *runner) startHomeservers(ctx context.Context, transport string) error {
	var waits []func(ctx context.Context) error
	if r.o.wants(Synapse) {
		p, err := r.launchSynapse(transport)
		if err != nil {
			return err
		}
		url := r.env["HUBBUB_STACK_SYNAPSE"] + "/health"
		waits = append(waits, func(ctx context.Context) error { return p.await(ctx, startLimit, answers(url)) })
	}
	if r.o.wants(Dendrite) {
		p, err := r.launchDendrite()
		if err != nil {
			return err
		}
		url := r.env["HUBBUB_STACK_DENDRITE"] + "/_matrix/client/versions"
		waits = append(waits, func(ctx context.Context) error { return p.await(ctx, startLimit, answers(url)) })
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, wait := range waits {
		g.Go(func() error { return wait(ctx) })
	}
	return g.Wait()
}

// launch starts a server and remembers to stop it.
func (r *runner) launch(p Piece, dir string, env []string, program string, args ...string) (*process, error) {
	proc, err := r.children.launch(string(p), r.state.logFile(p), dir, env, program, args...)
	if err == nil {
		r.running = append(r.running, proc)
	}
	return proc, err
}

// watch runs inside until it returns; a server that dies meanwhile ends its context.
func (r *runner) watch(ctx context.Context, inside func(ctx context.Context, env Env) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	finished := make(chan struct{})
	var g errgroup.Group
	for _, p := range r.running {
		g.Go(func() error {
			select {
			case <-p.done:
				err := p.died()
				cancel(err)
				return err
			case <-finished:
				return nil
			}
		})
	}
	err := inside(ctx, r.env)
	close(finished)
	return errors.Join(err, g.Wait())
}

// stop ends the servers, all at once.
func (r *runner) stop() {
	var g errgroup.Group
	for _, p := range r.running {
		g.Go(func() error { p.stop(); return nil })
	}
	_ = g.Wait() // stopping reports nothing
	for _, closer := range r.closers {
		closer()
	}
}
