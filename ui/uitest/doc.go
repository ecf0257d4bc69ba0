// Package uitest drives the program in tests: [Start] runs a real binary in a
// pseudo-terminal with an emulator behind it, [NewSync] runs a model without any
// terminal, step by step.
//
// Nothing here sleeps: what is awaited is a condition with a deadline, and on
// failure the screen is printed.
package uitest
