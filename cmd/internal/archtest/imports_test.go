package archtest_test

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestImportsFollowTheTable(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, spec := range f.tree.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if reason := forbidden(f, target); reason != "" {
				t.Errorf("%s imports %s: %s", f.at(spec.Pos()), target, reason)
			}
		}
	}
}

// forbidden says why a file may not import something; "" if it may.
func forbidden(f *file, target string) string {
	first, _, _ := strings.Cut(target, "/")
	own := first == module
	if !own && !strings.Contains(first, ".") {
		return wrongHome(f, target)
	}
	target = strings.TrimPrefix(target, module+"/")
	if own && target == f.pkg { // an external test of its own package
		return ""
	}
	if own && !f.test && slices.ContainsFunc(testSupport, func(s string) bool { return below(target, s) }) &&
		!below(f.pkg, "cmd/internal/stack") {
		return "test support is for tests"
	}
	if own && topOf(target) == topOf(f.pkg) && topOf(target) != "cmd" && (f.test || !isClosed(f.pkg)) {
		return ""
	}
	if own && topOf(f.pkg) == "cmd" && below(target, "cmd") {
		return ""
	}
	lines := arrows
	if f.test {
		lines = slices.Concat(arrows, testArrows)
	}
	for _, a := range lines {
		if below(f.pkg, a.from) && below(target, a.to) && (!isClosed(f.pkg) || f.test || below(a.from, closedArea(f.pkg))) {
			return ""
		}
	}
	return "no line of the table in table_test.go allows it"
}

func wrongHome(f *file, target string) string {
	for _, home := range stdHomes {
		in := func(area string) bool { return below(f.pkg, area) }
		if home.pkg == target && !f.test && !slices.ContainsFunc(home.areas, in) {
			return home.reason
		}
	}
	return ""
}

func topOf(pkg string) string {
	top, _, _ := strings.Cut(pkg, "/")
	return top
}

func isClosed(pkg string) bool { return closedArea(pkg) != "" }

func closedArea(pkg string) string {
	for _, area := range closed {
		if below(pkg, area) {
			return area
		}
	}
	return ""
}

func TestTableIsTrue(t *testing.T) {
	for _, a := range slices.Concat(arrows, testArrows) {
		if a.to == "" || a.reason == "" {
			t.Errorf("the line %q → %q lacks a target or a reason", a.from, a.to)
		}
	}
	cases := []struct {
		pkg, target string
		test, ok    bool
	}{
		{"ui/internal/pane", "hubbub/store/chat", false, true},
		{"ui/internal/pane", "hubbub/store", false, false},
		{"ui/internal/pane", "hubbub/matrix", false, false},
		{"ui", "maunium.net/go/mautrix", true, false},
		{"ui", "database/sql", false, false},
		{"ui/internal/timeline", "charm.land/bubbletea/v2", false, false},
		{"ui/internal/timeline", "hubbub/ui/internal/pane", false, false},
		{"ui/internal/timeline", "hubbub/ui/words", false, true},
		{"store", "hubbub/matrix", false, false},
		{"store/chat", "github.com/mattn/go-sqlite3", false, false},
		{"store/chat", "hubbub/store", false, false},
		{"matrix", "hubbub/voice", false, false},
		{"matrix", "hubbub/ui/words", false, false},
		{"matrix/internal/outbox", "hubbub/store", false, true},
		{"matrix/internal/outbox", "github.com/mattn/go-sqlite3", false, false},
		{"matrix/internal/outbox", "hubbub/matrix/matrixtest", false, false},
		{"matrix/internal/outbox", "hubbub/matrix/matrixtest", true, true},
		{"config", "hubbub/store/chat", false, false},
		{"voice", "hubbub/matrix", false, false},
		{"cmd/internal/app", "hubbub/voice", false, true},
	}
	for _, c := range cases {
		got := forbidden(&file{pkg: c.pkg, test: c.test}, c.target)
		if (got == "") != c.ok {
			t.Errorf("%s imports %s (test %t): %q, want allowed %t", c.pkg, c.target, c.test, got, c.ok)
		}
	}
}

func TestTopOfTheRepository(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if name != "bin" && !strings.HasPrefix(name, ".") && !slices.Contains(topFolders, name) {
			t.Errorf("%s has no place at the top of the repository", name)
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	documented, packages := map[string]bool{}, map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") || path.Base(f.path) == "build_tags.go" {
			continue
		}
		packages[f.pkg] = true
		if doc := f.tree.Doc; doc != nil {
			begins := "Package " + f.tree.Name.Name + " "
			if f.tree.Name.Name == "main" {
				begins = "Command "
			}
			if !strings.HasPrefix(doc.Text(), begins) {
				t.Errorf("%s: the package comment does not begin with %q", f.path, begins)
			}
			documented[f.pkg] = true
		}
	}
	for pkg := range packages {
		if !documented[pkg] {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}
