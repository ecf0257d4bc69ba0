// Package ingest is the single path from what a homeserver sends to rows of
// the cache: sync, history and late decryption all end here, so that an event
// looks the same whichever way it came.
//
// An event is parsed and decrypted before the cache transaction that writes
// it. Nothing in an event can stop its response: what cannot be read becomes a
// row that says so, what cannot be decrypted becomes a row with its cause that
// Retry replaces under the same item key when the key arrives.
//
// A sync response goes through an Intake (see Begin): its rooms and the token
// behind it are committed together. The first sync alone takes several
// transactions, with the token in the last.
//
// Besides events, ingest keeps the summary columns of rooms: names, counts,
// unread state. The homeserver's unread counts are taken and then healed with
// what is known here: nothing is unread behind an own message or receipt, no
// count exceeds the messages there are, and mentions in encrypted rooms are
// counted here, since the homeserver cannot.
package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/store"
	"hubbub/store/chat"
)

// Decrypter decrypts one m.room.encrypted event. It is called from several
// goroutines, mostly outside transactions of the cache, and must not write to the cache.
type Decrypter interface {
	Decrypt(ctx context.Context, room chat.RoomID, raw jsontext.Value) (crypto.Clear, *crypto.Undecryptable)
}

// Judge knows what crypto.db has to say beside the keys: *crypto.Machine.
type Judge interface {
	// Encrypted reports, from memory, whether a room is known to be encrypted.
	Encrypted(room chat.RoomID) bool
	// Shields judges sessions as things are now.
	Shields(ctx context.Context, uses []crypto.SessionUse) ([]crypto.Verdict, error)
}

// Options are what New needs.
type Options struct {
	Store *store.Store
	User  chat.UserID
	// Decrypter may be nil: then every encrypted event waits for its key.
	Decrypter Decrypter
	// Judge may be nil: then the cache alone knows which rooms are encrypted, and Reshield does nothing.
	Judge Judge
	// Joined is told, after that is on disk, that an invitation was accepted. It must not block. It may be nil.
	Joined func(room chat.RoomID, by chat.UserID)
	Log    *slog.Logger
	// OnVerification is told of each step of a verification in a room, in the
	// order of the room and after it is written; steps whose key comes late come
	// late. It must not block or write to the cache. May be nil.
	OnVerification func(VerificationEvent)
	// OnSecrets is told when account data of secret storage came. It must not block. May be nil.
	OnSecrets func()
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Ingest turns what the homeserver sends into rows. Its methods may be called
// from any goroutine; Intakes only one at a time.
type Ingest struct {
	store   *store.Store
	me      chat.UserID
	decrypt Decrypter
	judge   Judge
	joined  func(room chat.RoomID, by chat.UserID) // may be nil
	log     *slog.Logger
	now     func() time.Time

	onVerify  func(VerificationEvent) // may be nil
	onSecrets func()                  // may be nil

	mu    sync.Mutex
	facts *facts // guarded by mu: what account data says, as committed; nil until read
	// moved collects, per room whose member list is being fetched, who changed
	// meanwhile through sync. Guarded by mu.
	moved map[chat.RoomID]map[chat.UserID]bool
	// ownName is the own display name as last seen. Guarded by mu.
	ownName string
}

// New returns an Ingest. It starts nothing.
func New(o Options) *Ingest {
	i := &Ingest{store: o.Store, me: o.User, decrypt: o.Decrypter, judge: o.Judge, joined: o.Joined, log: o.Log, now: o.Now, onVerify: o.OnVerification, onSecrets: o.OnSecrets}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	if i.now == nil {
		i.now = time.Now
	}
	return i
}

// load returns what account data says, reading it once.
func (i *Ingest) load(ctx context.Context) (*facts, error) {
	i.mu.Lock()
	f := i.facts
	i.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f = &facts{}
	direct, _, err := i.store.AccountData(ctx, "", typeDirect)
	if err != nil {
		return nil, fmt.Errorf("load account data: %w", err)
	}
	f.direct = parseDirect(direct)
	rules, _, err := i.store.AccountData(ctx, "", typePushRules)
	if err != nil {
		return nil, fmt.Errorf("load account data: %w", err)
	}
	f.levels = parseRules(rules)
	account, _, err := i.store.Account(ctx)
	if err != nil {
		return nil, fmt.Errorf("load account: %w", err)
	}
	if account.Name != "" {
		i.setName(account.Name)
	}
	i.setFacts(f)
	return f, nil
}

func (i *Ingest) setFacts(f *facts) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.facts = f
}
