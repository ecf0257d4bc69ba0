package matrixtest

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

//go:embed js/*.mjs
var peerProgram embed.FS

// peerLimit bounds every command of a peer, and is what waits inside it get by default.
const peerLimit = 60 * time.Second

// Peer is a matrix-js-sdk client with Rust crypto in a Node process of its own. Its methods fail the test when the
// command does; they may be called from any goroutine that the test waits for, one command at a time per call.
type Peer struct {
	t        testing.TB
	hs       *Homeserver
	account  Account
	UserID   string
	DeviceID string

	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	stderr string        // file

	mu      sync.Mutex // guards what follows
	in      io.WriteCloser
	next    int
	waiting map[int]chan peerAnswer
}

type peerAnswer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

func (a peerAnswer) result() (json.RawMessage, error) {
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Result, nil
}

// PeerMessage is an event as matrix-js-sdk shows it.
type PeerMessage struct {
	EventID   string          `json:"eventId"`
	Sender    string          `json:"sender"`
	Type      string          `json:"type"` // after decryption
	StateKey  *string         `json:"stateKey"`
	Body      string          `json:"body"`
	Content   json.RawMessage `json:"content"`
	Encrypted bool            `json:"encrypted"` // it came as m.room.encrypted
	Decrypted bool            `json:"decrypted"`
	Failure   string          `json:"failure"`   // why it could not be decrypted
	SessionID string          `json:"sessionId"` // Megolm session
	Redacted  bool            `json:"redacted"`
}

// StartPeer signs in to a new device of the account and syncs once. Its keys are in memory and die with it.
func StartPeer(t testing.TB, hs *Homeserver, a Account) *Peer {
	t.Helper()
	return StartPeerIn(t, hs, a, "")
}

// StartPeerIn is StartPeer for a peer that keeps its device and keys in a directory when it is stopped, and finds them
// again when it is started on that directory.
func StartPeerIn(t testing.TB, hs *Homeserver, a Account, dir string) *Peer {
	t.Helper()
	p := &Peer{t: t, hs: hs, account: a, ended: make(chan struct{}), waiting: map[int]chan peerAnswer{}}
	p.spawn()
	t.Cleanup(p.kill)
	var session struct{ UserID, DeviceID string }
	p.Command("login", map[string]any{"url": hs.URL, "user": a.UserID, "password": a.Password, "dir": dir}, &session)
	p.UserID, p.DeviceID = session.UserID, session.DeviceID
	p.Command("sync", nil, nil)
	return p
}

func (p *Peer) spawn() {
	p.t.Helper()
	node, sdk := variable(p.t, "HUBBUB_STACK_NODE"), variable(p.t, "HUBBUB_STACK_JSSDK")
	dir := p.t.TempDir()
	if err := os.CopyFS(dir, peerProgram); err != nil {
		p.t.Fatalf("start peer: %v", err)
	}
	p.stderr = filepath.Join(dir, "stderr")
	errs, err := os.Create(p.stderr)
	if err != nil {
		p.t.Fatalf("start peer: %v", err)
	}
	defer func() { _ = errs.Close() }() // the child has its own descriptor
	p.cmd = exec.Command(node, filepath.Join(dir, "js", "peer.mjs"))
	p.cmd.Env = append(os.Environ(), "HUBBUB_STACK_JSSDK="+sdk)
	p.cmd.Stderr = errs
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		p.t.Fatalf("start peer: %v", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatalf("start peer: %v", err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("start peer: %v", err)
	}
	go p.read(out)
}

// read hands answers to the commands that wait for them until the process ends.
func (p *Peer) read(out io.Reader) {
	defer close(p.ended)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var a peerAnswer
		if json.Unmarshal(line, &a) != nil {
			continue // something in the process printed a line of its own
		}
		p.mu.Lock()
		if c := p.waiting[a.ID]; c != nil {
			c <- a
			delete(p.waiting, a.ID)
		}
		p.mu.Unlock()
	}
	_ = p.cmd.Wait() // how it ended shows in the command that was cut off
}

// Command runs one command of js/peer.mjs and decodes its result into into, unless that is nil.
func (p *Peer) Command(name string, args map[string]any, into any) {
	p.t.Helper()
	result, err := p.Try(name, args)
	if err != nil {
		p.t.Fatalf("js peer %s: %s: %v", p.account.UserID, name, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(result, into); err != nil {
		p.t.Fatalf("js peer %s: %s: %v in %.300s", p.account.UserID, name, err, result)
	}
}

// Try is Command that returns the error.
func (p *Peer) Try(name string, args map[string]any) (json.RawMessage, error) {
	answer := make(chan peerAnswer, 1)
	if err := p.write(name, args, answer); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return a.result()
	case <-p.ended:
		select {
		case a := <-answer:
			return a.result()
		default:
			return nil, fmt.Errorf("the process ended:\n%s", p.errors())
		}
	case <-time.After(peerLimit + 5*time.Second):
		return nil, fmt.Errorf("no answer after %s:\n%s", peerLimit, p.errors())
	}
}

func (p *Peer) write(name string, args map[string]any, answer chan peerAnswer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	line := map[string]any{"timeout": peerLimit.Milliseconds()}
	for key, value := range args {
		line[key] = value
	}
	line["id"], line["cmd"] = p.next, name
	data, err := json.Marshal(line)
	if err != nil {
		return err
	}
	p.waiting[p.next] = answer
	_, err = p.in.Write(append(data, '\n'))
	return err
}

// errors is what the process said last.
func (p *Peer) errors() string {
	data, err := os.ReadFile(p.stderr)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}

// Stop ends the process in good order; a peer with a directory keeps its device and keys there.
func (p *Peer) Stop() {
	p.t.Helper()
	p.Command("stop", nil, nil)
	<-p.ended
}

// kill ends the process at once, as far as it still runs.
func (p *Peer) kill() {
	p.mu.Lock()
	_ = p.in.Close() // the process may have ended; otherwise it ends now
	p.mu.Unlock()
	select {
	case <-p.ended:
	case <-time.After(2 * time.Second):
		_ = p.cmd.Process.Kill() // it may have ended meanwhile
		<-p.ended
	}
	if p.t.Failed() {
		p.t.Logf("js peer %s said:\n%s", p.account.UserID, p.errors())
	}
}
