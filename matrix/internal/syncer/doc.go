// Package syncer keeps the connection to the homeserver: it asks for what is
// new, hands it on, and says how the connection stands.
//
// Run is the loop. It uses /sync as of the client-server API (version 2) and
// reads answers as a stream, one room at a time. What it hands to ingest has
// no trace of that API but the shape of a room's part, which every kind of
// sync yields.
//
// # Order
//
// Keys come before messages: the to-device part and the device lists of an
// answer are handed to the key handler, which has them on disk when it
// returns, before any room of it is decrypted. Homeservers differ in where
// they put the rooms. When they come first, they wait: in memory up to a
// limit, then in a temporary file in the cache folder, deleted at once.
//
// The first answer of all is different, since it may hold thousands of rooms.
// They are taken in as they arrive, in several transactions, the token in the
// last, so that a crash starts it again. A room waits neither for to-device
// messages behind it nor for rooms before it: a message whose key comes later
// in the same answer is decrypted when that key is handled, like any late key.
// The first hundred rooms are taken as they come; of the rest, those that the
// person looks for first (spaces, direct messages, unread) go before the
// others, which wait in the temporary file.
//
// An answer that brings nothing is not written down: the older token on disk
// says the same, and an idle client leaves the disk alone. A homeserver that
// gives such answers at once, instead of holding the request, is asked less and
// less often.
//
// # Connection
//
// States and transitions: see State and its function next. Everything that may
// pass (no network, 5xx, rate limits, garbage) is ConnOffline and tried again
// with growing waits, or at once on Reconnect. A refused token is
// ConnSignedOut, and Run returns.
package syncer
