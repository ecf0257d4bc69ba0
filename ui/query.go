package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// Limits of queries.
const (
	diskLimit    = 5 * time.Second
	networkLimit = 60 * time.Second
)

// question names what is asked. Of several questions of one kind only the last counts.
type question string

// Questions.
const (
	askStart    question = "start"
	askSidebar  question = "sidebar"
	askAhead    question = "ahead"
	askMembers  question = "members"
	askReceipts question = "receipts"
	askUnread   question = "unread"
	askPeople   question = "people"
	askDraft    question = "draft"
	askUnsent   question = "unsent"
	askMention  question = "mention"
	askInviter  question = "inviter"
	askPower    question = "power"
	askSource   question = "source"
	askBrowse   question = "browse"
	askDiscover question = "discover"
	askLogin    question = "login"
	askSignIn   question = "sign in"
	askLogout   question = "sign out"
)

// answerMsg is the outcome of a query.
type answerMsg struct {
	about question
	id    uint64
	value any
	err   error
	apply func(value any, err error) tea.Cmd
}

// asker makes commands that run queries. It is a function so that the context
// they run in is kept nowhere else.
type asker func(limit time.Duration, query func(ctx context.Context) tea.Msg) tea.Cmd

// newAsker returns an asker whose queries end with ctx.
func newAsker(ctx context.Context) asker {
	return func(limit time.Duration, query func(ctx context.Context) tea.Msg) tea.Cmd {
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			return query(ctx)
		}
	}
}

// query asks a question. apply gets the answer in Update, unless the question
// was asked again or dropped in the meantime.
func query[T any](w *window, about question, limit time.Duration, f func(ctx context.Context) (T, error), apply func(T, error) tea.Cmd) tea.Cmd {
	w.asked++
	id := w.asked
	w.waiting[about] = id
	return w.ask(limit, func(ctx context.Context) tea.Msg {
		v, err := f(ctx)
		return answerMsg{about: about, id: id, value: v, err: err, apply: func(value any, err error) tea.Cmd {
			v, _ := value.(T) // the same value, of the type it was made with
			return apply(v, err)
		}}
	})
}

// drop makes a question's answer unwanted.
func (w *window) drop(about question) { delete(w.waiting, about) }

// answer takes an answer.
func (w *window) answer(m answerMsg) tea.Cmd {
	if w.waiting[m.about] != m.id {
		return nil
	}
	delete(w.waiting, m.about)
	return m.apply(m.value, m.err)
}

// problemOf returns an error as a problem.
func problemOf(err error) *chat.Problem {
	if err == nil {
		return nil
	}
	var p *chat.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.DeadlineExceeded):
		return &chat.Problem{Kind: chat.ProblemTimeout, Err: err, Retry: true}
	case errors.Is(err, context.Canceled):
		return &chat.Problem{Kind: chat.ProblemCancelled, Err: err}
	}
	return &chat.Problem{Kind: chat.ProblemUnknown, Detail: err.Error(), Err: err}
}
