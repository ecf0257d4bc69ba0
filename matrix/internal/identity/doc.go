// Package identity keeps the account's cross-signing identity, secret storage
// and sessions.
//
// # Use
//
//	i := identity.New(identity.Options{Machine: m, Client: c, Backup: b})
//	i.OnChange(func(chat.Trust) { … })
//	b.OnChange(func(chat.Backup) { i.Changed() })
//	m.OnToDevice(func(ev *crypto.Received) { i.HandleToDevice(ev) })
//	err := i.Run(ctx)
//
// Run looks at what the homeserver has, repairs what this session can repair
// alone, and gives and fetches secrets among own sessions. Trust tells how
// things stand, from memory. SetUp, Recover and NewRecoveryKey change them;
// one of these runs at a time. Errors are *chat.Problem.
//
// # Guarantees
//
// Nothing is replaced that was not asked to be: an identity that exists ends
// SetUp, unless Reset is given. Private keys are on disk before the public ones
// are published, the default key of secret storage is set last, and every step
// can be repeated: what stops in the middle leaves the homeserver with the
// identity before or the one after, and the same call goes on.
//
// A secret is taken only when it fits the published key that it belongs to, and
// given only to own sessions that the identity of this session has signed.
//
// Spec: client-server-api#cross-signing, client-server-api#secrets
package identity
