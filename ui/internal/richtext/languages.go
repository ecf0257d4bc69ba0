package richtext

import "github.com/alecthomas/chroma/v2"

// lexerFile returns the name of the lexer for a language as people write it
// behind the fence of a code block, or "".
func lexerFile(lang string) string {
	switch lang {
	case "go", "golang":
		return "go"
	case "python", "py", "python3", "starlark":
		return "python"
	case "rust", "rs":
		return "rust"
	case "javascript", "js", "jsx", "node":
		return "javascript"
	case "typescript", "ts", "tsx":
		return "typescript"
	case "c", "h":
		return "c"
	case "cpp", "c++", "cc", "hpp":
		return "cpp"
	case "csharp", "c#", "cs":
		return "csharp"
	case "bash", "sh", "shell", "zsh", "ksh":
		return "bash"
	case "json", "jsonc", "json5":
		return "json"
	case "yaml", "yml":
		return "yaml"
	case "diff", "patch":
		return "diff"
	case "kotlin", "kt":
		return "kotlin"
	case "ini", "cfg", "conf", "dosini":
		return "ini"
	case "makefile", "make", "mk":
		return "makefile"
	case "docker", "dockerfile":
		return "docker"
	case "haskell", "hs":
		return "haskell"
	case "html", "xhtml":
		return "html"
	case "xml", "svg", "xsl":
		return "xml"
	case "ruby", "rb":
		return "ruby"
	case "java", "toml", "sql", "lua", "nix", "swift", "css", "zig":
		return lang
	}
	return ""
}

// goLexer describes Go's tokens.
//
// Spec: go.dev/ref/spec#Lexical_elements
func goLexer() (chroma.Lexer, error) {
	return chroma.NewLexer(&chroma.Config{Name: "Go", Aliases: []string{"go"}, EnsureNL: true}, func() chroma.Rules {
		return chroma.Rules{"root": {
			{Pattern: `//[^\n]*`, Type: chroma.CommentSingle},
			{Pattern: `/\*[^*]*(?:\*(?!/)[^*]*)*\*/`, Type: chroma.CommentMultiline},
			{Pattern: "`[^`]*`", Type: chroma.LiteralString},
			{Pattern: `"(?:\\.|[^"\\\n])*"`, Type: chroma.LiteralString},
			{Pattern: `'(?:\\.|[^'\\\n])+'`, Type: chroma.LiteralStringChar},
			{Pattern: `(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)i?`, Type: chroma.LiteralNumber},
			{Pattern: chroma.Words(`\b`, `\b`, "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough",
				"for", "func", "go", "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct",
				"switch", "type", "var", "true", "false", "nil", "iota"), Type: chroma.Keyword},
			{Pattern: chroma.Words(`\b`, `\b`, "any", "bool", "byte", "comparable", "complex64", "complex128", "error", "float32",
				"float64", "int", "int8", "int16", "int32", "int64", "rune", "string", "uint", "uint8", "uint16", "uint32", "uint64",
				"uintptr"), Type: chroma.KeywordType},
			{Pattern: `[\pL_][\pL\pN_]*(?=\()`, Type: chroma.NameFunction},
			{Pattern: `[\pL_][\pL\pN_]*`, Type: chroma.Name},
			{Pattern: `\s+`, Type: chroma.TextWhitespace},
			{Pattern: `[-+*/%&|^<>=!:~]+`, Type: chroma.Operator},
			{Pattern: `.`, Type: chroma.Punctuation},
		}}
	})
}
