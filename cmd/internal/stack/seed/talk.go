package seed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix"
)

// TalkOptions say how a world goes on.
type TalkOptions struct {
	Dir   string // the world's folder
	World *World
	// Seed makes two runs the same.
	Seed uint64
	// Pause is about how long one act takes, with the pause before it; zero: 4 s.
	Pause time.Duration
	Log   *slog.Logger
}

// Talk has everybody but the demo's own account go on talking until ctx ends. What goes wrong is logged, since there is
// no good place to say it.
func Talk(ctx context.Context, o TalkOptions) (err error) {
	if o.Pause == 0 {
		o.Pause = 4 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &company{actors: map[string]*actor{}}
	defer func() {
		if closing := c.close(); err == nil && closing != nil {
			err = fmt.Errorf("end of the talk: %w", closing)
		}
	}()
	for _, name := range names() {
		if name == Me {
			continue
		}
		opt := options(o.Dir, name)
		opt.Log = o.Log.With(slog.String("person", name))
		client, err := matrix.NewAccounts(opt).Open(ctx, o.World.People[name])
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		c.add(perform(ctx, name, client))
	}
	scenes, err := parse(scenesText)
	if err != nil {
		return err
	}
	t := &talk{
		player: player{company: c, world: o.World, dir: filepath.Join(o.Dir, "files")},
		o:      o, scenes: cutScenes(scenes), answers: make(chan answer, 16),
		rng: rand.New(rand.NewPCG(o.Seed, 0)),
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.direct(gctx) })
	for _, who := range c.actors {
		g.Go(func() error { return t.oblige(gctx, who) })
	}
	for name, rooms := range t.ears() {
		g.Go(func() error { return t.listen(gctx, c.actors[name], rooms) })
	}
	return g.Wait()
}

// talk is one Talk. Its fields belong to direct.
type talk struct {
	player
	o       TalkOptions
	rng     *rand.Rand
	scenes  [][]act
	next    int     // scene to begin after those on stage
	stage   [][]act // what is left of the scenes that are under way
	answers chan answer
}

// cutScenes splits acts into the sections that they stood in.
func cutScenes(acts []act) [][]act {
	var scenes [][]act
	for i, a := range acts {
		if i == 0 || a.scene != acts[i-1].scene {
			scenes = append(scenes, nil)
		}
		scenes[len(scenes)-1] = append(scenes[len(scenes)-1], a)
	}
	return scenes
}

// maxStage is how many scenes are under way at once.
const maxStage = 2

// direct decides who does what next.
func (t *talk) direct(ctx context.Context) error {
	rest := t.scenes[1:] // the first one says what there is to try
	t.rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for {
		wait := t.o.Pause/4 + time.Duration(t.rng.Int64N(int64(t.o.Pause)))
		select {
		case <-ctx.Done():
			return nil
		case a := <-t.answers:
			t.try(ctx, t.answer(a))
		case <-time.After(wait):
			t.try(ctx, t.nextAct())
		}
	}
}

// nextAct takes the next act of a scene, beginning another when there is room on the stage.
func (t *talk) nextAct() act {
	if len(t.stage) < maxStage && (len(t.stage) == 0 || t.rng.IntN(4) == 0) {
		if t.next == len(t.scenes) {
			t.next = 0
		}
		t.stage = append(t.stage, t.scenes[t.next])
		t.next++
	}
	i := t.rng.IntN(len(t.stage))
	a := t.stage[i][0]
	if t.stage[i] = t.stage[i][1:]; len(t.stage[i]) == 0 {
		t.stage = append(t.stage[:i], t.stage[i+1:]...)
	}
	return a
}

// try does an act the way a person does: writing takes a moment, and others have read what was there before.
func (t *talk) try(ctx context.Context, a act) {
	if len(a.who) == 0 {
		return
	}
	room, who := t.world.Rooms[a.room], t.company.actors[a.who[0]]
	if who == nil || room == "" {
		return
	}
	if last := t.label(a.room, ""); last != "" {
		who.client.MarkRead(room, last)
	}
	wait := t.o.Pause / 4 // to find the right emoji
	if a.kind == say || a.kind == reply || a.kind == thread {
		who.client.Typing(room, true)
		defer who.client.Typing(room, false)
		wait = min(t.o.Pause, time.Duration(len(a.text))*t.o.Pause/100)
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(wait):
	}
	if err := t.do(ctx, a); err != nil && ctx.Err() == nil {
		t.o.Log.Warn("Act was not played", slog.Int("line", a.line), slog.String("room", a.room), slog.Any("err", err))
	}
}
