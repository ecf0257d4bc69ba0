package crypto

import (
	"io"
	"log/slog"

	"github.com/rs/zerolog"
)

// safeHook forwards only the constant message of a library log line: its
// fields hold keys, session descriptions and ciphertexts.
type safeHook struct{ log *slog.Logger }

// Run implements zerolog.Hook.
func (h safeHook) Run(_ *zerolog.Event, level zerolog.Level, msg string) {
	if level >= zerolog.WarnLevel {
		h.log.Debug("Crypto library message", "text", msg)
	}
}

// quiet returns a logger for mautrix that writes no field anywhere.
func quiet(log *slog.Logger) *zerolog.Logger {
	l := zerolog.New(io.Discard).Level(zerolog.WarnLevel).Hook(safeHook{log})
	return &l
}
