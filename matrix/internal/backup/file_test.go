package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

const testRounds = 1000

// sample is a file that another program wrote: the example of the specification's format in Element's own tests has
// this shape, with one key; the content here is ours.
func sample(t testing.TB, content string, change func(data []byte) []byte) []byte {
	t.Helper()
	file, err := sealFile([]byte(content), "pass", testRounds)
	if err != nil {
		t.Fatal(err)
	}
	if change == nil {
		return file
	}
	data, err := unarmour(file)
	if err != nil {
		t.Fatal(err)
	}
	return armour(change(data))
}

func listOf(t testing.TB, keys []crypto.RoomKey) string {
	t.Helper()
	var list []sessionData
	for i := range keys {
		d := dataOf(&keys[i])
		d.RoomID, d.SessionID = keys[i].Room, keys[i].Session
		list = append(list, d)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	d := newDevice(t, matrixtest.Synapse(t).NewClient(t, "jane"))
	keys := someKeys(t, 3)
	list := listOf(t, keys)
	good := sample(t, list, nil)
	rounds := func(n uint32) func([]byte) []byte {
		return func(data []byte) []byte { binary.BigEndian.PutUint32(data[headerSize-4:], n); return data }
	}
	cases := map[string]struct {
		file []byte
		kind chat.ProblemKind
	}{
		"empty":               {nil, chat.ProblemFile},
		"other file":          {[]byte("<html>"), chat.ProblemFile},
		"only the beginning":  {[]byte(armourBegin), chat.ProblemFile},
		"nothing between":     {[]byte(armourBegin + "\n" + armourEnd), chat.ProblemFile},
		"end before begin":    {[]byte(armourEnd + "\n" + armourBegin), chat.ProblemFile},
		"not base64":          {[]byte(armourBegin + "\n####\n" + armourEnd), chat.ProblemFile},
		"short":               {armour([]byte{fileVersion}), chat.ProblemFile},
		"header only":         {armour(append([]byte{fileVersion}, make([]byte, headerSize)...)), chat.ProblemFile},
		"other version":       {sample(t, list, func(data []byte) []byte { data[0] = 2; return data }), chat.ProblemFile},
		"no rounds":           {sample(t, list, rounds(0)), chat.ProblemFile},
		"absurd rounds":       {sample(t, list, rounds(1<<32-1)), chat.ProblemFile},
		"other rounds":        {sample(t, list, rounds(testRounds+1)), chat.ProblemSecret},
		"changed content":     {sample(t, list, func(data []byte) []byte { data[headerSize+20] ^= 1; return data }), chat.ProblemSecret},
		"cut inside":          {sample(t, list, func(data []byte) []byte { return data[:len(data)-100] }), chat.ProblemSecret},
		"not JSON":            {sample(t, "hello", nil), chat.ProblemFile},
		"object":              {sample(t, "{}", nil), chat.ProblemFile},
		"nothing inside":      {sample(t, "", nil), chat.ProblemFile},
		"list cut off":        {sample(t, list[:len(list)-10], nil), chat.ProblemFile},
		"something follows":   {sample(t, list+"[]", nil), chat.ProblemFile},
		"hundred megabytes":   {bytes.Repeat([]byte("A"), 100<<20), chat.ProblemFile},
		"large, in armour":    {slab(4 << 20), chat.ProblemSecret},
		"larger than we read": {make([]byte, maxFile+1), chat.ProblemFile},
	}
	for _, n := range []int{1, 40, len(good) / 2, len(good) - len(armourEnd) - 2, len(good) - 5} {
		cases["first bytes "+string(rune('0'+len(cases)%10))] = struct {
			file []byte
			kind chat.ProblemKind
		}{good[:n], chat.ProblemFile}
	}
	for name, c := range cases {
		imported, _, err := d.b.Import(t.Context(), c.file, "pass")
		if kindOf(err) != c.kind || imported != 0 {
			t.Errorf("%s: imported %d: %v", name, imported, err)
		}
	}
	for _, wrong := range []chat.Secret{"", "Pass", "pass "} {
		if _, _, err := d.b.Import(t.Context(), good, wrong); kindOf(err) != chat.ProblemSecret {
			t.Errorf("wrong passphrase: %v", err)
		}
	}
	if d.Has(keys[0]) {
		t.Fatal("something was imported")
	}

	// What is right is taken, however it was carried here, and beside what is not.
	mail := "\ufeff  \r\n" + strings.ReplaceAll(string(good), "\n", "\r\n") + "\r\n-- \r\nsent from a boat"
	if imported, total, err := d.b.Import(t.Context(), []byte(mail), "pass"); err != nil || imported != 3 || total != 3 {
		t.Errorf("imported %d of %d: %v", imported, total, err)
	}
	if imported, total, err := d.b.Import(t.Context(), good, "pass"); err != nil || imported != 0 || total != 3 {
		t.Errorf("a second time: imported %d of %d: %v", imported, total, err)
	}
	more := someKeys(t, 1)
	odd := `[7,null,{},"x",{"algorithm":"m.megolm.v1.aes-sha2"},{"algorithm":"other","session_id":"a","room_id":"b"},{"session_id":[]},` + listOf(t, more)[1:]
	if imported, total, err := d.b.Import(t.Context(), sample(t, odd, nil), "pass"); err != nil || imported != 1 || total != 8 || !d.Has(more[0]) {
		t.Errorf("among odd ones: imported %d of %d: %v", imported, total, err)
	}
}

// slab is a large file of the right shape.
func slab(size int) []byte {
	data := make([]byte, size/4*3)
	data[0] = fileVersion
	binary.BigEndian.PutUint32(data[headerSize-4:], testRounds)
	return armour(data)
}

func TestExport(t *testing.T) {
	d := newDevice(t, matrixtest.Synapse(t).NewClient(t, "jane"))
	if _, err := d.b.Export(t.Context(), "pass"); kindOf(err) != chat.ProblemNotFound {
		t.Errorf("nothing to export: %v", err)
	}
	keys := someKeys(t, 250)
	keys[3].SharedHistory, keys[4].Chains, keys[5].SigningKey = true, []string{keys[0].SenderKey}, ""
	d.hold(keys)
	if _, err := d.b.Export(t.Context(), ""); kindOf(err) != chat.ProblemBadInput {
		t.Errorf("no passphrase: %v", err)
	}
	file, err := d.b.export(t.Context(), "pass", testRounds)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte(keys[0].Session)) {
		t.Error("a session id is readable in the file")
	}
	for _, line := range strings.Split(strings.TrimSpace(string(file)), "\n") {
		if len(line) > armourLine {
			t.Fatalf("a line of %d characters", len(line))
		}
	}
	other := newDevice(t, matrixtest.Synapse(t).NewClient(t, "joe"))
	if imported, total, err := other.b.Import(t.Context(), file, "pass"); err != nil || imported != 250 || total != 250 {
		t.Fatalf("imported %d of %d: %v", imported, total, err)
	}
	want := map[string]crypto.RoomKey{}
	for _, k := range keys {
		want[k.Session] = k
	}
	if _, err := other.Machine.EachRoomKey(t.Context(), func(k crypto.RoomKey) error {
		w := want[k.Session]
		if k.Key != w.Key || k.Room != w.Room || k.SenderKey != w.SenderKey || k.SigningKey != w.SigningKey ||
			k.SharedHistory != w.SharedHistory || len(k.Chains) != len(w.Chains) || k.Source != chat.KeyImported {
			t.Errorf("%+v is not %+v", k, w)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	again, err := d.b.export(t.Context(), "pass", testRounds)
	if err != nil || bytes.Equal(again, file) {
		t.Error("two files are the same: the salt is not fresh")
	}
}

func FuzzOpenFile(f *testing.F) {
	f.Add([]byte(armourBegin + "\nAQ==\n" + armourEnd))
	f.Add(sample(f, "[]", nil))
	f.Add(sample(f, "[{}]", func(data []byte) []byte { return data[:headerSize+macSize] }))
	f.Fuzz(func(t *testing.T, file []byte) {
		if data, err := unarmour(file); err == nil && len(data) >= headerSize && binary.BigEndian.Uint32(data[headerSize-4:]) > testRounds {
			return // only slow
		}
		if content, err := openFile(file, "pass"); err == nil {
			_, _, _ = readKeys(content) // whatever it is, it may not panic
		}
	})
}

func FuzzEntries(f *testing.F) {
	pair, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	k := someKeys(f, 1)[0]
	sealed, err := pair.seal(&k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"rooms":{"!a:x":{"sessions":{"s":{"session_data":` + string(sealed.SessionData) + `}}}}}`))
	f.Add([]byte(`{"rooms":{"!a:x":{"sessions":{}}},"x":[{}]}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_ = eachSealed(bytes.NewReader(body), func(room, session string, raw jsontext.Value) error {
			_, _ = pair.open(chat.RoomID(room), session, raw) // it may not panic
			return nil
		})
	})
}

func TestKeysHideThemselves(t *testing.T) {
	pair, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	k := someKeys(t, 1)[0]
	secret := base64.RawStdEncoding.EncodeToString(pair.private.Bytes())
	for _, shown := range []string{print3(pair), print3(*pair), print3(k), print3(&k)} {
		if strings.Contains(shown, secret) || strings.Contains(shown, string(k.Key)) {
			t.Errorf("shows its key: %s", shown)
		}
	}
}

// print3 is a value as %v, %+v, %#v and the log show it.
func print3(v any) string {
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("Value", "v", v)
	return fmt.Sprintf("%v %+v %#v ", v, v, v) + log.String()
}
