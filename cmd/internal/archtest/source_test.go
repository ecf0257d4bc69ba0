package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is this module's path, with which imports of its packages begin.
const module = "hubbub"

// file is one Go file of the repository.
type file struct {
	path  string // from the top of the repository, with slashes
	pkg   string // its folder
	test  bool   // _test.go or in a test-support package
	text  string
	tree  *ast.File
	fset  *token.FileSet
	lines int
}

func (f *file) at(pos token.Pos) string {
	p := f.fset.Position(pos)
	return f.path + ":" + strconv.Itoa(p.Line)
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("the repository's top is not at %s: %v", dir, err)
	}
	return dir
}

// textFiles returns the paths of all files that people write, from the top of the repository.
func textFiles(t *testing.T) []string {
	t.Helper()
	top := root(t)
	var found []string
	err := filepath.WalkDir(top, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(p, top), string(filepath.Separator)))
		switch {
		case entry.IsDir() && (entry.Name() == ".git" || rel == "bin" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		case slices.Contains([]string{".go", ".md", ".mjs", ".sql", ".toml", ".sh", ".yml", ".yaml", ".mod"}, path.Ext(rel)),
			rel == "Makefile", strings.HasPrefix(rel, ".ci/"):
			found = append(found, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func goFiles(t *testing.T) []*file {
	t.Helper()
	top, fset := root(t), token.NewFileSet()
	var files []*file
	for _, name := range textFiles(t) {
		if path.Ext(name) != ".go" || strings.Contains(name, "/testdata/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		pkg := path.Dir(name)
		files = append(files, &file{
			path: name, pkg: pkg, text: string(text), tree: tree, fset: fset, lines: strings.Count(string(text), "\n"),
			test: strings.HasSuffix(name, "_test.go") || slices.ContainsFunc(testSupport, func(s string) bool { return below(pkg, s) }),
		})
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return files
}

// below says whether a path is the folder or in it; "" holds everything.
func below(p, folder string) bool {
	return folder == "" || p == folder || strings.HasPrefix(p, folder+"/")
}
