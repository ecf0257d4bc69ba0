package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// Export returns all room keys as a file in the standard format. Errors are
// *chat.Problem: ProblemBadInput without a passphrase, ProblemNotFound when
// there is nothing to export.
//
// Spec: client-server-api#key-exports
func (b *Manager) Export(ctx context.Context, passphrase chat.Secret) ([]byte, error) {
	return b.export(ctx, passphrase, fileRounds)
}

func (b *Manager) export(ctx context.Context, passphrase chat.Secret, rounds int) ([]byte, error) {
	if passphrase == "" {
		return nil, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "no passphrase"}
	}
	var list bytes.Buffer
	enc := json.NewEncoder(&list)
	count := 0
	unreadable, err := b.o.Machine.EachRoomKey(ctx, func(k crypto.RoomKey) error {
		sep := byte(',')
		if count == 0 {
			sep = '['
		}
		count++
		list.WriteByte(sep)
		d := dataOf(&k)
		d.RoomID, d.SessionID = k.Room, k.Session
		return enc.Encode(&d)
	})
	if err != nil {
		return nil, crypto.Explain(fmt.Errorf("export keys: %w", err))
	}
	if unreadable > 0 {
		b.log.Warn("Room keys that cannot be read are not exported", slog.Int("count", unreadable))
	}
	if count == 0 {
		return nil, &chat.Problem{Kind: chat.ProblemNotFound, Detail: "room keys"}
	}
	list.WriteByte(']')
	file, err := sealFile(list.Bytes(), passphrase, rounds)
	clear(list.Bytes())
	return file, crypto.Explain(err)
}

// Import takes in the keys of a file in the standard format, and returns how
// many of those in it were of use. The file is read whole and found to be right
// before the first key is taken. Errors are *chat.Problem: ProblemFile,
// ProblemSecret for a wrong passphrase (a changed file cannot be told from that).
//
// Spec: client-server-api#key-exports
func (b *Manager) Import(ctx context.Context, file []byte, passphrase chat.Secret) (imported, total int, err error) {
	content, err := openFile(file, passphrase)
	if err != nil {
		return 0, 0, err
	}
	defer clear(content)
	keys, total, err := readKeys(content)
	if err != nil {
		return 0, 0, err
	}
	n, err := b.o.Machine.ImportRoomKeys(ctx, crypto.Origin{Source: chat.KeyImported}, keys)
	b.o.Machine.SeekAll()
	b.log.Info("Room keys imported", slog.Int("new", n.New), slog.Int("better", n.Better), slog.Int("kept", n.Kept),
		slog.Int("refused", total-n.New-n.Better-n.Kept))
	if err != nil {
		return n.New + n.Better, total, crypto.Explain(fmt.Errorf("import keys: %w", err))
	}
	return n.New + n.Better, total, nil
}

// readKeys reads the list inside a file. Entries that are no room keys count,
// and are left out.
func readKeys(content []byte) (keys []crypto.RoomKey, total int, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(content), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '[' {
		return nil, 0, fileProblem("not a list of keys")
	}
	for d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return nil, 0, fileProblem("not a list of keys")
		}
		total++
		var data sessionData
		if json.Unmarshal(raw, &data) != nil {
			continue
		}
		if key, err := data.roomKey(); err == nil {
			keys = append(keys, key)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, 0, fileProblem("not a list of keys")
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, 0, fileProblem("something follows the keys")
	}
	return keys, total, nil
}
