// Package archtest holds the architecture as tests: who imports whom, with a reason per line, and the rules of the
// house that a compiler does not check. It has no code of its own.
//
// A new arrow between packages is a new line of the table in table_test.go, in the same commit.
package archtest
