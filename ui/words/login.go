package words

import (
	"strings"

	"hubbub/store/chat"
)

// Words of the sign-in screen.
const (
	LoginTitle       = "Sign in to Matrix"
	LoginAddress     = "Homeserver"
	LoginAddressHint = "example.org, or https://matrix.example.org"
	LoginUser        = "User"
	LoginUserHint    = "ada, or @ada:example.org"
	LoginPassword    = "Password"
	LoginAbout       = "Your homeserver is what stands behind the colon of your user id: example.org in @ada:example.org."
	LoginNoAccount   = "No account yet? Make one on a homeserver's web page, or in another client."
	LoginKeysAddress = "Enter go on · Ctrl+Q quit"
	LoginKeysFields  = "Enter sign in · Tab next field · Esc back · Ctrl+Q quit"
	LoginKeysWait    = "Esc back · Ctrl+Q quit"
	LoginLooking     = "Looking for the homeserver…"
	LoginSigningIn   = "Signing in…"
	LoginStarting    = "Signed in. Starting…"
	LoginNeedAddress = "Type the name of your homeserver, such as example.org."
	LoginNeedUser    = "Type your user name."
	LoginNeedPass    = "Type your password."
)

// LoginFound says which homeserver was found.
func LoginFound(url string) string { return "Homeserver: " + url }

// LoginOtherWay is the next step where a homeserver takes no passwords.
const LoginOtherWay = "hubbub signs in by password only: ask the homeserver's people for one, or use another homeserver."

// LoginNoPassword says which ways a homeserver offers when password is none of them.
func LoginNoPassword(offered []string) string {
	list := flows(strings.Join(offered, ","))
	if list == "" {
		return "This homeserver offers no way to sign in."
	}
	return "This homeserver does not take passwords. It offers: " + list + "."
}

// SignInProblem words why a sign-in does not work: what was found of the
// homeserver before it failed, and the problem.
func SignInProblem(o chat.LoginOptions, p *chat.Problem) (what, next string) {
	host, led := strings.TrimPrefix(strings.TrimPrefix(o.Homeserver, "https://"), "http://"), ""
	if host == "" {
		host = o.Name
	}
	if o.Name != "" && host != o.Name {
		led = " " + o.Name + " names it as its homeserver."
	}
	if host == "" {
		host = "The homeserver"
	}
	const ask = "Check the address, or ask the homeserver's people."
	switch p.Kind {
	case chat.ProblemOffline:
		return host + " cannot be reached." + led, "Check the address and the network, then try again."
	case chat.ProblemTimeout:
		return host + " did not answer in time." + led, "Check the address and the network, then try again."
	case chat.ProblemNoHost:
		return "There is no host of that name" + colon(p.Detail) + led, "Check the spelling of the address."
	case chat.ProblemTLS:
		return "The connection to " + host + " is not secure" + colon(strings.TrimPrefix(strings.TrimPrefix(p.Detail, "tls: "), "x509: ")) + led,
			"Check the address and this machine's clock."
	case chat.ProblemNotMatrix:
		return host + " is not a Matrix homeserver" + colon(p.Detail) + led,
			"Give the server name (example.org) or the homeserver's own address (https://matrix.example.org)."
	case chat.ProblemHomeserver:
		return host + " has trouble" + colon(p.Detail) + led, "Try again in a while."
	case chat.ProblemNoPassword:
		return LoginNoPassword(strings.Split(p.Detail, ",")), LoginOtherWay
	case chat.ProblemInsecure:
		return "Refused, because it would not be private" + colon(p.Detail) + led, "Use https; http is for this machine alone."
	case chat.ProblemForbidden:
		return host + " refuses" + colon(p.Detail), ask
	case chat.ProblemNotFound:
		if p.Code != "" {
			return host + " does not know how to sign in" + colon(p.Detail) + led, ask
		}
	}
	return Problem(p)
}

// SignInLine returns both sentences of SignInProblem in one line.
func SignInLine(o chat.LoginOptions, p *chat.Problem) string {
	what, next := SignInProblem(o, p)
	return strings.TrimSpace(what + " " + next)
}
