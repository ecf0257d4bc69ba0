// Package ui is the window: one root model that owns the panes, routes keys to
// them by way of the keymap, asks the backend and applies its changes.
//
// [Run] shows it until the person quits. The backend is given as small
// interfaces, see [Backend]; ui imports neither the store nor the Matrix side.
//
// Everything happens in Update's goroutine. An intent is called from there and
// returns at once. A query runs in a command with a time limit; its answer
// carries the number of the question, and an answer to a question that was
// asked anew since is dropped. One timer wakes the window for everything that
// is due later: marking as read, the end of typing, notices that have been shown
// long enough.
package ui
