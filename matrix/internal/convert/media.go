package convert

import (
	"strconv"
	"strings"
	"time"

	"hubbub/store/chat"
)

// media reads the file of a message. Body stays the caption; it equals the
// file name when there is no caption.
func (it *Item) media(b body) {
	m := &chat.Media{Name: Cut(text(b.filename), MaxName)}
	if m.Name == "" {
		m.Name = Cut(it.Body, MaxName)
	}
	m.URL = Cut(text(b.url), MaxTopic)
	if IsObject(b.file) {
		m.URL = Cut(text(Get(b.file, "url")), MaxTopic)
		m.Keys = append([]byte(nil), b.file...)
	}
	Members(b.info, func(key, value []byte) bool {
		n, _ := Int(value)
		n = max(n, 0)
		switch string(key) {
		case "mimetype":
			m.Mime = Cut(text(value), MaxName)
		case "size":
			m.Size = n
		case "w":
			m.Width = int(min(n, 1<<20))
		case "h":
			m.Height = int(min(n, 1<<20))
		case "duration":
			m.Length = time.Duration(min(n, 1<<40)) * time.Millisecond
		}
		return true
	})
	it.Media = m
	if m.URL == "" {
		it.Problem = "file without address"
	}
}

// location puts the coordinates behind the description when it lacks them.
func (it *Item) location(b body) {
	geo := Cut(text(b.geo), MaxName)
	if geo == "" || strings.Contains(it.Body, geo) {
		return
	}
	it.Body = strings.TrimSpace(it.Body + " " + geo)
}

// poll takes the question and the answers as the body.
//
// MSC3381 (stable m.poll.start, unstable prefix org.matrix.msc3381)
func (it *Item) poll(content []byte) {
	it.Kind = chat.KindPoll
	if it.RelType == RelReplace {
		if c := Get(content, "m.new_content"); IsObject(c) {
			content = c
		} else {
			it.RelType, it.RelTarget = "", ""
		}
	}
	it.mentions(Get(content, "m.mentions"))
	start := Get(content, "m.poll")
	if start == nil {
		start = Get(content, "org.matrix.msc3381.poll.start")
	}
	question := extensible(Get(start, "question"))
	if question == "" {
		it.Kind, it.Problem = chat.KindUnreadable, "poll without question"
		return
	}
	lines := []string{question}
	Elements(Get(start, "answers"), func(v []byte) bool {
		if s := extensible(v); s != "" {
			lines = append(lines, strconv.Itoa(len(lines))+". "+s)
		}
		return len(lines) <= 20
	})
	it.Body = Cut(strings.Join(lines, "\n"), MaxBody)
}

// extensible reads a text in any of its forms: m.text (array or, unstable, a string) or body.
//
// MSC1767
func extensible(raw []byte) string {
	if s := text(Get(raw, "org.matrix.msc1767.text")); s != "" {
		return Cut(s, MaxTopic)
	}
	out := text(Get(raw, "m.text"))
	Elements(Get(raw, "m.text"), func(v []byte) bool {
		out = text(Get(v, "body"))
		return out == ""
	})
	if out == "" {
		out = text(Get(raw, "body"))
	}
	return Cut(out, MaxTopic)
}
