package richtext

import (
	"strconv"
	"strings"
)

// openBlock opens a block element and reports whether tag is one.
func (p *parser) openBlock(tag string, a attrs) bool {
	var b *block
	switch tag {
	case "p":
		p.closeLeaf()
		p.leaf = p.add(&block{kind: kindPara, gap: true})
		return true
	case "div", "caption", "thead", "tbody", "tfoot":
		p.closeLeaf()
		return true
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.closeLeaf()
		p.leaf = p.add(&block{kind: kindHeading})
		return true
	case "pre":
		p.closeLeaf()
		p.leaf = p.add(&block{kind: kindPre})
		return true
	case "blockquote":
		b = &block{kind: kindQuote}
	case "ul":
		b = &block{kind: kindList}
	case "ol":
		b = &block{kind: kindList, ordered: true, start: 1}
		if n, err := strconv.Atoi(a.start); err == nil && n >= 0 && n < 1e9 {
			b.start = n
		}
	case "li":
		b = &block{kind: kindItem}
	case "table":
		b = &block{kind: kindTable}
	case "tr":
		b = &block{kind: kindRow}
	case "td", "th":
		b = &block{kind: kindCell, head: tag == "th"}
	case "details":
		b = &block{kind: kindDetails}
		p.doc.folds = true
	case "summary":
		b = &block{kind: kindSummary}
	default:
		return false
	}
	p.closeLeaf()
	p.box = p.add(b)
	return true
}

// openInline changes the look of the text that follows.
func (p *parser) openInline(tag string, a attrs) {
	switch tag {
	case "b", "strong":
		p.cur.attr |= attrBold
	case "i", "em", "cite":
		p.cur.attr |= attrItalic
	case "u", "ins":
		p.cur.attr |= attrUnderline
	case "s", "del", "strike":
		p.cur.attr |= attrStrike
	case "code", "tt", "kbd", "samp":
		if p.leaf != nil && p.leaf.kind == kindPre {
			p.leaf.lang = language(a.class)
		} else {
			p.cur.role = roleCode
		}
	case "sup":
		p.text("^")
	case "sub":
		p.text("_")
	case "a":
		p.openLink(a.href)
	}
	if c, ok := parseColor(a.color); ok && (tag == "span" || tag == "font") {
		p.cur.color = c
	}
	if a.hasSpoiler && tag == "span" {
		if a.spoiler != "" {
			p.text("(" + a.spoiler + ") ")
		}
		p.cur.spoiler = true
		p.doc.spoilers = true
	}
}

// language returns the language of a class such as "language-go".
func language(class string) string {
	for c := range strings.FieldsSeq(class) {
		if l, ok := strings.CutPrefix(c, "language-"); ok {
			return strings.ToLower(l)
		}
	}
	return ""
}
