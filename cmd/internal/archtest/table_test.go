package archtest_test

// arrow lets the packages of one area import something that is not in the standard library. Both sides are paths with
// everything below them; a path of this module has no dot in its first element. Packages under one top folder may always
// import each other unless their area is closed.
type arrow struct {
	from, to, reason string
}

// closed areas import nothing but what their own lines allow, not even their top folder's other packages.
var closed = []string{"store/chat", "config", "ui/words", "ui/safe", "ui/internal/timeline", "ui/internal/roomlist"}

// arrows is the import table. Imports of code.
var arrows = []arrow{
	{"cmd/hubbub", "cmd/internal", "main parses flags and calls the application"},
	{"cmd/hubbub", "ui/words", "errors on the command line are user-visible sentences"},
	{"cmd/hubbub", "ui/safe", "they may hold text from a homeserver"},
	{"cmd/internal/app", "ui", "the composition root joins everything"},
	{"cmd/internal/app", "matrix", "the composition root joins everything"},
	{"cmd/internal/app", "voice", "the composition root joins everything"},
	{"cmd/internal/app", "store", "the composition root joins everything"},
	{"cmd/internal/app", "config", "the composition root joins everything"},
	{"cmd/internal/app", "charm.land/bubbletea/v2", "it runs the program and is the only caller of Send"},
	{"cmd/internal/cli", "matrix", "subcommands run the same core without a window"},
	{"cmd/internal/cli", "store", "subcommands read the local truth"},
	{"cmd/internal/cli", "config", "subcommands read the configuration"},
	{"cmd/internal/cli", "ui/words", "what they print is user-visible"},
	{"cmd/internal/cli", "ui/safe", "remote text reaches the terminal through the sanitiser only"},
	{"cmd/internal/stack", "matrix", "seeding writes through hubbub's own core"},
	{"cmd/internal/stack", "store", "the core needs its store"},
	{"cmd/internal/picture", "github.com/charmbracelet/x/vt", "pictures of the program are taken through a terminal emulator"},
	{"cmd/internal/picture", "github.com/charmbracelet/ultraviolet", "its cells"},
	{"cmd/internal/picture", "github.com/creack/pty", "the program runs in a terminal"},
	{"cmd", "github.com/spf13/cobra", "command line"},
	{"cmd", "github.com/charmbracelet/x/term", "is this a terminal, and reading a password"},
	{"cmd", "golang.org/x/sync", "errgroup"},
	{"cmd", "golang.org/x/sys", "signals and terminals"},

	{"config", "github.com/BurntSushi/toml", "the configuration file's format"},

	{"store", "github.com/mattn/go-sqlite3", "the cache file"},

	{"matrix", "store", "what arrives is written to the local truth"},
	{"matrix", "maunium.net/go/mautrix", "protocol types, HTTP client, OlmMachine"},
	{"matrix", "go.mau.fi/util", "mautrix's key store needs it"},
	{"matrix", "github.com/rs/zerolog", "mautrix's logger, filtered"},
	{"matrix", "github.com/go-json-experiment/json", "sync responses are decoded as a stream"},
	{"matrix", "github.com/yuin/goldmark", "markdown of outgoing messages"},
	{"matrix", "golang.org/x/net/html", "HTML of incoming messages"},
	{"matrix", "mvdan.cc/xurls/v2", "links in plain text"},
	{"matrix", "golang.org/x/image", "thumbnails"},
	{"matrix", "golang.org/x/sync", "errgroup"},
	{"matrix", "golang.org/x/sys", "locks of account directories"},
	{"matrix/internal/session", "github.com/zalando/go-keyring", "the system's secret store"},
	{"matrix/internal/crypto", "github.com/mattn/go-sqlite3", "crypto.db is a file of its own"},
	{"matrix/internal/fault", "github.com/mattn/go-sqlite3", "disk errors are told apart"},

	{"voice", "store/chat", "the shared vocabulary"},
	{"voice", "github.com/pion", "WebRTC"},
	{"voice", "github.com/thesyncim/gopus", "Opus"},
	{"voice", "github.com/gen2brain/malgo", "capture and playback"},
	{"voice", "github.com/coder/websocket", "LiveKit signalling"},
	{"voice", "google.golang.org/protobuf", "LiveKit signalling messages"},
	{"voice", "golang.org/x/sync", "errgroup"},

	{"ui", "store/chat", "the shared vocabulary"},
	{"ui", "config", "settings as plain values"},
	{"ui", "charm.land", "Bubble Tea, Bubbles, Lip Gloss"},
	{"ui", "github.com/charmbracelet/ultraviolet", "cells and the difference of two screens"},
	{"ui", "github.com/charmbracelet/x", "escape sequences, raw mode"},
	{"ui", "github.com/charmbracelet/colorprofile", "colour depth"},
	{"ui", "github.com/clipperhouse", "grapheme clusters and their widths"},
	{"ui", "golang.org/x/image", "pictures in the timeline"},
	{"ui", "golang.org/x/sys", "terminal size and modes"},
	{"ui/internal/richtext", "github.com/alecthomas/chroma", "code highlighting"},
	{"ui/internal/richtext", "golang.org/x/net/html", "message HTML is parsed for rows that are looked at, not at ingest"},
	{"ui/internal/richtext", "golang.org/x/net/idna", "links show the host name that a resolver would see"},
	{"ui/internal/qr", "rsc.io/qr", "verification codes are drawn"},
	{"ui/internal/qr", "github.com/makiuchi-d/gozxing", "and read out of pictures"},
	{"ui/words", "store/chat", "words for its enums"},
	{"ui/safe", "github.com/clipperhouse", "grapheme clusters"},
	{"ui/safe", "github.com/charmbracelet/x/ansi", "what an escape sequence is"},
	{"ui/internal/timeline", "store/chat", "rows come as its types"},
	{"ui/internal/timeline", "ui/words", "dividers and folded changes are sentences"},
	{"ui/internal/timeline", "ui/safe", "remote text leaves it sanitised"},
	{"ui/internal/roomlist", "store/chat", "rooms come as its types"},
	{"ui/internal/roomlist", "ui/words", "headings"},
	{"ui/internal/roomlist", "ui/safe", "remote text leaves it sanitised"},
}

// testArrows are allowed in _test.go files and test-support packages besides.
var testArrows = []arrow{
	{"", "go.uber.org/goleak", "no goroutine is left behind by a test"},
	{"", "golang.org/x/sync", "errgroup"},
	{"cmd", "github.com/creack/pty", "the real binary runs in a pty"},
	{"cmd", "github.com/charmbracelet", "what the pty shows is read by a terminal emulator"},
	{"cmd", "matrix", "whole-program tests use its test support"},
	{"cmd", "ui", "whole-program tests drive the window"},
	{"cmd", "store", "whole-program tests check the store after a kill"},
	{"cmd", "github.com/mattn/go-sqlite3", "whole-program tests give the program the cache of a newer one"},
	{"cmd", "config", "whole-program tests write configurations"},
	{"ui", "store", "tests of the window read through a real store"},
	{"ui", "github.com/creack/pty", "the terminal is tested in a pty"},
	{"ui", "golang.org/x/term", "its modes are checked"},
	{"ui", "github.com/alecthomas/chroma", "highlighting in goldens"},
	{"matrix", "github.com/mattn/go-sqlite3", "disk faults and consistency"},
	{"matrix", "github.com/zalando/go-keyring", "its own mock"},
	{"store", "github.com/mattn/go-sqlite3", "disk faults and consistency"},
}

// testSupport packages are compiled into tests only.
var testSupport = []string{"matrix/matrixtest", "matrix/internal/crypto/cryptotest", "store/storetest", "ui/uitest", "voice/voicetest"}

// stdHomes are standard library packages that only some areas may import, tests apart.
var stdHomes = []struct {
	pkg    string
	areas  []string
	reason string
}{
	{"database/sql", []string{"store", "matrix/internal/crypto"}, "two SQLite files, one owner each"},
	{"net/http", []string{"matrix", "voice", "cmd/internal/stack"}, "matrix is the only door to a homeserver"},
	{"net/http/pprof", nil, "it registers handlers as a side effect"},
	{"encoding/gob", nil, "formats on disk are readable"},
	{"unsafe", []string{"voice/internal/audio"}, "realtime buffers only"},
}

// topFolders is everything that may stand at the top of the repository beside dotfiles and the ignored bin.
var topFolders = []string{
	"cmd", "ui", "matrix", "voice", "store", "config", "docs",
	"go.mod", "go.sum", "README.md", "Makefile", "LICENSE",
}
