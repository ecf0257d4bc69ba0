package crypto

import (
	"time"

	"maunium.net/go/mautrix/id"
)

// todo is what Run has to do. Guarded by Machine.mu.
type todo struct {
	closed   bool
	keys     keyState
	requests []keyRequest
	heal     bool                       // look again at what stored events wait for
	more     bool                       // there was no room for all of it
	tried    map[WantedSession]struct{} // the backup was asked for them in vain
	wanted   map[WantedSession]*ask
	asked    map[WantedSession]struct{} // own devices may still answer for them
	cancel   []string                   // ids of requests whose key has arrived
	senders  map[id.SenderKey]id.UserID
	wedged   map[id.SenderKey]bool      // replace the session with the next message
	dummy    []id.SenderKey             // send a message for that reason
	unwedged map[id.SenderKey]time.Time // when it was last done
	looked   map[id.UserID]time.Time    // when a person's devices were asked for because of a broken session
	nextAsk  time.Time                  // own devices are not asked before
	askAt    time.Time                  // when Run looks for a wanted session next; zero: not
}

func (t *todo) init() {
	t.wanted = map[WantedSession]*ask{}
	t.tried = map[WantedSession]struct{}{}
	t.asked = map[WantedSession]struct{}{}
	t.senders = map[id.SenderKey]id.UserID{}
	t.wedged = map[id.SenderKey]bool{}
	t.unwedged = map[id.SenderKey]time.Time{}
	t.looked = map[id.UserID]time.Time{}
}
