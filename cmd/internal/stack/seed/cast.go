package seed

// person is somebody of the community.
type person struct{ name, shown string }

// cast are the people with a hubbub core. The first one founds everything.
var cast = []person{
	{"ada", "Ada Lindqvist"},
	{"bo", "Bo"},
	{"cy", "cy"},
	{"dee", "Dee 🐙"},
	{"eve", "eve (night shift)"},
	{"fin", "Fin"},
	{"gil", "גיל"},
	{"hana", "花 Hana"},
	{"gauge", "Tide Gauge"},
	{Me, "Sam"},
}

// writers keep the logbook. They have no core: what they write is neither encrypted nor answered.
var writers = []person{
	{"lamp", "Lamp Room"},
	{"vhf", "VHF 12"},
	{"watch", "Night Watch"},
	{"galley", "Galley"},
	{"duty", "Duty Duck"},
}

// server is a top-level space of the world.
type server struct {
	key, name, topic string
	members          []string // nil: the whole cast
	rooms            []room
}

// room is a channel; with sub rooms it is a category.
type room struct {
	key, name, topic string
	sub              []room
	voice            bool
	encrypted        bool
	readOnly         bool     // only moderators write
	members          []string // nil: those of the server
}

// longRoom is the key of the channel with thousands of messages.
const longRoom = "logbook"

// moderators of every server, beside the founder.
var moderators = []string{"eve", "bo"}

var servers = []server{
	{
		key: "harbour", name: "Night Harbour", topic: "We keep one old lightship alive. Visitors welcome, bring biscuits.",
		rooms: []room{
			{key: "ashore", name: "Ashore", sub: []room{
				{key: "announcements", name: "announcements", topic: "Rare and important", readOnly: true},
				{key: "general", name: "general", topic: "Tides, tea and terminal talk"},
				{key: "help", name: "help", topic: "There are no stupid questions, only wet ones"},
				{key: "off-topic", name: "off-topic", topic: "The cat has her own channel now. This is it."},
			}},
			{key: "aboard", name: "Aboard", sub: []room{
				{key: "engine-room", name: "engine-room", topic: "foghornd, lampctl and other things that hum"},
				{key: longRoom, name: "logbook", topic: "Everything that happens on the Fogbank, in order"},
				{key: "galley", name: "galley", topic: "What is for dinner, and who burnt it"},
				{key: "polyglot", name: "polyglot", topic: "שלום · こんにちは · ciao · hej"},
			}},
			{key: "bridge", name: "Bridge", sub: []room{
				{
					key: "council", name: "council", topic: "Crew only. Encrypted, like all good gossip.", encrypted: true,
					members: []string{"ada", "bo", "cy", "dee", "eve", "fin", Me},
				},
			}},
			{key: "voice", name: "Voice", sub: []room{
				{key: "wheelhouse", name: "wheelhouse", topic: "Watch on duty", voice: true},
				{key: "mess-deck", name: "mess deck", topic: "Talk with your mouth full", voice: true},
				{key: "quiet-watch", name: "quiet watch", topic: "Working together, saying nothing", voice: true},
			}},
		},
	},
	{
		key: "terminals", name: "Small Terminals", topic: "80 columns ought to be enough",
		members: []string{"ada", "bo", "cy", "eve", "hana", Me},
		rooms: []room{
			{key: "lobby", name: "lobby", topic: "Say hello, show your prompt"},
			{key: "dotfiles", name: "dotfiles", topic: "Steal with pride"},
			{key: "tty", name: "tty", topic: "Glyphs, widths and other injustices", voice: false},
		},
	},
}

// directs are the direct messages of the demo's own account, by their key.
var directs = []struct{ key, with string }{{"dm-ada", "ada"}, {"dm-fin", "fin"}, {"dm-hana", "hana"}}

// invites wait for the demo's own account: encrypted channels outside every server.
var invites = []struct{ key, name, topic, by string }{
	{"bottles", "ships in bottles", "Small ships, big tweezers, no sneezing", "dee"},
}
