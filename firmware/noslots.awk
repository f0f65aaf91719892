# SPDX-License-Identifier: BSD-2-Clause
# Takes the nops out of the delay slots of MIPS assembly that a compiler wrote:
# the processors have no delay slots. Where the compiler left slots to the
# assembler (.set reorder), the assembler is told to add none.
#
# Stops, with file and line, at a slot that holds anything else (it would be
# executed on the wrong side of the branch) and at what the processors lack.
# What stands between #APP and #NO_APP was written by hand in the program: it is
# taken to have no slots.
#
# -v name=SOURCE is the source's name, for messages; with -v keep=1 the nops stay,
# and all that happens is that the same is refused.

function refuse(what) {
	printf "%s: %s:%d: %s\n", name, FILENAME, FNR, what > "/dev/stderr"
	failed = 1
	exit 1
}

# Labels, directives and comments stand between a branch and its slot unharmed.
function is_instruction() {
	return $1 != "" && $1 !~ /^[#.]/ && $1 !~ /:$/ && $2 != "="
}

function set_mode(mode) {
	if (mode == "push")
		kept[depth++] = explicit
	else if (mode == "pop")
		explicit = kept[--depth]
	else if (mode == "noreorder" || mode == "reorder")
		explicit = mode == "noreorder"
}

$1 == ".set" {
	set_mode($2)
	if ($2 == "reorder" && !keep)
		sub(/reorder/, "noreorder")
}

$1 == ".ent" && !keep {
	print "\t.set\tnoreorder"
}

$1 == "#APP" || $1 == "#NO_APP" {
	by_hand = $1 == "#APP"
}

!is_instruction() {
	print
	next
}

in_slot {
	in_slot = 0
	if ($1 != "nop")
		refuse("the delay slot of \"" branch "\" holds \"" $1 "\": compile without filling slots")
	if (keep)
		print
	next
}

$1 == "ll" || $1 == "sc" {
	refuse("\"" $1 "\" is not there: use nf_lock() in place of atomic operations")
}

$1 ~ /^b.*l$/ && $1 !~ /^(bal|bltzal|bgezal)$/ {
	refuse("\"" $1 "\" is not there: branches that are likely need slots")
}

{
	print
}

$1 ~ /^[bj]/ && $1 !~ /^(break|bitswap)$/ {
	in_slot = explicit && !by_hand
	branch = $1
}

END {
	if (in_slot && !failed)
		refuse("the file ends where the delay slot of \"" branch "\" should be")
}
