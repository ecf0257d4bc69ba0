package fault

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json/jsontext"
	"maunium.net/go/mautrix"

	"hubbub/store/chat"
)

// fromNetwork translates what happened before there was an answer.
func fromNetwork(err error) *chat.Problem {
	if p := fromTLS(err); p != nil {
		return p
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		switch {
		case dns.IsNotFound:
			return &chat.Problem{Kind: chat.ProblemNoHost, Detail: dns.Name, Retry: true}
		case dns.IsTimeout:
			return &chat.Problem{Kind: chat.ProblemTimeout, Detail: dns.Name, Retry: true}
		}
		return &chat.Problem{Kind: chat.ProblemOffline, Detail: dns.Err, Retry: true}
	}
	for _, no := range [...]syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENETUNREACH,
		syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL,
	} {
		if errors.Is(err, no) {
			return &chat.Problem{Kind: chat.ProblemOffline, Detail: no.Error(), Retry: true}
		}
	}
	if errors.Is(err, syscall.ETIMEDOUT) {
		return &chat.Problem{Kind: chat.ProblemTimeout, Detail: syscall.ETIMEDOUT.Error(), Retry: true}
	}
	var ne net.Error
	isNet := errors.As(err, &ne)
	if (isNet && ne.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)) && !canceled(err) {
		return &chat.Problem{Kind: chat.ProblemTimeout, Retry: true}
	}
	var oe *net.OpError
	if errors.As(err, &oe) && !canceled(err) {
		return &chat.Problem{Kind: chat.ProblemOffline, Detail: oe.Op, Retry: true}
	}
	return nil
}

func canceled(err error) bool {
	p := fromContext(err)
	return p != nil && p.Kind == chat.ProblemCancelled
}

func fromTLS(err error) *chat.Problem {
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		host    x509.HostnameError
		roots   x509.SystemRootsError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	var found error
	switch {
	case errors.As(err, &unknown):
		found = unknown
	case errors.As(err, &invalid):
		found = invalid
	case errors.As(err, &host):
		found = host
	case errors.As(err, &roots):
		found = roots
	case errors.As(err, &verify):
		found = verify
	case errors.As(err, &record):
		found = record
	case errors.As(err, &alert):
		found = alert
	case errors.Is(err, http.ErrSchemeMismatch):
		found = http.ErrSchemeMismatch
	case strings.Contains(strip(err), "tls: "): // crypto/tls has no type for most of its errors
		return &chat.Problem{Kind: chat.ProblemTLS, Detail: strip(err), Retry: true}
	default:
		return nil
	}
	return &chat.Problem{Kind: chat.ProblemTLS, Detail: found.Error(), Retry: true}
}

// fromShape translates an answer that came but cannot be read: not JSON, cut off, too long.
func fromShape(err error) *chat.Problem {
	var (
		syntax  *json.SyntaxError
		kind    *json.UnmarshalTypeError
		grammar *jsontext.SyntacticError
	)
	switch {
	case errors.Is(err, mautrix.ErrResponseTooLong), errors.Is(err, mautrix.ErrBodyReadReachedLimit):
		return &chat.Problem{Kind: chat.ProblemTooLarge, Detail: "answer"}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &chat.Problem{Kind: chat.ProblemOffline, Detail: "the connection ended in the middle of an answer", Retry: true}
	case errors.As(err, &syntax):
		if strings.Contains(syntax.Error(), "unexpected end") {
			return &chat.Problem{Kind: chat.ProblemOffline, Detail: "the answer was cut off", Retry: true}
		}
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "not JSON", Retry: true}
	case errors.As(err, &kind):
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "unexpected JSON", Retry: true}
	case errors.As(err, &grammar):
		return &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "not JSON", Retry: true}
	}
	var he mautrix.HTTPError
	var ue *url.Error
	switch {
	case errors.As(err, &he) && he.Response == nil, errors.As(err, &ue):
		return network(err)
	}
	return nil
}

// network is for a request that failed in a way net has no type for, such
// as a broken HTTP/2 stream: a matter of the network, worth trying again.
func network(err error) *chat.Problem {
	if p := fromContext(err); p != nil {
		return p
	}
	return &chat.Problem{Kind: chat.ProblemOffline, Detail: strip(err), Retry: true}
}

// redactURL returns the error's text without the URL that net/http puts in
// front: a query can hold a token.
func redactURL(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err.Error()
	}
	return err.Error()
}
