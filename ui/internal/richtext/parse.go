package richtext

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"hubbub/store/chat"
	"hubbub/ui/safe"
)

// frame is an open element.
type frame struct {
	tag   string
	style span   // inline look to return to
	box   *block // container to return to; nil for inline elements and leaves
	block bool
}

// parser builds a Doc. One parser makes one Doc.
type parser struct {
	me     chat.UserID
	doc    *Doc
	nodes  int
	stack  []frame
	deep   int // open elements beyond MaxDepth
	box    *block
	leaf   *block // where text goes, nil between blocks
	cur    span
	anchor anchor
	skip   string // element whose content is dropped
	skips  int    // how deep
}

func newParser(me chat.UserID) *parser {
	root := &block{kind: kindRoot}
	return &parser{me: me, doc: &Doc{root: root}, box: root}
}

// HTML parses the formatted body of a message: the elements and attributes that
// the specification allows; unknown elements give their content. me is the own
// user id, whose mentions stand out.
//
// Spec: client-server-api#mroommessage-msgtypes
func HTML(src string, me chat.UserID) *Doc {
	p := newParser(me)
	if len(src) > MaxBytes {
		src, p.doc.cut = src[:MaxBytes], true
		for i := 0; i < utf8.UTFMax && len(src) > 0; i++ {
			if r, n := utf8.DecodeLastRuneInString(src); r != utf8.RuneError || n != 1 {
				break
			}
			src = src[:len(src)-1]
		}
	}
	z := html.NewTokenizer(strings.NewReader(src))
	for p.nodes < MaxNodes {
		switch z.Next() {
		case html.ErrorToken:
			p.finish()
			return p.doc
		case html.TextToken:
			if p.skip == "" {
				p.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			p.start(string(name), attributes(z, hasAttr))
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
	p.finish()
	p.doc.cut = true
	return p.doc
}

// finish closes what is open at the end.
func (p *parser) finish() {
	if len(p.stack) > 0 {
		p.pop(0)
	}
	p.closeLeaf()
}

// attrs are the attributes of one element that mean something here.
type attrs struct {
	href, color, alt, class, start, spoiler string
	hasSpoiler, emote                       bool
}

// maxAttrs bounds the attributes that are looked at.
const maxAttrs = 32

func attributes(z *html.Tokenizer, more bool) attrs {
	var a attrs
	for n := 0; more && n < maxAttrs; n++ {
		var key, val []byte
		key, val, more = z.TagAttr()
		v := string(bytes.TrimSpace(val))
		switch string(key) {
		case "href":
			a.href = v
		case "data-mx-color", "color":
			a.color = v
		case "alt":
			a.alt = v
		case "title":
			if a.alt == "" {
				a.alt = v
			}
		case "class":
			a.class = v
		case "start":
			a.start = v
		case "data-mx-emoticon":
			a.emote = true
		case "data-mx-spoiler":
			a.spoiler, a.hasSpoiler = v, true
		}
	}
	return a
}

// start opens an element.
func (p *parser) start(tag string, a attrs) {
	if p.skip != "" {
		if tag == p.skip {
			p.skips++
		}
		return
	}
	switch tag {
	case "mx-reply", "script", "style", "head", "title", "template", "iframe", "object", "noscript":
		p.skip, p.skips = tag, 1
		return
	case "br":
		p.lineBreak()
		return
	case "hr":
		p.closeLeaf()
		p.add(&block{kind: kindRule})
		return
	case "img":
		p.image(a)
		return
	}
	p.implied(tag)
	if len(p.stack) >= MaxDepth {
		p.deep++
		p.doc.cut = true
		return
	}
	f := frame{tag: tag, style: p.cur, box: p.box}
	f.block = p.openBlock(tag, a)
	if !f.block {
		p.openInline(tag, a)
	}
	p.stack = append(p.stack, f)
}

// implied closes what the new element cannot stand in.
func (p *parser) implied(tag string) {
	var ends, stops []string
	switch tag {
	case "li":
		ends, stops = []string{"li"}, []string{"ul", "ol"}
	case "td", "th":
		ends, stops = []string{"td", "th"}, []string{"tr", "table"}
	case "tr":
		ends, stops = []string{"tr"}, []string{"table"}
	case "p":
		ends, stops = []string{"p"}, []string{"li", "blockquote", "td", "th", "div", "details"}
	case "a":
		ends = []string{"a"} // a link in a link begins another
	default:
		return
	}
	for i := len(p.stack) - 1; i >= 0; i-- {
		if slices.Contains(ends, p.stack[i].tag) {
			p.pop(i)
			return
		}
		if slices.Contains(stops, p.stack[i].tag) {
			return
		}
	}
}

// end closes an element and everything left open inside it.
func (p *parser) end(tag string) {
	if p.skip != "" {
		if tag == p.skip {
			if p.skips--; p.skips == 0 {
				p.skip = ""
			}
		}
		return
	}
	if p.deep > 0 {
		p.deep--
		return
	}
	for i := len(p.stack) - 1; i >= 0; i-- {
		if p.stack[i].tag == tag {
			p.pop(i)
			return
		}
	}
}

// pop closes the elements from index i of the stack on.
func (p *parser) pop(i int) {
	for j := len(p.stack) - 1; j >= i; j-- {
		if p.stack[j].tag == "a" {
			p.closeLink()
		}
		if p.stack[j].block {
			p.closeLeaf()
		}
	}
	p.cur, p.box = p.stack[i].style, p.stack[i].box
	p.stack = p.stack[:i]
}

// add appends a block to the open container.
func (p *parser) add(b *block) *block {
	p.nodes++
	p.box.kids = append(p.box.kids, b)
	return b
}

// open returns the leaf that text goes to.
func (p *parser) open() *block {
	if p.leaf == nil {
		p.leaf = p.add(&block{kind: kindPara})
	}
	return p.leaf
}

// closeLeaf ends a paragraph: white space at its end is dropped.
func (p *parser) closeLeaf() {
	if p.leaf == nil {
		return
	}
	l := p.leaf
	p.leaf = nil
	if p.anchor.target != "" {
		p.anchor.text.WriteByte('\n')
	}
	for len(l.spans) > 0 {
		last := &l.spans[len(l.spans)-1]
		s := last.text.String()
		keep := strings.TrimRight(s, " \n")
		if keep != "" || last.role == roleCode {
			last.text = last.text.Slice(0, len(keep))
			return
		}
		l.spans = l.spans[:len(l.spans)-1]
	}
}

func (p *parser) lineBreak() {
	l := p.open()
	l.code.WriteByte('\n')
	p.append(l, p.cur, safe.Lit("\n"))
}

func (p *parser) image(a attrs) {
	if a.alt == "" {
		a.alt = "image"
	}
	if !a.emote {
		a.alt = "[" + a.alt + "]"
	}
	p.text(a.alt)
}
