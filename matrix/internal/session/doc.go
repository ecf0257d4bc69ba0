// Package session signs in and out, and owns what an account is on this machine:
// its folders, its lock, its device, its access token and its pickle key.
//
// # Use
//
//	r := session.New(session.Options{Data: …, Cache: …})
//	offer, err := r.Discover(ctx, "example.org")
//	s, err := r.Login(ctx, chat.LoginRequest{…})     // or r.Open(user): no network, no keyring
//	err = s.Unlock(ctx)                              // token and pickle key; may ask the keyring
//	client := s.Client()                             // for every other request
//	err = s.Close(ctx)                               // frees the lock
//
// # Guarantees
//
// One process holds an account: Open and Login take a lock and say which process
// has it. One device an install: signing in again keeps the device id as long as
// its message keys are there. A pickle key is made only where there is no
// crypto.db; when crypto.db is there and its key is not, nothing is made or
// overwritten: the error is chat.ProblemKeyGone. Folders are 0700 and files 0600
// whatever the umask. Plain http is refused but for loopback addresses. Neither
// the token nor the pickle key is ever printed or logged: the types that hold
// them redact themselves.
//
// Refresh tokens of the password flow (MSC2918) are not asked for, so that the
// HTTP client never enters its token-refresh retries.
//
// Errors are, or hold, a *chat.Problem.
package session
