package compose

// maxHistory is how many sent texts are kept.
const maxHistory = 100

// history is what was sent, oldest first.
type history struct {
	sent []string
	at   int    // index into sent while browsing
	on   bool   // browsing
	own  string // what stood in the editor before browsing
}

func (h *history) leave() { h.on, h.own = false, "" }

// Remember adds a sent text to the history.
func (e *Editor) Remember(text string) {
	h := &e.hist
	h.leave()
	if text == "" || len(h.sent) > 0 && h.sent[len(h.sent)-1] == text {
		return
	}
	if len(h.sent) == maxHistory {
		h.sent = h.sent[1:]
	}
	h.sent = append(h.sent, text)
}

// HistoryBack shows the text sent before and reports whether there is one. What
// was being typed comes back by [Editor.HistoryForward].
func (e *Editor) HistoryBack() bool {
	h := &e.hist
	at, own := len(h.sent)-1, e.text
	if h.on {
		at, own = h.at-1, h.own
	}
	if at < 0 {
		return false
	}
	e.recall(h.sent[at])
	h.on, h.at, h.own = true, at, own
	return true
}

// HistoryForward is the way back.
func (e *Editor) HistoryForward() bool {
	h := &e.hist
	if !h.on {
		return false
	}
	at, own := h.at+1, h.own
	if at == len(h.sent) {
		e.recall(own)
		return true
	}
	e.recall(h.sent[at])
	h.on, h.at, h.own = true, at, own
	return true
}

func (e *Editor) recall(text string) { e.apply(changePaste, text, len(text)) }
