package richtext

import (
	"strconv"
	"strings"
)

// Text returns the document as plain text, as it is shown: a body has a plain
// form too, but whoever wrote it need not have put the same into both. Spoilers
// and folded details stay hidden unless reveal is set. Code keeps its tabs. The
// text is not sanitised.
func (d *Doc) Text(reveal bool) string {
	c := copier{reveal: reveal}
	c.blocks(d.root.kids, "", "")
	return strings.TrimRight(strings.Join(c.lines, "\n"), "\n ")
}

// copier collects the lines of a document.
type copier struct {
	reveal bool
	lines  []string
}

// blocks adds the blocks of a container: first stands before its first line,
// rest before the others.
func (c *copier) blocks(kids []*block, first, rest string) {
	for i, b := range kids {
		if b.kind == kindPara && b.gap && i > 0 && kids[i-1].kind == kindPara && len(b.spans) > 0 {
			c.lines = append(c.lines, rest)
		}
		before := len(c.lines)
		c.block(b, first, rest)
		if len(c.lines) > before {
			first = rest
		}
	}
}

func (c *copier) block(b *block, first, rest string) {
	switch b.kind {
	case kindPara, kindHeading, kindPre:
		if len(b.spans) > 0 {
			c.add(c.leaf(b), first, rest)
		}
	case kindRule:
		c.add("---", first, rest)
	case kindQuote:
		c.blocks(b.kids, first+"> ", rest+"> ")
	case kindList:
		c.list(b, first, rest)
	case kindRow:
		cells := make([]string, 0, len(b.kids))
		for _, k := range b.kids {
			if k.kind != kindCell {
				c.blocks([]*block{k}, first, rest)
				continue
			}
			cells = append(cells, c.spans(flatten(k, nil, 0)))
		}
		if len(cells) > 0 {
			c.add(strings.Join(cells, " | "), first, rest)
		}
	case kindDetails:
		for _, k := range b.kids {
			if c.reveal || k.kind == kindSummary {
				c.blocks([]*block{k}, first, rest)
			}
		}
	case kindRoot, kindItem, kindTable, kindCell, kindSummary:
		c.blocks(b.kids, first, rest)
	}
}

func (c *copier) list(b *block, first, rest string) {
	n := b.start
	for _, k := range b.kids {
		mark := "- "
		switch {
		case k.kind != kindItem:
			mark = ""
		case b.ordered:
			mark = strconv.Itoa(n) + ". "
			n++
		}
		c.blocks([]*block{k}, first+mark, rest+strings.Repeat(" ", len(mark)))
		first = rest
	}
}

// leaf returns the text of a leaf.
func (c *copier) leaf(b *block) string {
	if b.kind == kindPre && (c.reveal || !hides(b.spans)) {
		return strings.Trim(b.code.String(), "\n")
	}
	return c.spans(b.spans)
}

func hides(spans []span) bool {
	for i := range spans {
		if spans[i].spoiler {
			return true
		}
	}
	return false
}

func (c *copier) spans(spans []span) string {
	var b strings.Builder
	for i := range spans {
		if spans[i].spoiler && !c.reveal {
			b.WriteString("…")
			continue
		}
		b.WriteString(spans[i].text.String())
	}
	return b.String()
}

// add adds the lines of a text.
func (c *copier) add(text, first, rest string) {
	for line := range strings.SplitSeq(text, "\n") {
		c.lines = append(c.lines, first+line)
		first = rest
	}
}
