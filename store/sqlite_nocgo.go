//go:build !cgo

package store

// classifySQLite has nothing to tell: without cgo the driver opens no file. The
// package compiles, so that other systems can be checked without a C compiler.
func classifySQLite(error) (sentinel, errno error) { return nil, nil }
