# Prints a document with what lies between two of its lines replaced:
#
#	awk -v part=bench -v machine=TEXT -f report.awk RESULTS DOCUMENT
#
# part=bench makes a table of the output of `go test -bench`; any other part is
# taken over as it is. The lines are `<!-- PART: begin -->` and `<!-- PART: end -->`.

function time(ns) {
	if (ns >= 1e9) return sprintf("%.2f s", ns / 1e9)
	if (ns >= 1e6) return sprintf("%.1f ms", ns / 1e6)
	if (ns >= 1e3) return sprintf("%.1f µs", ns / 1e3)
	return sprintf("%.0f ns", ns)
}

function number(x) { return x >= 100 ? sprintf("%.0f", x) : sprintf("%.2g", x) }

# row makes a line of the table out of a line of results.
function row(	i, name, each, bytes, rest) {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	each = bytes = rest = ""
	for (i = 3; i < NF; i += 2) {
		if ($(i + 1) == "ns/op") each = time($i)
		else if (pkg == "cmd/hubbub" && $(i + 1) ~ /^(B|allocs)\/op$/) continue # of the terminal around the program
		else if ($(i + 1) == "B/op") bytes = number($i / 1024) " KB"
		else if ($(i + 1) == "allocs/op") bytes = bytes ", " $i
		else rest = rest (rest == "" ? "" : ", ") number($i) " " $(i + 1)
	}
	return "| " pkg " | " name " | " each " | " bytes " | " rest " |\n"
}

FNR == NR && part != "bench" { out = out $0 "\n"; next }
FNR == NR && $1 == "pkg:" { pkg = $2; sub(/^hubbub\//, "", pkg); next }
FNR == NR && /^Benchmark.*\/op|^Benchmark.*-p50/ { out = out row(); next }
FNR == NR { next }

$0 == "<!-- " part ": begin -->" {
	print
	print "Measured on " machine ".\n"
	if (part == "bench") print "| package | benchmark | each | memory, allocations | |\n|---|---|---|---|---|"
	printf "%s", out
	inside = 1
	next
}
$0 == "<!-- " part ": end -->" { inside = 0 }
!inside { print }
