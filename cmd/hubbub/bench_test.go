package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/ui/uitest"
)

// berth is the machine of the account that is measured.
type berth struct {
	*quay
	b    *testing.B
	home string
}

// newBerth signs in and fills the cache as if the account had been used for long.
func newBerth(b *testing.B) *berth {
	b.Helper()
	m := &berth{quay: newQuay(b), b: b, home: b.TempDir()}
	cmd := exec.CommandContext(b.Context(), filepath.Join(bin, "hubbub"), "login", "--homeserver", m.URL, "--user", "me")
	cmd.Env, cmd.Stdin = m.env(), strings.NewReader("password\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("sign in: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(m.home, ".cache", "hubbub", "*", "cache.db"))
	if err != nil || len(found) != 1 {
		b.Fatalf("cache: %v %v", found, err)
	}
	m.fill(found[0])
	return m
}

func (m *berth) env() []string {
	return []string{"HOME=" + m.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "TZ=UTC"}
}

// fill writes rooms with messages; the first room is the newest.
func (m *berth) fill(path string) {
	m.b.Helper()
	s, err := store.Open(m.b.Context(), path, store.Options{})
	if err != nil {
		m.b.Fatal(err)
	}
	for from := 0; from < benchRooms && err == nil; from += 100 {
		err = s.Write(m.b.Context(), func(tx *store.Tx) error {
			for n := from; n < from+100; n++ {
				if err := fillRoom(tx, n); err != nil {
					return err
				}
			}
			return tx.PutSync(store.SyncNextBatch, "s0")
		})
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		m.b.Fatal(err)
	}
}

func fillRoom(tx *store.Tx, n int) error {
	id := chat.RoomID(benchRoom(n))
	if _, err := tx.StartChunk(id, "t", nil); err != nil {
		return err
	}
	newest := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(n) * time.Minute)
	var last chat.ItemKey
	for i := range benchMessages {
		body := fmt.Sprintf("message %d.%d says that the harbour is open and the ships are in", n, i)
		e := store.Event{
			ID: chat.EventID(fmt.Sprintf("$%043d", n*1000+i)), Sender: chat.UserID(fmt.Sprintf("@user%d:localhost", i/3%40)),
			Time: newest.Add(time.Duration(i-benchMessages) * time.Second), Type: "m.room.message", Body: body,
			Raw: fmt.Appendf(nil, `{"type":"m.room.message","content":{"msgtype":"m.text","body":%q}}`, body),
		}
		put, err := tx.Append(id, e)
		if err != nil {
			return err
		}
		last = put.Key
	}
	for i := range 40 {
		user := chat.UserID(fmt.Sprintf("@user%d:localhost", i))
		if err := tx.PutMember(id, store.Member{User: user, Membership: chat.MemberJoined, Name: fmt.Sprintf("User %d", i), ID: "$member"}); err != nil {
			return err
		}
	}
	return tx.UpdateRoom(id, func(r *store.Room) {
		r.Name, r.Topic, r.Membership = fmt.Sprintf("room-%04d", n), "What this room is about, in a sentence", chat.MemberJoined
		r.Joined, r.MembersComplete, r.CanSend, r.JoinRule, r.History, r.Version = 40, true, true, "public", "shared", "11"
		r.LastKey, r.LastActive = last, newest
	})
}

// start starts the window and returns when its first frame is whole: the tree,
// and the newest message of the channel that was open.
func (m *berth) start(b *testing.B) (*uitest.Term, time.Duration) {
	b.Helper()
	began := time.Now()
	s := uitest.Start(b, uitest.Options{
		Argv: []string{filepath.Join(bin, "hubbub")}, Env: m.env(), Dir: m.home, Cols: 200, Rows: 60, Timeout: limit, Sync: true,
	})
	s.WaitUntil("a whole frame", func(screen string) bool {
		return strings.Contains(screen, "message 0.99 ") && strings.Count(screen, "room-") > 50
	})
	return s, s.LastWrite().Sub(began)
}

// stop ends the window.
func stop(b *testing.B, s *uitest.Term) {
	b.Helper()
	s.Key("ctrl+q")
	if code := s.WaitExit(); code != 0 {
		b.Fatalf("hubbub ended with %d\n%s", code, s.Dump())
	}
}

// BenchmarkProgram measures the program itself in a terminal of 200 by 60, on
// an account of 3,000 rooms and 300,000 messages.
func BenchmarkProgram(b *testing.B) {
	m := newBerth(b)
	s := uitest.Start(b, uitest.Options{
		Argv: []string{filepath.Join(bin, "hubbub")}, Env: m.env(), Dir: m.home, Cols: 200, Rows: 60, Timeout: limit, Sync: true,
	})
	s.WaitFor("● online")
	s.WaitFor("room-0001")
	s.Key("ctrl+k")
	s.Type("room-0000")
	s.WaitFor("▌# room-0000")
	s.Key("enter")
	s.WaitFor("message 0.99 ")
	stop(b, s)

	b.Run("Start", m.benchStart)
	s, _ = m.start(b)
	defer stop(b, s)
	s.WaitFor("● online")
	b.Run("Idle", func(b *testing.B) { benchIdle(b, s) })
	b.Run("Key", func(b *testing.B) { benchKeys(b, s, 0) })
	b.Run("Message", func(b *testing.B) { m.benchMessages(b, s) })
	b.Run("KeyAt1000EventsASecond", func(b *testing.B) {
		end, ended := make(chan struct{}), make(chan struct{})
		go func() { defer close(ended); m.stream(1000, end) }()
		before, began := cpu(b, s), time.Now()
		benchKeys(b, s, 20*time.Millisecond)
		b.ReportMetric(100*(cpu(b, s)-before).Seconds()/time.Since(began).Seconds(), "%cpu")
		b.ReportMetric(0, "ns/op")
		close(end)
		<-ended
	})
}

func (m *berth) benchStart(b *testing.B) {
	var took spread
	var rss float64
	for b.Loop() {
		s, d := m.start(b)
		took = append(took, d)
		rss = status(b, s, "VmRSS") / 1024
		stop(b, s)
	}
	took.report(b, "start")
	b.ReportMetric(rss, "MB-rss")
}

// benchIdle lets the window alone.
func benchIdle(b *testing.B, s *uitest.Term) {
	const rest = 5 * time.Second
	<-time.After(3 * time.Second) // what followed the start, such as marking as read, is over
	s.Mark()
	wakes, used, written := wakeups(b, s), cpu(b, s), ioWritten(b, s)
	<-time.After(rest)
	b.ReportMetric(float64(wakeups(b, s)-wakes)/rest.Seconds(), "wakeups/s")
	b.ReportMetric(100*(cpu(b, s)-used).Seconds()/rest.Seconds(), "%cpu")
	b.ReportMetric(float64(s.Written())+float64(ioWritten(b, s)-written), "B-written")
	b.ReportMetric(status(b, s, "VmRSS")/1024, "MB-rss")
	b.ReportMetric(0, "ns/op")
}

// benchKeys types letters, each a pause after the one before is on the screen.
func benchKeys(b *testing.B, s *uitest.Term, pause time.Duration) {
	var took spread
	bytes, n := 0, 0
	for b.Loop() {
		if n++; n%60 == 0 {
			s.Key("ctrl+u")
			s.WaitFor("Message #room-0000")
		}
		key := string(rune('α' + n%17)) // letters that nobody else writes
		s.Mark()
		began := time.Now()
		s.Type(key)
		s.WaitOutput(key)
		took = append(took, s.LastWrite().Sub(began))
		bytes += s.Written()
		if pause > 0 {
			<-time.After(pause)
		}
	}
	s.Key("ctrl+u")
	s.WaitFor("Message #room-0000")
	took.report(b, "key")
	if pause == 0 { // else what else was drawn counts too
		b.ReportMetric(float64(bytes)/float64(n), "B/key")
	}
}

// benchMessages says messages in the open channel.
func (m *berth) benchMessages(b *testing.B, s *uitest.Term) {
	var took spread
	bytes, n := 0, 0
	for b.Loop() {
		n++
		// Letters that stand nowhere on the screen: only cells that differ are written.
		begins := strings.Repeat(string(rune('α'+n%17)), 4)
		s.Mark()
		began := time.Now()
		m.say(benchRoom(0), fmt.Sprintf("%s, says message %d, the harbour is open and the ships are in", begins, n))
		s.WaitOutput(begins)
		took = append(took, s.LastWrite().Sub(began))
		<-time.After(50 * time.Millisecond) // until what it counts in other panes is drawn too
		bytes += s.Written()
	}
	took.report(b, "message")
	b.ReportMetric(float64(bytes)/float64(n), "B/message")
	b.ReportMetric(0, "ns/op")
}

// spread is how long something took, each time.
type spread []time.Duration

func (s spread) report(b *testing.B, what string) {
	slices.Sort(s)
	at := func(p float64) float64 {
		return float64(s[min(len(s)-1, int(p*float64(len(s))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "ms-"+what+"-p50")
	b.ReportMetric(at(0.99), "ms-"+what+"-p99")
}

// status reads a number of the process's status.
func status(b *testing.B, s *uitest.Term, name string) float64 {
	b.Helper()
	return field(b, filepath.Join("/proc", strconv.Itoa(s.Pid()), "status"), name)
}

func ioWritten(b *testing.B, s *uitest.Term) int64 {
	b.Helper()
	return int64(field(b, filepath.Join("/proc", strconv.Itoa(s.Pid()), "io"), "write_bytes"))
}

// field reads a line of the form `name: number`.
func field(b *testing.B, path, name string) float64 {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatalf("%s has no %s", path, name)
	return 0
}

// wakeups counts how often any thread of the process waited and was woken.
func wakeups(b *testing.B, s *uitest.Term) int {
	b.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(s.Pid()), "task", "*", "status"))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, task := range tasks {
		n += int(field(b, task, "voluntary_ctxt_switches"))
	}
	return n
}

// cpu returns what the process has used of the processors.
func cpu(b *testing.B, s *uitest.Term) time.Duration {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.Pid()), "stat"))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const ticks = 100 // of a second: USER_HZ is the same on all Linux systems
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	return time.Duration(user+system) * time.Second / ticks
}
