package words

import "strings"

// Words of the sign-in screen.
const (
	LoginTitle       = "Sign in to Matrix"
	LoginAddress     = "Homeserver"
	LoginAddressHint = "example.org, or https://matrix.example.org"
	LoginUser        = "User"
	LoginUserHint    = "ada, or @ada:example.org"
	LoginPassword    = "Password"
	LoginKeys        = "Enter go on · Tab next field · Esc back · Ctrl+Q quit"
	LoginLooking     = "Looking for the homeserver…"
	LoginSigningIn   = "Signing in…"
	LoginStarting    = "Signed in. Starting…"
	LoginNeedAddress = "Type the name of your homeserver, such as example.org."
	LoginNeedUser    = "Type your user name."
	LoginNeedPass    = "Type your password."
)

// LoginFound says which homeserver was found.
func LoginFound(url string) string { return "Homeserver: " + url }

// LoginNoPassword says which ways a homeserver offers when password is none of them.
func LoginNoPassword(flows []string) string {
	if len(flows) == 0 {
		return "This homeserver offers no way to sign in that hubbub knows."
	}
	return "This homeserver does not take passwords. It offers: " + strings.Join(flows, ", ") +
		". hubbub can sign in by password only; use another homeserver, or ask its people."
}
