package words

// LinkFailed says why a link was copied after all.
const LinkFailed = "The browser did not start. "

// LinkCopied says that a link was copied instead of opened.
func LinkCopied(why string) string { return why + "Link copied." }

// Opening says where a link leads that is being opened.
func Opening(host string) string { return "Opening " + host + "…" }

// OpenTitle asks whether to go to a host.
func OpenTitle(host string) string { return "Open " + host + "?" }

// OpenQuestion shows where a link leads that is written as something else.
func OpenQuestion(link string) string {
	return "The text of this link does not say where it leads: " + link
}
