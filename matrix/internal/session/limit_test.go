package session

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"hubbub/store/chat"
)

// silent is a homeserver that takes requests and never answers.
type silent struct{}

func (silent) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestSignInAtASilentHomeserverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Registry{http: &http.Client{Transport: silent{}}, log: slog.New(slog.DiscardHandler)}
		_, err := r.passwordLogin(t.Context(), &url.URL{Scheme: "https", Host: "x"}, "ada", "secret", "", "")
		var p *chat.Problem
		if !errors.As(err, &p) || p.Kind != chat.ProblemTimeout {
			t.Errorf("signing in: %v", err)
		}
	})
}

type brokenRing struct{ Keyring }

// A bug of the keyring's library is an error like others: it ends no goroutine that nobody guards.
func TestPanicOfTheKeyringIsAnError(t *testing.T) {
	r := &Registry{keyring: brokenRing{}, log: slog.New(slog.DiscardHandler)}
	if _, err := r.askKeyring(t.Context(), record{}); err == nil {
		t.Error("no error")
	}
}
