package archtest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// update writes docs/SPECS.md instead of comparing it: `make gen` does that.
var update = flag.Bool("update", false, "write docs/SPECS.md")

// reference finds a comment line that names the specification which code implements.
var reference = regexp.MustCompile(`^\s*//\s*(Spec: .+|MSC\d+.*)$`)

// TestSpecificationIndexIsCurrent holds docs/SPECS.md against the references in the comments, so that one can go from
// a section of the specification to the code.
func TestSpecificationIndexIsCurrent(t *testing.T) {
	want := specIndex(t)
	place := filepath.Join(root(t), "docs", "SPECS.md")
	if *update {
		if err := os.WriteFile(place, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/SPECS.md does not list the references in the comments: make gen writes it")
	}
}

// specIndex makes the page: a row for each reference with the files that name it.
func specIndex(t *testing.T) string {
	t.Helper()
	files := map[string][]string{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		for line := range strings.Lines(f.text) {
			m := reference.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
			if m == nil {
				continue
			}
			ref := strings.TrimSuffix(strings.TrimPrefix(m[1], "Spec: "), ".")
			if !slices.Contains(files[ref], f.path) {
				files[ref] = append(files[ref], f.path)
			}
		}
	}
	refs := make([]string, 0, len(files))
	for ref := range files {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	var b strings.Builder
	b.WriteString("# Specifications\n\nWhich section is implemented where. Made from the comments by `make gen`. " +
		"`client-server-api#…`, `appendices#…` and\n`rooms/…` are pages of the Matrix specification; MSC numbers are its proposals.\n\n" +
		"| reference | files |\n|---|---|\n")
	for _, ref := range refs {
		slices.Sort(files[ref])
		fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(ref, "|", "\\|"), "`"+strings.Join(files[ref], "`, `")+"`")
	}
	return b.String()
}
