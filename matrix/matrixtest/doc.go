// Package matrixtest gives tests of the Matrix side real counterparts: the homeservers of the local stack, accounts on
// them, a plain scripted client ([Client]), matrix-js-sdk with its Rust crypto ([Peer]), and a reverse proxy that makes
// a homeserver misbehave ([Proxy]).
//
// The addresses come from the HUBBUB_STACK_* variables that "stack run" sets; a test that needs a part that is not
// there fails and says so.
package matrixtest
