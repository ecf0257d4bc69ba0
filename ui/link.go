package ui

import (
	"net/url"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openLinks opens the link of a message; of several it asks which. Without any it saves the file.
func (w *window) openLinks(links []string, m *chat.Message) tea.Cmd {
	switch {
	case len(links) == 1:
		return w.follow(links[0], m)
	case len(links) > 1:
		items := make([]dialog.Item, len(links))
		for i, l := range links {
			items[i] = dialog.Item{Title: safe.Own(l), Do: func() tea.Cmd { return w.follow(l, m) }}
		}
		w.show(dialog.NewMenu(dialogMenu, safe.Lit(words.LinksTitle), items))
	case m.Media != nil:
		w.save(m)
	}
	return nil
}

// follow opens a link: one into Matrix here, any other in the browser. Where
// there is no browser it is copied. A link that is written as something else is
// asked about.
func (w *window) follow(link string, m *chat.Message) tea.Cmd {
	if looksLikeAddress(link) {
		if user := matrixUser(link); user.Valid() {
			w.openDirect(string(user))
		} else {
			w.openJoin(link)
		}
		return nil
	}
	open := w.term.Open(link)
	if open == nil {
		w.copyLink(link, "")
		return nil
	}
	host := safe.Line(richtext.Host(link)).String()
	if !w.chat.Masked(m, link) {
		w.say(words.Opening(host), false)
		return open
	}
	w.show(&dialog.Confirm{
		Name: dialogLink, Head: safe.Own(words.OpenTitle(host)), Question: safe.Own(words.OpenQuestion(safe.Line(link).String())),
		Yes: func() tea.Cmd {
			w.say(words.Opening(host), false)
			return open
		},
	})
	return nil
}

// copyLink copies a link that cannot be opened, and says why.
func (w *window) copyLink(link, why string) {
	if w.status == nil {
		return
	}
	if err := w.term.Clipboard(link); err != nil {
		w.say(words.TooLongToCopy, true)
		return
	}
	w.say(words.LinkCopied(why), false)
}

// matrixUser returns the person that a link into Matrix names, or "". An id that
// would not be shown as it is could pass for another.
func matrixUser(link string) chat.UserID {
	rest, ok := strings.CutPrefix(link, "https://matrix.to/#/")
	if !ok {
		if rest, ok = strings.CutPrefix(link, "matrix:u/"); !ok {
			return ""
		}
		rest = "@" + rest
	}
	rest, _, _ = strings.Cut(rest, "?")
	id, err := url.PathUnescape(rest)
	if err != nil || !strings.HasPrefix(id, "@") || strings.ContainsFunc(id, unseen) {
		return ""
	}
	return chat.UserID(id)
}

// unseen reports whether a character may look like another one, or like none.
func unseen(r rune) bool { return r <= ' ' || r >= 0x7F }
