package app

import (
	"hubbub/store/chat"
	"hubbub/ui"
)

// ReadCode returns the payload of a verification's QR code out of a picture, or of its text form.
func ReadCode(given []byte) ([]byte, error) { return ui.ReadCode(given) }

// DrawCode draws the payload of a verification as a QR code for a terminal, with ascii of "##" only.
func DrawCode(payload []byte, ascii bool) (string, error) { return ui.DrawCode(payload, ascii) }

// LocaleFindings returns what the checkup has to say about the environment's locale.
func LocaleFindings(environ []string) []chat.Finding { return ui.LocaleFindings(environ) }
