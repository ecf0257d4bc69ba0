// Package fault translates foreign errors into [chat.Problem]: what happened in
// terms that the screen can explain, whether trying again may help, and when.
// [Guard] makes an error of a panic.
//
// [From] is called where an error leaves the Matrix side: on the feed, on a
// message that was not sent, in the answer of a query. It knows mautrix, net,
// crypto/tls, context, the file system and SQLite. A Problem never carries a
// URL, token or message text; its detail may hold words of the homeserver, raw.
package fault

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"maunium.net/go/mautrix"

	"hubbub/store"
	"hubbub/store/chat"
)

// SoftLogout is the Detail of a ProblemSignedOut when the homeserver asks for
// the password again but keeps the device and its keys. Its Retry is true.
//
// Spec: client-server-api#soft-logout
const SoftLogout = "soft_logout"

// From returns err as a Problem, or nil for a nil error. An error that holds a
// *chat.Problem yields that problem; what is not known becomes ProblemUnknown
// with the error's text as its detail.
func From(err error) *chat.Problem {
	if err == nil {
		return nil
	}
	var known *chat.Problem
	if errors.As(err, &known) {
		return known
	}
	for _, try := range [...]func(error) *chat.Problem{fromAnswer, fromStore, fromFiles, fromSQLite, fromNetwork, fromContext, fromShape} {
		if p := try(err); p != nil {
			p.Err = err
			p.Detail, p.Code = cut(p.Detail, maxDetail), cut(p.Code, maxCode)
			return p
		}
	}
	return &chat.Problem{Kind: chat.ProblemUnknown, Detail: cut(strip(err), maxDetail), Retry: true, Err: err}
}

// Limits in bytes of what a homeserver can make us keep, log and show about an error.
const (
	maxDetail = 500
	maxCode   = 100
)

// cut returns at most about n bytes of s, without half a character at the end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// fromContext comes after the network: a time limit of a dialer says more than
// the bare context error inside it.
func fromContext(err error) *chat.Problem {
	switch {
	case errors.Is(err, context.Canceled):
		return &chat.Problem{Kind: chat.ProblemCancelled, Retry: true}
	case errors.Is(err, context.DeadlineExceeded):
		return &chat.Problem{Kind: chat.ProblemTimeout, Retry: true}
	}
	return nil
}

// fromStore translates the sentinels of the cache.
func fromStore(err error) *chat.Problem {
	switch {
	case errors.Is(err, store.ErrDiskFull):
		return &chat.Problem{Kind: chat.ProblemDiskFull, Retry: true}
	case errors.Is(err, store.ErrReadOnly):
		return &chat.Problem{Kind: chat.ProblemReadOnly, Detail: "cache.db"}
	case errors.Is(err, store.ErrCorrupt):
		return &chat.Problem{Kind: chat.ProblemCorrupt, Detail: "cache.db"}
	case errors.Is(err, store.ErrNewer):
		return &chat.Problem{Kind: chat.ProblemNewer, Detail: "cache.db"}
	case errors.Is(err, store.ErrClosed):
		return &chat.Problem{Kind: chat.ProblemCancelled}
	}
	return nil
}

func fromFiles(err error) *chat.Problem {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &chat.Problem{Kind: chat.ProblemDiskFull, Detail: pathOf(err), Retry: true}
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		if p := pathOf(err); p != "" {
			return &chat.Problem{Kind: chat.ProblemReadOnly, Detail: p}
		}
	case errors.Is(err, fs.ErrNotExist):
		if p := pathOf(err); p != "" {
			return &chat.Problem{Kind: chat.ProblemNotFound, Detail: p}
		}
	}
	return nil
}

func pathOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Path
	}
	return ""
}

func fromSQLite(err error) *chat.Problem {
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return nil
	}
	kind, retry := chat.ProblemUnknown, true
	switch se.Code {
	case sqlite3.ErrFull:
		kind = chat.ProblemDiskFull
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
		kind, retry = chat.ProblemReadOnly, false
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		kind, retry = chat.ProblemCorrupt, false
	case sqlite3.ErrIoErr:
		// A write that does not fit is an I/O error to SQLite when a file size limit stops it.
		if se.SystemErrno == syscall.ENOSPC || se.SystemErrno == syscall.EFBIG || se.SystemErrno == syscall.EDQUOT {
			kind = chat.ProblemDiskFull
		}
	}
	return &chat.Problem{Kind: kind, Detail: se.Error(), Retry: retry}
}

// strip takes mautrix's error apart, whose text would hold the body of the answer.
func strip(err error) string {
	var he mautrix.HTTPError
	if errors.As(err, &he) {
		if he.WrappedError != nil {
			return strip(he.WrappedError)
		}
		if he.Message != "" {
			return he.Message
		}
	}
	return redactURL(err)
}
