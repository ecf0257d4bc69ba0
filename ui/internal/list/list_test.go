package list

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// items is a source of items with given keys and heights.
type items struct {
	keys    []int
	heights map[int]int
	stamp   map[int]uint64
	laid    int
}

func (s *items) Len() int      { return len(s.keys) }
func (s *items) Key(i int) int { return s.keys[i] }
func (s *items) Index(k int) (int, bool) {
	lo, hi := 0, len(s.keys)
	for lo < hi {
		m := (lo + hi) / 2
		if s.keys[m] < k {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, lo < len(s.keys) && s.keys[lo] == k
}
func (s *items) Stamp(i int) uint64    { return s.stamp[s.keys[i]] }
func (s *items) Selectable(i int) bool { return s.keys[i]%10 != 5 }
func (s *items) Lines(i, _ int) []richtext.Line {
	s.laid++
	var out []richtext.Line
	for n := range max(s.heights[s.keys[i]], 1) {
		t := safe.Own(fmt.Sprintf("%d.%d", s.keys[i], n))
		out = append(out, richtext.Line{Runs: []richtext.Run{{Text: t, Width: t.Len()}}})
	}
	return out
}

func source(from, to int) *items {
	s := &items{heights: map[int]int{}, stamp: map[int]uint64{}}
	for i := from; i < to; i++ {
		s.keys = append(s.keys, i)
		s.heights[i] = 1 + i%3
	}
	return s
}

func shown(l *List[int]) string {
	c, g := screen.NewCanvasForTest(20, l.h, nil)
	l.Draw(c, func(y int, _ Row, line richtext.Line) { line.Draw(c, 0, y, 20) })
	return g.String()
}

func TestFollowsTheEnd(t *testing.T) {
	s := source(0, 10)
	l := New(s)
	l.SetSize(20, 4)
	if got := shown(l); got != "8.0\n8.1\n8.2\n9.0" {
		t.Fatal(got)
	}
	s.keys = append(s.keys, 10)
	s.heights[10] = 2
	l.Changed()
	if got := shown(l); got != "8.2\n9.0\n10.0\n10.1" || !l.Following() {
		t.Error(got)
	}
}

func TestFewItemsStandAtTheBottom(t *testing.T) {
	s := source(0, 2)
	l := New(s)
	l.SetSize(20, 5)
	if got := shown(l); got != "\n\n0.0\n1.0\n1.1" {
		t.Errorf("%q", got)
	}
	l.Scroll(-3, true)
	if got := shown(l); got != "\n\n0.0\n1.0\n1.1" {
		t.Errorf("after scrolling: %q", got)
	}
}

func TestPrependMovesNothing(t *testing.T) {
	s := source(1000, 1100)
	l := New(s)
	l.SetSize(20, 10)
	l.Scroll(-50, true)
	before := shown(l)
	old := source(0, 1000)
	s.keys = append(old.keys, s.keys...)
	l.Changed()
	if got := shown(l); got != before {
		t.Errorf("before\n%s\nafter\n%s", before, got)
	}
	// What happens at the end does not move it either.
	s.keys = append(s.keys, 1100)
	l.Changed()
	if shown(l) != before || l.Following() {
		t.Error("a new message moved the view")
	}
}

func TestHeightChangesAboveAndAtTheTop(t *testing.T) {
	s := source(0, 50)
	l := New(s)
	l.SetSize(20, 6)
	l.Top(20, true)
	l.Scroll(2, true) // 20.2 on top
	before := shown(l)
	s.heights[3] = 9
	s.stamp[3]++
	s.heights[20] = 7
	s.stamp[20]++
	l.Changed()
	got := strings.Split(shown(l), "\n")
	if got[0] != "20.6" || got[1] != strings.Split(before, "\n")[1] {
		t.Errorf("the end of the changed item moved:\n%s\n%s", before, strings.Join(got, "\n"))
	}
}

func TestAnchorThatIsGone(t *testing.T) {
	s := source(0, 50)
	l := New(s)
	l.SetSize(20, 4)
	l.Top(20, true)
	s.keys = append(append([]int{}, s.keys[:20]...), s.keys[21:]...)
	l.Changed()
	if got := shown(l); !strings.HasPrefix(got, "21.0") {
		t.Error(got)
	}
	s.keys = nil
	l.Changed()
	if got := shown(l); got != "\n\n\n" {
		t.Errorf("empty: %q", got)
	}
}

func TestScrollToTheEndFollowsOnlyTheNewest(t *testing.T) {
	for _, newest := range []bool{true, false} {
		l := New(source(0, 50))
		l.SetSize(20, 4)
		l.Scroll(-20, newest)
		l.Scroll(100, newest)
		if !l.AtEnd() || l.Following() != newest {
			t.Errorf("newest %v: at end %v, following %v", newest, l.AtEnd(), l.Following())
		}
	}
}

func TestCursorSkipsAndStaysVisible(t *testing.T) {
	s := source(0, 50)
	l := New(s)
	l.SetSize(20, 5)
	l.CursorToVisible()
	seen := map[int]bool{}
	for l.MoveCursor(-1, true) {
		i := l.Cursor()
		if i%10 == 5 {
			t.Fatalf("on item %d, which cannot hold it", i)
		}
		if first, last := l.Visible(); i < first || i > last {
			t.Fatalf("item %d outside %d…%d", i, first, last)
		}
		seen[i] = true
	}
	if len(seen) < 44 || l.Cursor() != 0 {
		t.Errorf("visited %d, ends on %d", len(seen), l.Cursor())
	}
	for l.MoveCursor(1, true) {
	}
	if l.Cursor() != 49 || !l.Following() {
		t.Errorf("ends on %d, following %v", l.Cursor(), l.Following())
	}
}

func TestTallItemScrollsBeforeTheCursorLeaves(t *testing.T) {
	s := source(0, 3)
	s.heights[1] = 20
	l := New(s)
	l.SetSize(20, 5)
	l.SetCursor(0, true)
	lines := map[string]bool{}
	for range 40 {
		for row := range strings.SplitSeq(shown(l), "\n") {
			lines[row] = true
		}
		if !l.MoveCursor(1, true) {
			break
		}
	}
	for n := range 20 {
		if !lines[fmt.Sprintf("1.%d", n)] {
			t.Errorf("line %d of the tall item was never visible", n)
		}
	}
}

// Whatever happens, the rows are those of neighbouring lines, and there are as many as the list is high.
func TestRandomOperations(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := source(500, 500+r.IntN(60))
		l := New(s)
		l.SetSize(10, 1+r.IntN(12))
		for range 60 {
			switch r.IntN(12) {
			case 0:
				l.Scroll(r.IntN(40)-20, r.IntN(2) == 0)
			case 1:
				l.MoveCursor(1-2*r.IntN(2), true)
			case 2:
				l.Page(1-2*r.IntN(2), true)
			case 3:
				l.ToEnd()
			case 4:
				l.SetSize(10, r.IntN(12))
			case 5:
				l.JumpTo(r.IntN(70), true)
			case 6:
				l.CursorToVisible()
			case 7, 8:
				k := 500 + r.IntN(60)
				s.heights[k] = r.IntN(8)
				s.stamp[k]++
			case 9:
				if n := len(s.keys); n > 0 {
					i := r.IntN(n)
					s.keys = append(append([]int{}, s.keys[:i]...), s.keys[i+1:]...)
				}
			case 10:
				first := 500
				if len(s.keys) > 0 {
					first = s.keys[0]
				}
				s.keys = append([]int{first - 2, first - 1}, s.keys...)
			case 11:
				l.SetCursor(r.IntN(70), true)
			}
			l.Changed()
			rows := l.Rows()
			if len(rows) != l.h {
				t.Fatalf("seed %d: %d rows of %d", seed, len(rows), l.h)
			}
			for y := 1; y < len(rows); y++ {
				a, b := rows[y-1], rows[y]
				ok := a.Item == b.Item && a.Line+1 == b.Line || a.Item+1 == b.Item && b.Line == 0 || b.Item == -1 && a.Item == -1
				if a.Item >= 0 && a.Item+1 == b.Item {
					ok = a.Line == l.height(a.Item)-1
				}
				if !ok && s.Len() > 0 {
					t.Fatalf("seed %d: row %v follows %v", seed, b, a)
				}
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := source(0, 0)
	for i := range 3000 {
		s.keys = append(s.keys, i)
		s.heights[i] = 20
	}
	l := New(s)
	l.SetSize(20, 50)
	for range 1500 {
		l.Scroll(-45, true)
		l.Rows()
	}
	if l.cache.lines > maxCachedLines || len(l.cache.byKey) != l.cache.order.Len() {
		t.Errorf("%d lines, %d and %d entries", l.cache.lines, len(l.cache.byKey), l.cache.order.Len())
	}
	laid := s.laid
	l.Changed()
	l.Rows()
	if s.laid != laid {
		t.Error("visible items were laid out again")
	}
}

func BenchmarkScroll100k(b *testing.B) {
	s := source(0, 100_000)
	l := New(s)
	l.SetSize(100, 56)
	b.ReportAllocs()
	for b.Loop() {
		l.Scroll(-1, true)
		if l.AtStart() {
			l.ToEnd()
		}
		l.Rows()
	}
}

// TestJumpShowsTheItem: wherever it stands, near the ends too.
func TestJumpShowsTheItem(t *testing.T) {
	s := source(0, 50)
	l := New(s)
	l.SetSize(20, 12)
	for i := range 50 {
		for _, newest := range []bool{true, false} {
			l.JumpTo(i, newest)
			seen := false
			for _, r := range l.Rows() {
				seen = seen || r.Item == i && r.Line == 0
			}
			if !seen || l.Cursor() != i {
				t.Fatalf("item %d is not visible after the jump: %v", i, l.Rows())
			}
		}
	}
}

// TestHalfPage moves by half the height, and the cursor with it.
func TestHalfPage(t *testing.T) {
	s := source(0, 50)
	for i := range 50 {
		s.heights[i] = 1
	}
	l := New(s)
	l.SetSize(20, 12)
	l.CursorToVisible()
	l.HalfPage(-1, true)
	if r := l.Rows(); r[0].Item != 32 || l.Cursor() != 32 {
		t.Errorf("top %v, cursor %d", r[0], l.Cursor())
	}
	l.HalfPage(1, true)
	if !l.Following() || l.Cursor() != 49 {
		t.Errorf("not back at the end: cursor %d", l.Cursor())
	}
}
