#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# check.sh: builds the tree in every way it must build, runs every test in it,
# and sums up. One line a suite or check, failed cases by name, every skip with
# its reason; the last line is: N passed, N failed, N skipped.
#
# Works in build-check/, one folder a way of building; logs are kept there.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
out=$top/build-check
FUZZ_SECONDS=${FUZZ_SECONDS:-1}
export CI="${CI:-}" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

scripts/setup.sh test || exit 1
mkdir -p "$out"
passed=0 failed=0 skipped=0
: >"$out/skips"

# note VERDICT NAME [LOG]: one line, counted; a failure shows the log's end.
note() {
	printf '%-4s %s\n' "$1" "$2"
	case $1 in
	ok) passed=$((passed + 1)) ;;
	skip) skipped=$((skipped + 1)) && echo "$2" >>"$out/skips" ;;
	*)
		failed=$((failed + 1))
		[ -z "${3:-}" ] || complaint "$3" | sed 's/^/     /'
		;;
	esac
}

# complaint LOG: from the first thing that failed to build, else the end.
complaint() {
	if grep -q '^FAILED' "$1"; then
		sed -n '/^FAILED/,$p' "$1" | head -n 40
	else
		tail -n 40 "$1"
	fi
}

# check NAME COMMAND...: one check, passed when the command succeeds.
check() {
	local name=$1 log
	log=$out/$(tr -c 'a-zA-Z0-9\n' '-' <<<"$1").log
	shift
	if "$@" >"$log" 2>&1 </dev/null; then
		note ok "$name"
	else
		note FAIL "$name" "$log"
	fi
}

# compile NAME CC [MESON OPTIONS]: builds; says NAME and how that ended.
compile() {
	local name=$1 cc=$2
	shift 2
	rm -rf "${out:?}/$name"
	{
		CC=$cc meson setup "$out/$name" "$@" &&
			nice ninja -C "$out/$name"
	} >"$out/build-$name.log" 2>&1 </dev/null
	echo "$name $?"
}

# All ways of building but the first, one after the other, while tests of those
# that are done run: most of these wait more than they work.
compile_others() {
	# Sanitizers with -O1, which compiles in two thirds of the time, and where warnings, which
	# are errors in the first two, are of what is not so.
	local slow=(-Db_lundef=false -Doptimization=1 -Dwerror=false)
	compile clang clang -Dwerror=true
	compile asan gcc -Db_sanitize=address,undefined "${slow[@]}"
	compile tsan gcc -Db_sanitize=thread "${slow[@]}"
	compile fuzz clang -Dfuzz=true -Dtests=disabled -Db_sanitize=address,undefined "${slow[@]}"
}

# built NAME: waits for it, the next of those; returns whether it can be tested.
built() {
	local name status
	read -r name status <&3
	if [ "$name $status" = "$1 0" ]; then
		note ok "build $1"
	else
		note FAIL "build $1" "$out/build-$1.log"
		return 1
	fi
}

# tests NAME [MESON TEST OPTIONS]: runs suites of a build and adds their cases.
# (With a wrapper, the log is called after it.)
tests() {
	local name=$1 counts status p f s
	shift
	rm -f "$out/$name"/meson-logs/testlog*.json
	# One more at a time than there are CPUs: many wait.
	meson test -C "$out/$name" --no-rebuild --num-processes "$(($(nproc) + 1))" "$@" \
		>"$out/$name.test.log" 2>&1 </dev/null
	status=$?
	if ! counts=$(/usr/bin/python3 scripts/count.py "$name" "$out/skips" \
		"$out/$name"/meson-logs/testlog*.json); then
		note FAIL "$name: no test log" "$out/$name.test.log"
		return
	fi
	sed '$d' <<<"$counts"
	read -r p f s <<<"$(tail -n 1 <<<"$counts")"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$status" -eq 0 ] || [ "$f" -gt 0 ] ||
		note FAIL "$name: meson test ended with $status" "$out/$name.test.log"
}

# Thread sanitizer wants an address space laid out as it expects.
fixed_layout() {
	if setarch -R true 2>/dev/null; then echo "--wrapper=setarch -R"; fi
}

sanitizers() {
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
	export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
	if built asan; then
		tests asan --no-suite style --no-suite once --timeout-multiplier 4
	fi
	if built tsan; then
		local layout
		layout=$(fixed_layout)
		tests tsan --suite unit --suite golden --suite integration \
			--no-suite same-threads --no-suite uninstrumented \
			--timeout-multiplier 4 ${layout:+"$layout"}
	fi
}

fuzz() {
	built fuzz || return
	local target name n=0
	while IFS= read -r target; do
		n=$((n + 1))
		name=$(basename "$target")
		# What is found goes into the first folder.
		mkdir -p "$out/crashes" "$out/corpus/$name"
		check "fuzz $name for $FUZZ_SECONDS s" "$target" -seed=1 \
			-max_total_time="$FUZZ_SECONDS" -artifact_prefix="$out/crashes/" \
			-print_final_stats=1 "$out/corpus/$name" "tests/corpus/$name"
	done < <(find "$out/fuzz" -type f -name '*_fuzz' -perm -u+x | sort)
	[ "$n" -gt 0 ] || note FAIL "fuzz: no targets were built"
}

shell_scripts() {
	find scripts examples tests bench .ci -type f |
		while IFS= read -r f; do
			head -n 1 "$f" | grep -qE '^#!/bin/(ba)?sh' && echo "$f"
		done | xargs shellcheck
}

# A page is right when the formatter has nothing to say about it.
man_page() {
	local said
	said=$(MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$1" 2>&1 >/dev/null) || return 1
	[ -z "$said" ] || { echo "$said" && return 1; }
}

man_pages() {
	local page
	while IFS= read -r page; do
		check "manual $(basename "$page")" man_page "$page"
	done < <(find man "$out/gcc/man" -type f -name '*.[1-8]' 2>/dev/null | sort)
}

install_and_run() {
	local root
	root=$(mktemp -d) || return 1
	DESTDIR=$root meson install -C "$out/gcc" --no-rebuild >/dev/null &&
		"$root/usr/local/bin/vernier" --version
	local status=$?
	rm -rf "$root"
	return $status
}

exec 3< <(compile gcc gcc -Dwerror=true; compile_others)
others=$!
trap 'kill $others 2>/dev/null' EXIT
if built gcc; then
	tests gcc
	check "install into DESTDIR" install_and_run
fi
if built clang; then
	tests clang --suite unit --suite golden
fi
sanitizers
fuzz
check "shell scripts" shell_scripts
man_pages

if [ -s "$out/skips" ]; then
	echo "skipped:"
	sed 's/^/     /' "$out/skips"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
