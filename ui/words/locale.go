package words

import "strings"

// NotUTF8 says that the locale is none of UTF-8, and what to set. setting is
// the variable that decides, as in "LANG=C".
func NotUTF8(setting string) string {
	name, _, _ := strings.Cut(setting, "=")
	return "Set " + name + "=C.UTF-8: the locale (" + setting + ") is not UTF-8, and tmux or the terminal may garble text."
}
