package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/store/chat"
)

// maxRetryAfter bounds what a homeserver can make us wait: a day.
const maxRetryAfter = 24 * time.Hour

// fromAnswer translates an answer that is not a success.
//
// Spec: client-server-api#standard-error-response
func fromAnswer(err error) *chat.Problem {
	var he mautrix.HTTPError
	if !errors.As(err, &he) {
		var re mautrix.RespError
		if !errors.As(err, &re) {
			return nil
		}
		he = mautrix.HTTPError{RespError: &re}
	}
	if he.RespError == nil && he.WrappedError != nil {
		return nil // no answer, or one that could not be read
	}
	status := 0
	if he.Response != nil {
		status = he.Response.StatusCode
	} else if he.RespError != nil {
		status = he.RespError.StatusCode
	}
	if he.RespError == nil {
		if he.Response == nil {
			return nil
		}
		return fromStatus(status, he.Response.Header)
	}
	p := fromCode(he.RespError, status)
	p.Code = he.RespError.ErrCode
	if p.Detail == "" {
		p.Detail = he.RespError.Err
	}
	if p.Kind == chat.ProblemRateLimit {
		var h http.Header
		if he.Response != nil {
			h = he.Response.Header
		}
		p.RetryAfter = retryAfter(he.RespError.ExtraData, h)
	}
	return p
}

func fromCode(re *mautrix.RespError, status int) *chat.Problem {
	switch re.ErrCode {
	case "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN":
		p := &chat.Problem{Kind: chat.ProblemSignedOut}
		if soft, ok := re.ExtraData["soft_logout"].(bool); ok && soft {
			p.Detail, p.Retry = SoftLogout, true
		}
		return p
	case "M_USER_DEACTIVATED", "M_USER_SUSPENDED", "M_USER_LOCKED":
		return &chat.Problem{Kind: chat.ProblemForbidden}
	case "M_LIMIT_EXCEEDED":
		return &chat.Problem{Kind: chat.ProblemRateLimit, Retry: true}
	case "M_FORBIDDEN", "M_UNAUTHORIZED", "M_GUEST_ACCESS_FORBIDDEN", "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM",
		"M_UNABLE_TO_AUTHORISE_JOIN", "M_UNABLE_TO_GRANT_JOIN", "M_RESOURCE_LIMIT_EXCEEDED":
		return &chat.Problem{Kind: chat.ProblemForbidden}
	case "M_TOO_LARGE":
		return &chat.Problem{Kind: chat.ProblemTooLarge}
	case "M_NOT_FOUND", "M_UNRECOGNIZED":
		return &chat.Problem{Kind: chat.ProblemNotFound}
	case "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM", "M_MISSING_PARAM", "M_BAD_STATE", "M_ROOM_IN_USE",
		"M_INVALID_ROOM_STATE", "M_UNSUPPORTED_ROOM_VERSION", "M_INCOMPATIBLE_ROOM_VERSION", "M_INVALID_USERNAME":
		return &chat.Problem{Kind: chat.ProblemBadInput}
	}
	return fromStatus(status, nil)
}

// fromStatus judges by the status alone: the errcode is unknown or there is none.
func fromStatus(status int, h http.Header) *chat.Problem {
	p := &chat.Problem{Detail: fmt.Sprintf("HTTP %d", status)}
	switch {
	case status == http.StatusTooManyRequests:
		p.Kind, p.Retry, p.RetryAfter = chat.ProblemRateLimit, true, retryAfter(nil, h)
	case status == http.StatusRequestEntityTooLarge:
		p.Kind = chat.ProblemTooLarge
	case status == http.StatusRequestTimeout || status == http.StatusGatewayTimeout:
		p.Kind, p.Retry = chat.ProblemTimeout, true
	case status >= 500:
		p.Kind, p.Retry = chat.ProblemHomeserver, true
		p.RetryAfter = retryAfter(nil, h)
	case h == nil && status == http.StatusForbidden:
		p.Kind = chat.ProblemForbidden
	case h == nil && status == http.StatusNotFound:
		p.Kind = chat.ProblemNotFound
	case h == nil && status >= 400:
		p.Kind = chat.ProblemBadInput
	default: // no errcode and nothing that a proxy would say for a moment
		p.Kind, p.Retry = chat.ProblemNotMatrix, true
	}
	return p
}

// retryAfter reads the wait from the header, or else from `retry_after_ms`,
// and returns 0 when neither says one.
//
// Spec: client-server-api#rate-limiting
func retryAfter(body map[string]any, h http.Header) time.Duration {
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, err := strconv.ParseInt(v, 10, 32); err == nil && s >= 0 {
			return clampWait(time.Duration(s) * time.Second)
		}
		if t, err := http.ParseTime(v); err == nil {
			return clampWait(time.Until(t))
		}
	}
	ms, ok := body["retry_after_ms"].(float64)
	if !ok || !(ms > 0) {
		return 0
	}
	if ms > float64(maxRetryAfter/time.Millisecond) {
		return maxRetryAfter
	}
	return clampWait(time.Duration(ms) * time.Millisecond)
}

func clampWait(d time.Duration) time.Duration {
	return max(0, min(d, maxRetryAfter))
}
