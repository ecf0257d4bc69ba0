package archtest_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testName finds the name of a test, fuzz target or benchmark, with the packages that stand before it: `ui`, `cmd/hubbub` TestX.
var testName = regexp.MustCompile("((?:`[a-z][a-z0-9/]*`(?:, | ))*)\\b((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)")

var packageName = regexp.MustCompile("`([^`]+)`")

// TestNamedTestsExist holds the tests that the documents name against those that there are, so that a promise does not
// outlive its test. Packages stand before the first of their tests and count to the end of the line or table cell.
func TestNamedTestsExist(t *testing.T) {
	tests := map[string][]string{} // name → folders
	for _, f := range goFiles(t) {
		if !strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, decl := range f.tree.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name != "TestMain" {
				tests[d.Name.Name] = append(tests[d.Name.Name], f.pkg)
			}
		}
	}
	for _, name := range textFiles(t) {
		if filepath.Ext(name) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for cell := range strings.SplitSeq(line, "|") {
				for _, missing := range missingTests(cell, tests) {
					t.Errorf("%s:%d: there is no %s", name, i+1, missing)
				}
			}
		}
	}
}

// missingTests returns what a piece of text names and is not there. A package may be given by the end of its path.
func missingTests(text string, tests map[string][]string) []string {
	var missing, packages []string
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			packages = nil
			for _, p := range packageName.FindAllStringSubmatch(m[1], -1) {
				packages = append(packages, p[1])
			}
		}
		folders := tests[m[2]]
		if len(folders) == 0 {
			missing = append(missing, m[2])
		}
		for _, p := range packages {
			if len(folders) > 0 && !slices.ContainsFunc(folders, func(dir string) bool { return dir == p || strings.HasSuffix(dir, "/"+p) }) {
				missing = append(missing, "`"+p+"` "+m[2])
			}
		}
	}
	return missing
}

func TestMissingTestsAreFound(t *testing.T) {
	tests := map[string][]string{"TestA": {"matrix", "ui/internal/dialog"}, "FuzzB": {"ui"}}
	for text, want := range map[string][]string{
		"`matrix` TestA, TestC; `ui` FuzzB": {"TestC"},
		"`matrix`, `dialog` TestA":          nil,
		"`ui` FuzzB, TestA; `matrix` TestA": {"`ui` TestA"},
		"TestA, FuzzB":                      nil,
		"`ialog` TestA":                     {"`ialog` TestA"},
	} {
		if got := missingTests(text, tests); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
