package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"hubbub/ui/safe"
)

// json prints a value as one line.
func (r *root) json(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := r.streams.Out.WriteString(safe.JSON(b.String())); err != nil {
		return &outputError{err}
	}
	return nil
}
