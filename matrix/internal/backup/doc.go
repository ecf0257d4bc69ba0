// Package backup keeps the account's room keys outside this device: in the key
// backup on the homeserver, and in files.
//
// # Use
//
//	b := backup.New(backup.Options{Machine: m, Client: c})
//	m.AskBackup(b.Fetch)
//	b.OnChange(func(chat.Backup) { … })
//	err := b.Run(ctx)
//
// Run looks at which backup the homeserver has, uploads what it lacks, and
// looks again from time to time and when the homeserver says that there is
// another one. Status tells how that goes. Create, Use and Reset decide which
// backup it is; Fetch, Restore, Export and Import move keys. They ask the
// homeserver and may be called from any goroutine, also when Run is not there.
//
// # Guarantees
//
// Keys are encrypted to the public half of the private key that is here, never
// to what the homeserver shows: a backup that somebody else made gets nothing.
// What comes out of a backup or file proves nothing about who made it, since
// anybody who knows a backup's public key can put keys into it: it never
// replaces a better key, and it is marked for what it is. Nothing is deleted
// on the homeserver unless that is asked for.
//
// Spec: client-server-api#server-side-key-backups, client-server-api#key-exports
package backup
