// Package outbox sends what a person does, in order, and survives restarts.
//
// The methods of an Outbox that take an intent only touch memory and never
// block; a single goroutine writes them down in the order of the calls: the
// outbox row, the local echo and the end of the draft in one transaction. From
// then on nothing is lost by kill -9. One goroutine a room, existing only while
// there is something to do, sends the rows of that room first to last.
//
// What it guarantees:
//
//   - Order: the homeserver gets the messages of a room in the order of the
//     calls. A message that cannot be sent holds up those behind it until it is
//     retried or discarded.
//   - Exactly once: every try of a message has the same transaction id and, once
//     encrypted, the same ciphertext, which is saved before the first try. After
//     a start, a message whose fate is not known waits until the connection is
//     up and the homeserver had the chance to show it.
//   - Never plaintext into an encrypted room: encryption is decided at each try
//     by the latched state. Reactions and deletions go in the clear, as their
//     targets stand in the clear too.
//
// A reaction, deletion or edit that the homeserver refuses has no row of its
// own on the screen: it is taken back with a notice, and the text of an edit
// becomes the draft again. Where something else is being written, the edit
// stays, and its message shows that it was not sent. A message that a bug keeps
// from being sent ends the program once and is refused from then on.
package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// Encrypter encrypts for rooms: *crypto.Machine.
type Encrypter interface {
	Encrypt(ctx context.Context, room chat.RoomID, eventType string, content jsontext.Value) (jsontext.Value, error)
	// Current says whether what Encrypt made before may still be sent: nobody
	// can read it who is kept out since.
	Current(ctx context.Context, room chat.RoomID, sent jsontext.Value) (bool, error)
	Preshare(ctx context.Context, room chat.RoomID) error
	// Secrecy says whether a room is known to be encrypted beside what the
	// cache says, and whether nothing readable may go there.
	Secrecy(ctx context.Context, room chat.RoomID) (encrypted, neverPlain bool, err error)
}

// Uploader puts a file on the homeserver: *media.Media.
type Uploader interface {
	Upload(ctx context.Context, path string, encrypt bool) (convert.Upload, error)
}

// Receipts says which read receipts others get.
type Receipts uint8

// Receipt settings.
const (
	ReceiptsPublic  Receipts = iota // m.read: everybody sees them
	ReceiptsPrivate                 // m.read.private: the homeserver alone
	ReceiptsOff                     // none; only the own marker of what is read
)

// Options is what an Outbox is made of.
type Options struct {
	Store    *store.Store
	Client   *mautrix.Client
	Crypto   Encrypter // nil: encrypted rooms cannot be written to
	Uploader Uploader  // nil: files cannot be sent
	User     chat.UserID
	Receipts Receipts
	NoTyping bool // do not tell that the person types
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Outbox is the queue of one account. Its methods may be called from any goroutine.
type Outbox struct {
	opt Options
	log *slog.Logger

	mail    mailbox
	writing sync.Mutex // held while a batch is prepared and written: keeps the order between Run and Flush
	batch   *batch     // taken from the mailbox, not yet written; guarded by writing
	told    bool       // the person knows that nothing can be written; guarded by writing

	rooms  dispatcher
	light  light
	waiter waiters
}

// New returns an Outbox that does nothing until Run.
func New(o Options) *Outbox {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Outbox{opt: o, log: o.Log}
	b.mail.init()
	b.rooms.init()
	b.light.init()
	b.waiter.init()
	return b
}

// Send queues a message, reaction, deletion or file. Intent.
func (o *Outbox) Send(out chat.Outgoing) {
	o.light.typing(out.Room, false)
	o.mail.put(intent{kind: doSend, out: out})
}

// SendWait queues like Send and waits until the homeserver has the message.
// The error is a *chat.Problem when it will not be sent by itself.
func (o *Outbox) SendWait(ctx context.Context, out chat.Outgoing) (chat.EventID, error) {
	done := make(chan result, 1)
	o.mail.put(intent{kind: doSend, out: out, done: done})
	select {
	case r := <-done:
		return r.id, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Retry tries a message in state SendError or Waiting again now. Intent.
func (o *Outbox) Retry(item chat.ItemKey) { o.mail.put(intent{kind: doRetry, key: item}) }

// Discard drops a message that has not been sent. A message whose request is
// under way stays. Intent.
func (o *Outbox) Discard(item chat.ItemKey) { o.mail.put(intent{kind: doDiscard, key: item}) }

// SaveDraft keeps the text of a room's composer. Intent; on disk within 300 ms.
func (o *Outbox) SaveDraft(d chat.Draft) { o.mail.put(intent{kind: doDraft, draft: d}) }

// SaveUI keeps a small value of the window. Intent; on disk within 300 ms.
func (o *Outbox) SaveUI(key string, value []byte) {
	o.mail.put(intent{kind: doUI, name: key, value: value})
}

// MarkRead moves the read receipt and the fully-read marker. Intent.
func (o *Outbox) MarkRead(room chat.RoomID, event chat.EventID) {
	if event != "" {
		o.mail.put(intent{kind: doRead, room: room, event: event})
	}
}

// MarkUnread sets or clears m.marked_unread. Intent.
func (o *Outbox) MarkUnread(room chat.RoomID, unread bool) {
	o.mail.put(intent{kind: doUnread, room: room, unread: unread})
}

// Typing tells the room that the person types, or stopped. Intent.
func (o *Outbox) Typing(room chat.RoomID, typing bool) { o.light.typing(room, typing) }

// Online says that the connection is up and a sync response has been taken
// in: everything that waits is tried now.
func (o *Outbox) Online() {
	o.rooms.online()
	o.light.online()
}

// Flush writes everything that was asked for so far. Sending goes on later.
func (o *Outbox) Flush(ctx context.Context) error { return o.write(ctx) }
