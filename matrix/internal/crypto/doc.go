// Package crypto holds the end-to-end encryption of one device: its identity,
// the keys it has been given, and the rules by which it gives keys to others.
//
// Open reads or creates crypto.db; Run does the upkeep that may wait (key
// uploads, device lists, key requests). HandleSync takes the part of a sync
// response that carries keys and returns only when those keys are on disk.
// Decrypt and Encrypt work on single events.
//
// What it guarantees:
//
//   - crypto.db is written with synchronous=FULL. A key that was taken in, and
//     the position of every ratchet, survive a power cut: an outbound ratchet
//     that fell back would encrypt two messages under one key.
//
//   - The to-device events of a response commit together with everything they
//     changed. After a crash the homeserver's repeat finds either all of an
//     event or nothing of it.
//
//   - Encrypt never returns plaintext. It works from the whole member list,
//     asks for device lists that are out of date, and gives the key to every
//     device that lacks it before it encrypts. A member or device that left
//     makes it start a new session.
//
//   - The key goes to no session that the room's policy keeps out, and to
//     nobody while the identity of somebody whom the person had verified is
//     another one. Who is kept out is told so.
//
//   - A room that keys were once made for stays encrypted, whatever Rooms says.
//
//   - A damaged crypto.db is never written over, and an older copy of it is not
//     used.
//
//   - Whose a session is, is read from crypto.db and from signatures that were
//     checked. An identity is pinned when it is first seen; the own one counts
//     only after TrustOwnMaster, whatever the homeserver shows.
//
// What it does not do: the steps of a verification, secret storage, and the
// key backup.
//
// The Olm machine of mautrix decrypts, keeps device lists and encrypts Megolm.
// Olm encryption, key sharing and key upload are done here, because the
// machine's own versions hold their locks across network requests, ignore
// failing writes and know no fallback keys.
package crypto
