// Package store is the local truth of one account: one SQLite cache file, its
// schema and migrations, typed reads, one write-transaction API, and the change
// feed. The file can be deleted at any time: all but drafts and unsent messages
// comes again from the homeserver.
//
// # Use
//
//	s, err := store.Open(ctx, path, store.Options{Log: log})
//	err = s.Write(ctx, func(tx *store.Tx) error { … })   // all or nothing
//	page, err := s.Page(ctx, chat.PageQuery{Room: room, Limit: 60})
//	feed := s.Subscribe()
//	feed.Watch(room)                                     // its timeline too
//	<-feed.Wait(); changes, err := feed.Next(ctx)
//
// Inside Write only methods of the Tx are called, never those of the Store
// that write. Tx methods take no context: a transaction runs to its end, and
// is rolled back when the function returns an error. After ErrDiskFull,
// ErrReadOnly or a cancelled context nothing of it was kept.
//
// # Writing (methods of Tx)
//
// Events: PutEvent (no place in the timeline), StartChunk and Append (sync),
// Prepend (history), Decrypted (late keys), AddEcho (with PutPending),
// Overtaken (messages of ours that lie in a hole). Rooms:
// UpdateRoom, ForgetRoom, PutEdge, DeleteEdge. State: PutState,
// PutMember, ReplaceMembers. Receipts and account data: PutReceipt,
// PutAccountData. Sync: PutSync, PutAccount, Clear, ClearSync. Keys:
// WantSession, DropSession. Outbox: PutPending, UpdatePending,
// Sent, Discard. The person's own: PutDraft, DeleteDraft, PutUIState. Files:
// PutMedia, TouchMedia, DeleteMedia. Ringing: Alert.
//
// # Reading
//
// Store and Tx: Room, State, Member, MembersIn, EventKey, Receipt,
// AccountData, Sync, PendingItem. Tx alone: UnreadSince, HoleAfter, StateOf,
// PendingOf. Store alone: Answers, Unshown, Account,
// UndecryptedOf, WantedSessions, PendingRooms, NextPending,
// OutboxState, MediaFile, OldMedia, Event, Message, Search, and for the window
// Sidebar, Page, Members, Receipts, Drafts, Source, UIState.
//
// # Publishing
//
// Subscribe, Unsubscribe; Feed.Watch, Feed.Wait, Feed.Pressing, Feed.Next. What
// is on disk is published by Write itself, the count of unsent messages
// included. What is not: PublishTyping, PublishConnection, PublishNotice.
//
// # Guarantees
//
// A transaction is on disk as a whole or not at all, also after kill -9; after a
// power cut the last few may be missing (WAL with synchronous NORMAL). An event
// stands in a timeline once, under one item key for its whole life. A room that
// is encrypted never becomes plaintext again. Changes are published after
// COMMIT only, and a feed never blocks the writer.
package store
