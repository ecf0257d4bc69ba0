package richtext

import (
	"embed"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"

	"hubbub/ui/safe"
)

//go:embed lexers/*.xml
var lexerFiles embed.FS

// class is what a token of a program is.
type class uint8

const (
	classPlain class = iota
	classKeyword
	classString
	classNumber
	classComment
	className
	classType
)

// tokenMark tells the class of a token in span.color from a colour.
const tokenMark = 1 << 30

// token ends at a byte offset of the code.
type token struct {
	end   int
	class class
}

// Limits of what is highlighted; longer code is shown plain.
const (
	maxCodeBytes = 32 << 10
	maxCodeLines = 200
	maxCodeTime  = 150 * time.Millisecond
	maxCodes     = 200 // results kept
)

// snippet is a code block: the key of its tokens.
type snippet struct{ lang, text string }

// Highlighter colours code blocks off the hot path: the first layout of a block
// is plain and leaves a [Job]; once its result is delivered, the next layout is
// coloured. Owner: the goroutine of Update. Only code whose language is named is
// coloured; nothing is guessed.
type Highlighter struct {
	lexers *lexers
	done   map[snippet][]token
	want   map[snippet]bool
	jobs   []Job
}

// NewHighlighter returns a highlighter that has loaded nothing yet.
func NewHighlighter() *Highlighter {
	return &Highlighter{
		lexers: &lexers{byName: map[string]chroma.Lexer{}, reg: chroma.NewLexerRegistry()},
		done:   map[snippet][]token{}, want: map[snippet]bool{},
	}
}

// Job is one block to highlight. [Job.Run] may be called in any goroutine.
type Job struct {
	code   snippet
	lexers *lexers
}

// Result is what a job found.
type Result struct {
	code   snippet
	tokens []token
}

// Jobs returns what is to be done since the last call.
func (h *Highlighter) Jobs() []Job {
	out := h.jobs
	h.jobs = nil
	return out
}

// Deliver takes a result. Blocks laid out from now on are coloured.
func (h *Highlighter) Deliver(r Result) {
	if len(h.done) >= maxCodes {
		clear(h.done)
	}
	h.done[r.code] = r.tokens
	delete(h.want, r.code)
}

// lookup returns the tokens of a block, or nil: then a job is waiting, or there
// is nothing to colour.
func (h *Highlighter) lookup(lang, text string) []token {
	if h == nil || lexerFile(lang) == "" || len(text) > maxCodeBytes || strings.Count(text, "\n") > maxCodeLines {
		return nil
	}
	key := snippet{lang, text}
	tokens, ok := h.done[key]
	if !ok && !h.want[key] {
		h.want[key] = true
		h.jobs = append(h.jobs, Job{key, h.lexers})
	}
	return tokens
}

// Run finds the tokens. Code that takes too long, or trips a lexer, stays plain.
func (j Job) Run() (r Result) {
	r.code = j.code
	defer func() {
		// Lexers are tables of regular expressions that meet text from
		// strangers here; what they cannot take is shown without colours.
		if recover() != nil {
			r.tokens = nil
		}
	}()
	lx := j.lexers.get(j.code.lang)
	if lx == nil {
		return r
	}
	next, err := lx.Tokenise(&chroma.TokeniseOptions{State: "root"}, j.code.text)
	if err != nil {
		return r
	}
	deadline := time.Now().Add(maxCodeTime)
	end := 0
	for t := next(); t != chroma.EOF; t = next() {
		end += len(t.Value)
		if end > len(j.code.text)+1 || time.Now().After(deadline) {
			return Result{code: j.code}
		}
		end = min(end, len(j.code.text)) // a lexer may add a line break
		c := classOf(t.Type)
		if n := len(r.tokens); n > 0 && r.tokens[n-1].class == c {
			r.tokens[n-1].end = end
			continue
		}
		r.tokens = append(r.tokens, token{end, c})
	}
	return r
}

// tokenSpans makes spans of tokens.
func tokenSpans(code string, tokens []token) []span {
	spans := make([]span, 0, len(tokens))
	from := 0
	for _, t := range tokens {
		if t.end > len(code) {
			break
		}
		spans = append(spans, span{text: safe.Body(code[from:t.end]), color: tokenMark | uint32(t.class)})
		from = t.end
	}
	if from < len(code) {
		spans = append(spans, span{text: safe.Body(code[from:])})
	}
	return spans
}

func classOf(t chroma.TokenType) class {
	switch {
	case t == chroma.KeywordType || t == chroma.NameClass || t == chroma.NameBuiltin:
		return classType
	case t.InCategory(chroma.Keyword):
		return classKeyword
	case t.InSubCategory(chroma.LiteralString):
		return classString
	case t.InSubCategory(chroma.LiteralNumber):
		return classNumber
	case t.InCategory(chroma.Comment):
		return classComment
	case t == chroma.NameFunction || t == chroma.NameTag || t == chroma.NameAttribute || t == chroma.NameDecorator:
		return className
	case t == chroma.GenericInserted:
		return classString
	case t == chroma.GenericDeleted:
		return classKeyword
	}
	return classPlain
}

// lexers are read from the embedded files when they are first needed.
type lexers struct {
	mu     sync.Mutex
	reg    *chroma.LexerRegistry
	byName map[string]chroma.Lexer
}

func (l *lexers) get(lang string) chroma.Lexer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.load(lexerFile(lang))
}

// load reads a lexer, and before it the ones it refers to.
func (l *lexers) load(file string) chroma.Lexer {
	if lx, ok := l.byName[file]; ok {
		return lx
	}
	l.byName[file] = nil
	switch file {
	case "html":
		l.load("css")
		l.load("javascript")
	case "docker":
		l.load("bash")
		l.load("json")
	case "makefile":
		l.load("bash")
	}
	var lx chroma.Lexer
	var err error
	if file == "go" {
		lx, err = goLexer()
	} else {
		lx, err = chroma.NewXMLLexer(lexerFiles, "lexers/"+file+".xml")
	}
	if err != nil {
		return nil
	}
	l.byName[file] = l.reg.Register(lx)
	return lx
}
