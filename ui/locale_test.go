package ui

import (
	"testing"

	"hubbub/store/chat"
)

// TestLocaleThatIsNotUTF8 is said at start, with what to set, and in the checkup.
func TestLocaleThatIsNotUTF8(t *testing.T) {
	for _, c := range []struct {
		env  []string
		name string // of the variable to set, "" for none
	}{
		{nil, ""},
		{[]string{"LANG="}, ""},
		{[]string{"LANG=en_GB.UTF-8"}, ""},
		{[]string{"LC_CTYPE=UTF-8", "LANG=C"}, ""},
		{[]string{"LANG=C.utf8"}, ""},
		{[]string{"LANG=C"}, "LANG"},
		{[]string{"LANG=en_GB.UTF-8", "LC_ALL=POSIX"}, "LC_ALL"},
		{[]string{"LC_CTYPE=de_DE.ISO-8859-1", "LANG=de_DE.UTF-8"}, "LC_CTYPE"},
	} {
		found, notice := LocaleFindings(c.env), LocaleNotice(c.env)
		if c.name == "" {
			if len(found) > 0 || notice != "" {
				t.Errorf("%q: %+v, %q", c.env, found, notice)
			}
			continue
		}
		if len(found) != 1 || found[0].State != chat.FindingWarning {
			t.Errorf("%q: %+v", c.env, found)
		}
		s := sit(t, harbour(), 120, 30, func(o *Options) { o.Notice = notice })
		s.want("Set " + c.name + "=C.UTF-8")
	}
}
