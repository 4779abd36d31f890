# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the scripts in tools/ share: say, die, packages, steps with a log. Sourced, never run.
# Sets TS_ROOT (the project's folder) and TS_CACHE (its cache; TYPOSINK_CACHE overrides it).

set -euo pipefail

TS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TS_CACHE=${TYPOSINK_CACHE:-$TS_ROOT/.cache}
case $TS_CACHE in
/*) ;;
*) TS_CACHE=$PWD/$TS_CACHE ;;
esac
TS_ME=${0##*/}

# stderr is the talk, stdout the result.
say() {
	printf '%s\n' "$TS_ME: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# The tools that we run are Debian's, whatever else a user's PATH puts before them.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export PATH LC_ALL=C.UTF-8

# packages_of GROUP...: the packages of those groups, one a line.
packages_of() {
	local group
	for group; do
		awk -v want="[$group]" '
			/^\[/ { here = ($1 == want); seen = seen || here; next }
			/^[[:space:]]*(#|$)/ { next }
			here { print $1 }
			END { exit !seen }' "$TS_ROOT/tools/packages.txt" ||
			die "tools/packages.txt has no group [$group]"
	done | sort -u
}

# packages_missing PACKAGE...: those that are not installed.
packages_missing() {
	local package
	for package; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) printf '%s\n' "$package" ;;
		esac
	done
}

# packages_need GROUP...: installs what is missing (as root), or says what is.
packages_need() {
	local wanted missing
	command -v dpkg-query >/dev/null ||
		die "this script sets itself up on Debian only (there is no dpkg here)"
	mapfile -t wanted < <(packages_of "$@")
	[ ${#wanted[@]} -gt 0 ] || die "no packages listed for: $*"
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		die "missing packages; as root: apt-get install --no-install-recommends ${missing[*]}"
	fi
	say "installing ${#missing[@]} packages: ${missing[*]}"
	mkdir -p "$TS_CACHE/logs"
	local log=$TS_CACHE/logs/apt.log
	local apt=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
	# A list of packages that is there but too old for the mirror fails at the download, so: ask
	# once without refreshing (quick), refresh and ask again.
	# Name servers and mail servers are wanted as programs: none of them is to be started on the
	# machine's own ports because it was installed for a test (invoke-rc.d asks policy-rc.d).
	local policy=/usr/sbin/policy-rc.d
	apt_install() {
		local code=0 ours=no
		if [ ! -e "$policy" ]; then
			ours=yes
			printf '#!/bin/sh\nexit 101\n' >"$policy"
			chmod 755 "$policy"
		fi
		DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends \
			"${missing[@]}" >>"$log" 2>&1 </dev/null || code=$?
		[ "$ours" = no ] || rm -f "$policy"
		return "$code"
	}
	: >"$log"
	if ! apt_install; then
		"${apt[@]}" update >>"$log" 2>&1 || true
		apt_install || {
			tail -n 15 "$log" >&2
			die "apt-get install failed (log: $log)"
		}
	fi
}

# debian_mirrors: "release uri" of each place that the machine takes Debian's main component from.
debian_mirrors() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' \
		'Created-By: Packages' |
		awk -F'|' '($1 == "Debian" || $1 ~ /^(\$\(ORIGIN\))?$/) && $3 == "main" &&
			$4 !~ /^cdrom:/ { print $2, $4 }' | sort -u
}

# logged NAME COMMAND...: runs it with its output in a log file; on failure prints the log's tail.
logged() {
	local name=$1 log=$TS_CACHE/logs/$1.log
	shift
	mkdir -p "$TS_CACHE/logs"
	if "$@" >"$log" 2>&1 </dev/null; then
		return 0
	fi
	{
		printf -- '--- %s: the end of %s:\n' "$name" "$log"
		tail -n 25 "$log"
	} >&2
	return 1
}

# autotools_ready: makes configure when it is not there or older than what it is made of.
autotools_ready() {
	local made=$TS_ROOT/Makefile.in
	if [ -f "$made" ] && [ -z "$(find "$TS_ROOT/configure.ac" "$TS_ROOT/Makefile.am" \
		"$TS_ROOT"/m4/ts_*.m4 "$TS_ROOT"/*/local.mk "$TS_ROOT"/src/*/local.mk \
		-newer "$made" -print -quit)" ]; then
		return 0
	fi
	logged autoreconf env -C "$TS_ROOT" autoreconf -fi && touch "$made"
}

# build_in FOLDER CONFIGURE-ARGUMENT...: an out-of-tree build with warnings as errors. Configured
# once for the same arguments and the same configure; make does the rest.
build_in() {
	local dir=$1 stamp
	shift
	stamp="$* $(cksum <"$TS_ROOT/configure")"
	if [ "$(cat "$dir/configured" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$dir" && mkdir -p "$dir" &&
			env -C "$dir" "$TS_ROOT/configure" -q --enable-werror "$@" &&
			printf '%s\n' "$stamp" >"$dir/configured" || return 1
	fi
	make -C "$dir" -j"$(nproc)"
}
