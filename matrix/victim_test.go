package matrix_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/store/chat"
)

// victimOrders is the environment variable that turns the test binary into a victim.
const victimOrders = "HUBBUB_TEST_VICTIM"

// victimWrites is how many messages a victim writes: not many more than the
// homeserver takes in one life, or all lives have the same ones to send.
const victimWrites = 4

// orders say what a victim does.
type orders struct {
	Dir   string
	User  chat.UserID
	Rooms []chat.RoomID
	From  int // number of the first message
}

// printed is a message that a victim's cache holds.
type printed struct {
	room int // in orders.Rooms
	body string
}

// TestMain turns the test binary into the program that gets killed.
func TestMain(m *testing.M) {
	if os.Getenv(victimOrders) == "" {
		os.Exit(m.Run())
	}
	if err := victim(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// victim runs an account and writes numbered messages into its rooms in turn.
// It prints each that stands in a room, sent or not.
func victim() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv(victimOrders)), &o); err != nil {
		return err
	}
	c, err := accountsIn(o.Dir).Open(ctx, o.User)
	if err != nil {
		return err
	}
	feed := c.Store().Subscribe()
	feed.Watch(o.Rooms...)
	go func() {
		for n := o.From; n < o.From+victimWrites && ctx.Err() == nil && len(o.Rooms) > 0; n++ {
			c.Send(chat.Outgoing{Room: o.Rooms[n%len(o.Rooms)], Text: strconv.Itoa(n)})
			select {
			case <-ctx.Done():
			case <-time.After(40 * time.Millisecond): // a pace, not a wait for something
			}
		}
	}()
	go func() {
		for {
			<-feed.Wait()
			set, err := feed.Next(ctx)
			if err != nil {
				return
			}
			for n, room := range o.Rooms {
				if set.Timeline[room] == nil {
					continue
				}
				for _, m := range set.Timeline[room].Items {
					if m.Own && m.Txn != "" {
						fmt.Println(n, m.Body)
					}
				}
			}
		}
	}()
	return c.Run(ctx)
}

// kill starts a victim, kills it when the moment comes, and returns what it printed.
func kill(t *testing.T, o orders, moment func()) []printed {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimOrders+"="+string(text))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := make(chan error, 1)
	go func() {
		moment()
		killed <- cmd.Process.Kill()
	}()
	var all []printed
	for lines := bufio.NewScanner(out); lines.Scan(); {
		room, body, ok := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(room)
		if ok && err == nil { // the last line may be half of one
			all = append(all, printed{n, body})
		}
	}
	ended := cmd.Wait()
	if err := <-killed; err != nil || ended == nil || !strings.Contains(ended.Error(), "killed") {
		t.Fatalf("it ended by itself: %v, %v\n%s", ended, err, errs.String())
	}
	return all
}
