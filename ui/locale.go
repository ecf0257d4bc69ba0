package ui

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/term"
	"hubbub/ui/words"
)

// LocaleNotice returns a sentence for Options.Notice when the locale of an
// environment (as of os.Environ) is not one of UTF-8, else "".
func LocaleNotice(env []string) string {
	setting := term.Env(env).NotUTF8()
	if setting == "" {
		return ""
	}
	return words.NotUTF8(setting)
}

// LocaleFindings returns the same for a checkup.
func LocaleFindings(env []string) []chat.Finding {
	setting := term.Env(env).NotUTF8()
	if setting == "" {
		return nil
	}
	return []chat.Finding{{Topic: chat.TopicLocale, State: chat.FindingWarning, Detail: setting}}
}
