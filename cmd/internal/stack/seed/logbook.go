package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// fillLogbook writes the long channel: round by round, all writers of a round at once, because the homeserver takes
// several events of one room in one go.
func (b *Builder) fillLogbook(ctx context.Context) error {
	id := b.world.Rooms[longRoom]
	for _, w := range writers {
		if err := b.plain[w.name].join(ctx, id); err != nil {
			return fmt.Errorf("join the logbook: %w", err)
		}
	}
	var written atomic.Int64
	ended := make(chan struct{})
	defer close(ended)
	go b.reportLogbook(ended, &written)
	book := newLogbook()
	for written.Load() < int64(b.o.Messages) {
		g, ctx := errgroup.WithContext(ctx)
		for _, e := range book.round() {
			g.Go(func() error { return b.plain[e.by].sendText(ctx, id, e.text) })
		}
		if err := g.Wait(); err != nil {
			return fmt.Errorf("write the logbook: %w", err)
		}
		written.Add(int64(len(writers)))
	}
	return nil
}

// reportLogbook says how far the logbook is until ended is closed.
func (b *Builder) reportLogbook(ended <-chan struct{}, written *atomic.Int64) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			b.o.Say("logbook: %d of %d messages", written.Load(), b.o.Messages)
		}
	}
}

// entry is a line of the logbook.
type entry struct{ by, text string }

// logbook makes up what happens on a lightship, the same every time.
type logbook struct {
	rng    *rand.Rand
	now    time.Time // ship's time
	number int       // entries so far
	ships  []string  // in sight
	level  float64   // of the tide, metres
	rising bool
	ducks  int
}

func newLogbook() *logbook {
	return &logbook{
		rng: rand.New(rand.NewPCG(1, 5000)), now: time.Date(2025, time.March, 1, 0, 0, 0, 0, time.UTC),
		level: 2, rising: true, ducks: 3,
	}
}

func pick(rng *rand.Rand, from ...string) string { return from[rng.IntN(len(from))] }

// round is one entry of every writer, all of the same time: they reach the homeserver in any order.
func (l *logbook) round() []entry {
	l.now = l.now.Add(time.Duration(30+l.rng.IntN(40)) * time.Minute)
	round := make([]entry, 0, len(writers))
	for _, w := range writers {
		var text string
		switch w.name {
		case "lamp":
			text = l.lamp()
		case "vhf":
			text = l.radio()
		case "watch":
			text = l.watch()
		case "galley":
			text = l.galley()
		default:
			text = l.duck()
		}
		if l.number++; l.number%1000 == 0 {
			text = fmt.Sprintf("Entry number %d. The ship's bell was rung, the duck looked up.", l.number)
		}
		round = append(round, entry{w.name, l.now.Format("Jan _2 15:04") + "  " + text})
	}
	return round
}

func (l *logbook) lamp() string {
	switch l.rng.IntN(6) {
	case 0:
		return fmt.Sprintf("Lamp lit. %d flashes counted in ten minutes, %d expected.", 58+l.rng.IntN(5), 60)
	case 1:
		return fmt.Sprintf("Bulb %s replaced after %d h. Spares left: %d.", pick(l.rng, "A", "B", "C"), 900+l.rng.IntN(300), l.rng.IntN(12))
	case 2:
		return fmt.Sprintf("Visibility %d m. Foghorn %s.", 50*(1+l.rng.IntN(80)), pick(l.rng, "on", "off", "on, sorry", "off at last"))
	case 3:
		return fmt.Sprintf("lampctl: %d lumens, %.1f A, lens at %d °C", 11800+l.rng.IntN(900), 7+l.rng.Float64(), 31+l.rng.IntN(9))
	case 4:
		return "Lens polished. " + pick(l.rng, "You can see yourself thinking in it.", "Two spiders relocated.", "Found last week's sandwich.")
	}
	return "Rotation nominal. " + pick(l.rng, "Hypnotic as ever.", "The moth is back.", "Nothing to report, beautifully.")
}

func (l *logbook) radio() string {
	ships := []string{
		"Grete Minde", "Pickled Herring", "Aurora II", "Kaffeetante", "Second Breakfast", "Null Pointer", "Marie Byte",
		"Old Segfault", "Lady Lovelace", "Quiet Riot", "Sturmmöwe", "Nachtigall", "はまかぜ", "Bold Italic",
	}
	if len(l.ships) > 0 && l.rng.IntN(2) == 0 {
		gone := l.ships[0]
		l.ships = l.ships[1:]
		return fmt.Sprintf("%s out of sight, course %03d. %s", gone, l.rng.IntN(360), pick(l.rng, "Fair winds.", "She waved.", "Still owes us a fender."))
	}
	name := ships[l.rng.IntN(len(ships))]
	l.ships = append(l.ships, name)
	cargo := pick(l.rng, "coffee", "very small rocks", "violins", "printer paper", "oranges", "other ships' anchors", "wool", "empty boxes")
	return fmt.Sprintf("%s calls on channel %d: %d t of %s, draught %.1f m. %s",
		name, 12+l.rng.IntN(60), 3+l.rng.IntN(900), cargo, 2+3*l.rng.Float64(), pick(l.rng, "Passes to starboard.", "Asks for the weather.", "Says hello to the duck."))
}

func (l *logbook) watch() string {
	if l.rising {
		l.level += 0.1 + l.rng.Float64()/4
	} else {
		l.level -= 0.1 + l.rng.Float64()/4
	}
	if l.level > 4.1 {
		l.rising = false
	} else if l.level < 0.6 {
		l.rising = true
	}
	wind := pick(l.rng, "N", "NNE", "NE", "E", "SE", "S", "SSW", "SW", "W", "WNW", "NW")
	direction := map[bool]string{true: "rising", false: "falling"}[l.rising]
	return fmt.Sprintf("Tide %.2f m %s, wind %s %d, %s.", l.level, direction, wind, 1+l.rng.IntN(8),
		pick(l.rng, "clear", "drizzle", "rain", "fog", "stars", "low cloud", "sea smoke", "sun, suspiciously"))
}

func (l *logbook) galley() string {
	dish := pick(l.rng, "pea soup", "labskaus", "onigiri", "shakshuka", "toast", "ratatouille", "porridge", "fish fingers", "rhubarb crumble")
	switch l.rng.IntN(4) {
	case 0:
		return fmt.Sprintf("%s for %d. %s", strings.ToUpper(dish[:1])+dish[1:], 2+l.rng.IntN(7), pick(l.rng, "Nobody complained.", "Seconds were had.", "The pot is soaking."))
	case 1:
		return fmt.Sprintf("Coffee: %d pots. Tea: %d pots. Biscuits: %s.", 1+l.rng.IntN(6), 1+l.rng.IntN(9), pick(l.rng, "gone", "low", "hidden", "under guard"))
	case 2:
		return "Smoke alarm tested " + pick(l.rng, "on purpose.", "by accident.", "by toast.", "with enthusiasm.")
	}
	return fmt.Sprintf("Stores: %d kg of potatoes, %d lemons, 1 %s.", 3+l.rng.IntN(40), l.rng.IntN(30), pick(l.rng, "birthday cake", "mysterious tin", "good knife", "bad idea"))
}

func (l *logbook) duck() string {
	l.ducks = max(1, l.ducks+l.rng.IntN(3)-1)
	return pick(l.rng,
		fmt.Sprintf("%d ducks alongside. %s", l.ducks, pick(l.rng, "Orderly.", "Loud.", "One has a plan.", "Formation flying.")),
		"The duty duck has inspected the deck and found "+pick(l.rng, "crumbs.", "nothing, and said so.", "a boot.", "the other duck."),
		"Bilge pumped, "+fmt.Sprint(10+l.rng.IntN(300))+" l. "+pick(l.rng, "Smells like history.", "No fish this time.", "One glove recovered."),
		"Mooring lines checked. "+pick(l.rng, "Chafe on number two, protected.", "All quiet.", "The heron disagrees with line four."),
	)
}
