package archtest_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, decl := range f.tree.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s: %s has no comment", f.at(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					checkSpecDoc(t, f, d, spec)
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	switch x := typ.(type) {
	case *ast.IndexExpr:
		typ = x.X
	case *ast.IndexListExpr:
		typ = x.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// checkSpecDoc accepts a comment on the group, above the name or behind it.
func checkSpecDoc(t *testing.T, f *file, d *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
			t.Errorf("%s: %s has no comment", f.at(s.Pos()), s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				t.Errorf("%s: %s has no comment", f.at(s.Pos()), name.Name)
			}
		}
	}
}

// TestPackageVariablesAreConstant allows what Go has no constant for: sentinel errors, compiled patterns, embedded
// files, and tables that nothing assigns to.
func TestPackageVariablesAreConstant(t *testing.T) {
	variables := map[string]map[string]bool{} // package → name
	files := goFiles(t)
	for _, f := range files {
		if f.test {
			continue
		}
		for _, decl := range f.tree.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				s := spec.(*ast.ValueSpec)
				if !constantLike(d, s) {
					t.Errorf("%s: the package variable %s is state", f.at(s.Pos()), s.Names[0].Name)
				}
				for _, name := range s.Names {
					if variables[f.pkg] == nil {
						variables[f.pkg] = map[string]bool{}
					}
					variables[f.pkg][name.Name] = true
				}
			}
		}
	}
	for _, f := range files {
		if !f.test {
			checkAssignments(t, f, variables[f.pkg])
		}
	}
}

func constantLike(d *ast.GenDecl, s *ast.ValueSpec) bool {
	if s.Names[0].Name == "_" {
		return true
	}
	for _, doc := range []*ast.CommentGroup{d.Doc, s.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if strings.HasPrefix(c.Text, "//go:embed") {
				return true
			}
		}
	}
	if len(s.Values) != len(s.Names) {
		return false
	}
	for _, value := range s.Values {
		switch v := value.(type) {
		case *ast.CompositeLit:
		case *ast.UnaryExpr:
			if _, table := v.X.(*ast.CompositeLit); !table {
				return false
			}
		case *ast.CallExpr:
			ok := isSelector(v.Fun, "errors", "New") || isSelector(v.Fun, "fmt", "Errorf") ||
				isSelector(v.Fun, "regexp", "MustCompile") || isSelector(v.Fun, "strings", "NewReplacer") ||
				isConversion(v) || isNodeKind(v)
			if !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isConversion recognises []byte("…").
func isConversion(v *ast.CallExpr) bool {
	_, slice := v.Fun.(*ast.ArrayType)
	return slice
}

// isNodeKind recognises a node kind of goldmark, which numbers them in a registry of its own.
func isNodeKind(v *ast.CallExpr) bool {
	fn, ok := v.Fun.(*ast.SelectorExpr)
	return ok && fn.Sel.Name == "NewNodeKind"
}

// checkAssignments finds assignments to the package's variables, or into them, in one file.
func checkAssignments(t *testing.T, f *file, variables map[string]bool) {
	t.Helper()
	report := func(x ast.Expr) {
		for {
			switch y := x.(type) {
			case *ast.IndexExpr:
				x = y.X
				continue
			case *ast.SelectorExpr:
				x = y.X
				continue
			case *ast.Ident:
				if variables[y.Name] && y.Name != "_" && packageLevel(f, y) {
					t.Errorf("%s: an assignment to the package variable %s", f.at(y.Pos()), y.Name)
				}
			}
			return
		}
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					report(left)
				}
			}
		case *ast.IncDecStmt:
			report(n.X)
		}
		return true
	})
}

// packageLevel says whether a name is not a local one. The parser resolves names inside their file; one it leaves
// unresolved belongs to another file of the package.
func packageLevel(f *file, id *ast.Ident) bool {
	return id.Obj == nil || f.tree.Scope.Lookup(id.Name) == id.Obj
}
