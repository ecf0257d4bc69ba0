//go:build race

package main_test

// raced says that the test binary has the race detector; then the program gets it too.
const raced = true
