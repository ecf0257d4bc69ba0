package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// unreadable waits until so many messages of a room cannot be read.
func (k *core) unreadable(room chat.RoomID, count int) {
	k.t.Helper()
	k.wait(fmt.Sprintf("%d unreadable messages", count), func(ctx context.Context) (bool, error) {
		page, err := k.Store().Page(ctx, chat.PageQuery{Room: room, Limit: 200})
		n := 0
		for _, m := range page.Items {
			if m.Kind == chat.KindUndecrypted {
				n++
			}
		}
		return n == count, err
	})
}

// Somebody has three sessions: the second gets old keys from a file, the third
// from the backup, where the first saw to it that they are.
func TestOldMessagesOnNewSessions(t *testing.T) {
	const count = 12
	hs := matrixtest.Synapse(t)
	account := hs.NewAccount(t, "ada")
	first := signIn(t, hs, account, t.TempDir())
	recovery := first.setUp(account.Password)
	peer := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	room := chat.RoomID(peer.CreateRoom("logbook", true, account.UserID))
	first.room(room, chat.MemberInvited)
	first.notice(func() string { return first.Join(string(room)) })
	first.room(room, chat.MemberJoined)
	peer.WaitMember(string(room), account.UserID, "join")
	peer.WaitDevice(account.UserID, string(first.Account().Device))
	for i := range count {
		peer.Rotate(string(room)) // a key for each message
		peer.SendText(string(room), fmt.Sprint("entry ", i))
	}
	first.message(room, fmt.Sprint("entry ", count-1))
	first.trust("all keys saved", func(tr chat.Trust) bool {
		return tr.Backup.State == chat.BackupOn && tr.Backup.Total >= count && tr.Backup.Saved == tr.Backup.Total
	})
	file, err := first.Trust().ExportKeys(t.Context(), "a light on the pier")
	if err != nil {
		t.Fatal(err)
	}

	second := signIn(t, hs, account, t.TempDir())
	second.unreadable(room, count)
	var p *chat.Problem
	if _, _, err := second.Trust().ImportKeys(t.Context(), file, "wrong"); !errors.As(err, &p) || p.Kind != chat.ProblemSecret {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, _, err := second.Trust().ImportKeys(t.Context(), file[:len(file)/2], "a light on the pier"); !errors.As(err, &p) || p.Kind != chat.ProblemFile {
		t.Errorf("half a file: %v", err)
	}
	second.unreadable(room, count)
	imported, total, err := second.Trust().ImportKeys(t.Context(), file, "a light on the pier")
	if err != nil || imported < count || total != imported {
		t.Errorf("imported %d of %d: %v", imported, total, err)
	}
	second.unreadable(room, 0)
	m := second.message(room, "entry 3")
	why, err := second.Trust().Message(t.Context(), m.Key)
	if err != nil || why.Source != chat.KeyImported || m.Shield != chat.ShieldUnknownOrigin {
		t.Errorf("a message read with a key from a file: %+v, shield %d, %v", why, m.Shield, err)
	}

	third := signIn(t, hs, account, t.TempDir())
	third.unreadable(room, count)
	if err := third.Trust().Recover(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	third.unreadable(room, 0)
	m = third.message(room, "entry 7")
	if why, err = third.Trust().Message(t.Context(), m.Key); err != nil || why.Source != chat.KeyBackup || why.Backup != chat.BackupOn {
		t.Errorf("a message read with a key from the backup: %+v, %v", why, err)
	}
	if n, err := third.Trust().RestoreBackup(t.Context()); err != nil || n < count {
		t.Errorf("restored %d: %v", n, err)
	}
}
