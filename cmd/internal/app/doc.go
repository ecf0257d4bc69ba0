// Package app is the composition root: it reads the configuration, opens the
// log, joins accounts, cache, core and window, and orders start and shutdown.
//
// [Load] gives what every command needs (an [Env]); [Env.Window] runs the
// window; [Env.Headless] runs the same core for a command without one.
//
// The window is shown before anything that can be slow: only the account's
// lock and its cache are opened first. The keyring, crypto.db and the network
// come while it is on screen. At the end the core gets three seconds to write
// down what it holds in memory, then the databases are closed.
package app
