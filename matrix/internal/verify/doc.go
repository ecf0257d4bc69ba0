// Package verify runs interactive verifications: emoji and numbers (SAS) and
// QR codes, with own other sessions by to-device messages and with other
// people in a room.
//
// A flow is one verification as a pure state machine: messages and decisions
// go in, messages and wishes (look keys up, sign them) come out, and time is
// an argument. The Manager owns all flows in one goroutine, Run; it carries
// out what they wish, gives them deadlines and remembers over a restart what
// was open. Intents only touch memory.
//
// What it guarantees:
//
//   - The keys that are verified are those that the homeserver told when the
//     verification began. They are looked up again before anything is signed;
//     if one changed in between, the verification is cancelled.
//   - [Keys.Confirm] is called only after our person agreed and the other side
//     said that it is done too, and it names exactly the keys that were
//     verified. A verification that can prove nothing useful fails.
//   - What peers can make it hold is bounded in size and number.
//   - A request that waits for an answer survives a restart while it is fresh.
//     A verification that was under way is cancelled at the next start.
//
// What it does not do: signing, sending, and fetching keys ([Keys],
// [Transport]); drawing and reading of QR images.
//
// Spec: client-server-api#device-verification
package verify
