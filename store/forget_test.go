package store_test

import (
	"bytes"
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/storetest"
)

// What was deleted is gone from the disk in all its versions, in whatever order they come.
func TestDeletionTakesTheEditsWithIt(t *testing.T) {
	edited := storetest.Text(1, ada, "regret")
	edited.Raw = bytes.Replace(edited.Raw, []byte(`{`), []byte(`{"unsigned":{"age":1,"m.relations":{"m.replace":{"content":{"body":"regretted"}}}},`), 1)
	all := []store.Event{edited, storetest.Edit(2, ada, "regretted", 1), storetest.Edit(3, bo, "bystander", 1), storetest.Redaction(4, bo, 1, "")}
	for _, order := range [][]int{{0, 1, 2, 3}, {0, 2, 3, 1}, {3, 0, 1, 2}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		s := storetest.New(t)
		var events []store.Event
		for _, n := range order {
			events = append(events, all[n])
		}
		storetest.Append(t, s, room, events...)
		if keys, err := s.Search(t.Context(), "", "regret", 5); err != nil || len(keys) != 0 {
			t.Errorf("%v: deleted text is found: %v, %v", order, keys, err)
		}
		for _, id := range []int{1, 2} {
			key, ok, err := s.EventKey(t.Context(), room, storetest.ID(id))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if raw, clear, err := s.Source(t.Context(), key); err != nil || bytes.Contains(slices.Concat(raw, clear), []byte("regret")) {
				t.Errorf("%v: event %d kept %s %s, %v", order, id, raw, clear, err)
			}
		}
		expect(t, s, "deleted")
	}
}
