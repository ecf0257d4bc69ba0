package ui

import (
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// TestLongNoticeIsReadWhole: it gets rows of its own above the status line, hides
// nothing, and gives them back.
func TestLongNoticeIsReadWhole(t *testing.T) {
	for _, size := range [][2]int{{40, 20}, {80, 24}, {120, 30}} {
		s := sit(t, harbour(), size[0], size[1], nil)
		before := s.win.frame
		path := "/home/somebody/pictures/" + strings.Repeat("holiday/", 8) + "harbour.png"
		s.Send(feedMsg{changes: chat.ChangeSet{Notices: []chat.Notice{{Problem: &chat.Problem{Kind: chat.ProblemNotFound, Detail: path}}}}})
		got := strings.Join(strings.Fields(s.see()), "")
		if !strings.Contains(got, "Thereisnofile:"+path+".Checkitspath.") {
			t.Errorf("at %d columns:\n%s", size[0], s.see())
		}
		s.want("Message #general", "⏎ send")
		s.Resize(30, 8)
		s.Resize(size[0], size[1])
		s.pass(30 * time.Second)
		if after := s.win.frame; !reflect.DeepEqual(after, before) {
			t.Errorf("the panes stand at %v, before at %v", after, before)
		}
		s.wantNot("There is no file")
	}
}

// TestNoticeEndsWithItsFact: not under the next thing that one does.
func TestNoticeEndsWithItsFact(t *testing.T) {
	s := sit(t, harbour(), 120, 30, nil)
	s.Send(feedMsg{changes: chat.ChangeSet{Conn: online(), Notices: []chat.Notice{{Problem: &chat.Problem{Kind: chat.ProblemNotFound, Detail: "/x"}}}}})
	s.want("There is no file: /x")
	s.wantNot("F1 help")
	s.pass(2 * time.Second)
	s.Type("corrected")
	s.want("There is no file: /x")
	s.Key("enter")
	s.wantNot("There is no file")
	s.want("F1 help")
	s.Key("esc", "y")
	s.want("Copied.")
	s.pass(time.Second)
	s.Key("d")
	s.wantNot("Copied.")
	s.Key("esc")
	s.Send(tea.FocusMsg{})
}
