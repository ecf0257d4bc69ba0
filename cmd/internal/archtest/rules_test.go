package archtest_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// maxLines is the hard limit of a file; 250 is the aim.
const maxLines = 500

// words that no file contains. They are put together here so that this file does not.
var words = []struct{ pattern, reason string }{
	{`\bTO` + `DO\b|\bFIX` + `ME\b|\bXX` + `X\b|\bHA` + `CK\b`, "what is not done is not in the code"},
	{`(?i)\bnot (yet )?implem` + `ented|\bunimplem` + `ented`, "no stubs"},
	{`/wo` + `rk/(main|shared)|/tmp/br` + `ief`, "a path of somebody's machine"},
}

func TestForbiddenWords(t *testing.T) {
	for _, w := range words {
		pattern := regexp.MustCompile(w.pattern)
		for _, name := range textFiles(t) {
			text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				if found := pattern.FindString(line); found != "" {
					t.Errorf("%s:%d contains %q: %s", name, i+1, found, w.reason)
				}
			}
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.lines > maxLines && !ast.IsGenerated(f.tree) {
			t.Errorf("%s has %d lines, more than %d", f.path, f.lines, maxLines)
		}
	}
}

func TestRulesOfTheHouse(t *testing.T) {
	for _, f := range goFiles(t) {
		comments := commentLines(f)
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: an init function", f.at(n.Pos()))
				}
			case *ast.StructType:
				for _, field := range n.Fields.List {
					if isSelector(field.Type, "context", "Context") {
						t.Errorf("%s: a context in a struct", f.at(field.Pos()))
					}
				}
			case *ast.AssignStmt:
				checkBlank(t, f, n, comments)
			case *ast.CallExpr:
				checkCall(t, f, n)
			}
			return true
		})
	}
}

// commentLines are the lines that hold a comment.
func commentLines(f *file) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.tree.Comments {
		for line := f.fset.Position(group.Pos()).Line; line <= f.fset.Position(group.End()).Line; line++ {
			lines[line] = true
		}
	}
	return lines
}

// checkBlank wants a reason beside every result that is thrown away, or just above.
func checkBlank(t *testing.T, f *file, n *ast.AssignStmt, comments map[int]bool) {
	t.Helper()
	for _, left := range n.Lhs {
		if name, ok := left.(*ast.Ident); !ok || name.Name != "_" {
			return
		}
	}
	if _, call := n.Rhs[0].(*ast.CallExpr); !call {
		return
	}
	first, last := f.fset.Position(n.Pos()).Line, f.fset.Position(n.End()).Line
	if !f.test && !comments[last] && !comments[first-1] && !comments[first-2] && !comments[first-3] {
		t.Errorf("%s: a result is thrown away without a reason", f.at(n.Pos()))
	}
}

// checkCall looks at calls that have no place in some files, or anywhere.
func checkCall(t *testing.T, f *file, n *ast.CallExpr) {
	t.Helper()
	fn, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	inCmd := topOf(f.pkg) == "cmd"
	switch {
	case isSelector(fn, "context", "Background") && !inCmd && !f.test:
		t.Errorf("%s: context.Background() outside cmd and tests", f.at(n.Pos()))
	case isSelector(fn, "context", "TO"+"DO"):
		t.Errorf("%s: a context without an owner", f.at(n.Pos()))
	case isSelector(fn, "time", "Sleep"):
		t.Errorf("%s: time.Sleep; wait for a condition with a deadline", f.at(n.Pos()))
	case isSelector(fn, "os", "Exit") && f.tree.Name.Name != "main" && !f.test:
		t.Errorf("%s: os.Exit outside main", f.at(n.Pos()))
	case f.test && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, fn.Sel.Name) && isTestVariable(fn.X):
		t.Errorf("%s: a test that passes by skipping", f.at(n.Pos()))
	case isSelector(fn, "fmt", "Errorf") || isSelector(fn, "errors", "New"):
		if text := literal(n, 0); strings.Contains(text, "failed to") || (text != "" && strings.HasSuffix(text, ".")) {
			t.Errorf("%s: the error %q is not in the house's form", f.at(n.Pos()), text)
		}
	}
	if isLogger(fn.X) {
		checkLog(t, f, n, fn.Sel.Name)
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// checkLog wants a constant, capitalised message and keys in snake case.
func checkLog(t *testing.T, f *file, n *ast.CallExpr, method string) {
	t.Helper()
	first := slices.Index([]string{"Debug", "Info", "Warn", "Error"}, strings.TrimSuffix(method, "Context"))
	if first < 0 {
		return
	}
	first = 0
	if strings.HasSuffix(method, "Context") {
		first = 1
	}
	if len(n.Args) <= first {
		return // another library's logger
	}
	message := literal(n, first)
	if message == "" || !unicode.IsUpper([]rune(message)[0]) {
		t.Errorf("%s: a log message is a constant that begins with a capital", f.at(n.Pos()))
	}
	for i := first + 1; i < len(n.Args); i++ {
		if _, attr := n.Args[i].(*ast.CallExpr); attr {
			if call := n.Args[i].(*ast.CallExpr); isSlogAttr(call) && !snakeCase.MatchString(literal(call, 0)) {
				t.Errorf("%s: the log key %q is not in snake case", f.at(n.Pos()), literal(call, 0))
			}
			if isSlogAttr(n.Args[i].(*ast.CallExpr)) {
				continue
			}
		}
		if key := literal(n, i); !snakeCase.MatchString(key) {
			t.Errorf("%s: the log key %q is not in snake case", f.at(n.Pos()), key)
		}
		i++ // its value
	}
}

func isSlogAttr(call *ast.CallExpr) bool {
	fn, ok := call.Fun.(*ast.SelectorExpr)
	return ok && isName(fn.X, "slog")
}

// isLogger recognises slog itself and variables or fields named log or logger.
func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"slog", "log", "logger"}, x.Name)
	case *ast.SelectorExpr:
		return slices.Contains([]string{"log", "logger", "Log", "Logger"}, x.Sel.Name)
	}
	return false
}

func isTestVariable(x ast.Expr) bool {
	return isName(x, "t") || isName(x, "b") || isName(x, "tb") || isName(x, "f")
}

func isName(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

func isSelector(x ast.Expr, pkg, name string) bool {
	s, ok := x.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name && isName(s.X, pkg)
}

// literal is the i-th argument if it is a string literal, else "".
func literal(n *ast.CallExpr, i int) string {
	if i >= len(n.Args) {
		return ""
	}
	l, ok := n.Args[i].(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	return strings.Trim(l.Value, "\"`")
}
