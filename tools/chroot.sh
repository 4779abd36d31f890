# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Debian chroots for the scripts that build and test packages. Sourced after tools/lib.sh.
#
# All mounts are made in a mount namespace of the script's own (chroot_namespace), so they are gone
# with its last process, however it ends. A base (debootstrap's minbase of a suite) is kept in the
# cache; what is done to a layer on top of it is not, unless the script keeps it on purpose.

# Counts up when the way we make a base changes: bases that an older script made are made anew.
CHROOT_RECIPE=1
CHROOT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# chroot_namespace ARGUMENT...: runs the script again, in private namespaces (the network is shared).
chroot_namespace() {
	local unshare=(unshare --mount --pid --ipc --uts --fork --kill-child --mount-proc)
	[ "${TS_NAMESPACE:-}" != yes ] || return 0
	[ "$(id -u)" -eq 0 ] || die "needs root: it makes chroots"
	"${unshare[@]}" true 2>/dev/null || die "may not make private namespaces here"
	TS_NAMESPACE=yes exec "${unshare[@]}" "$0" "$@"
}

# chroot_sources SUITE: the sources.list of that suite, on the machine's own mirrors.
chroot_sources() {
	local suite=$1 main security
	main=$(debian_mirrors | awk '$1 !~ /-/ { print $2; exit }')
	security=$(debian_mirrors | awk '$1 ~ /-security$/ { print $2; exit }')
	[ -n "$main" ] || die "apt knows no Debian mirror: look at /etc/apt/sources.list*"
	set -- "$main $suite" "$main $suite-updates"
	[ -z "$security" ] || set -- "$@" "$security $suite-security"
	printf 'deb %s main\n' "$@"
	printf 'deb-src %s main\n' "$@"
}

# chroot_base SUITE: makes the base of a suite where it is not there; its folder is $CHROOT_BASE.
# Once a day it is brought up to date with the suite.
chroot_base() {
	local suite=$1 part
	CHROOT_BASE=$TS_CACHE/deb/$suite/base
	mkdir -p "$TS_CACHE/deb/$suite"
	exec 8>"$TS_CACHE/deb/$suite/base.lock"
	flock 8
	if [ "$(cat "$CHROOT_BASE.made" 2>/dev/null)" != "$CHROOT_RECIPE" ]; then
		part=$CHROOT_BASE.part
		rm -rf "$part" "$CHROOT_BASE" "$CHROOT_BASE.made"
		say "making a chroot of $suite (once)"
		logged "chroot-$suite" debootstrap --variant=minbase --keyring="$CHROOT_KEYRING" \
			"$suite" "$part" "$(chroot_sources "$suite" | awk '{ print $2; exit }')" ||
			die "debootstrap could not make $suite"
		# No service starts in a chroot; nothing is synced to the disk, a broken base is made anew.
		printf '#!/bin/sh\nexit 101\n' >"$part/usr/sbin/policy-rc.d"
		chmod +x "$part/usr/sbin/policy-rc.d"
		echo force-unsafe-io >"$part/etc/dpkg/dpkg.cfg.d/typosink"
		chroot_sources "$suite" >"$part/etc/apt/sources.list"
		# How the machine itself reaches its mirror: proxies, time-outs, checks of dates.
		apt-config dump | grep '^Acquire::' >"$part/etc/apt/apt.conf.d/80machine" || true
		cat >>"$part/etc/apt/apt.conf.d/80machine" <<-'END'
			Acquire::Retries "3";
			Acquire::Languages "none";
			APT::Install-Recommends "false";
			APT::Sandbox::User "root";
		END
		mv "$part" "$CHROOT_BASE"
	fi
	if [ -z "$(find "$CHROOT_BASE.made" -mtime -1 2>/dev/null)" ]; then
		chroot_mounts "$CHROOT_BASE"
		logged "chroot-$suite-update" chroot_apt "$CHROOT_BASE" update || die "apt-get update failed"
		logged "chroot-$suite-upgrade" chroot_apt "$CHROOT_BASE" -y dist-upgrade ||
			die "apt-get dist-upgrade failed"
		chroot_apt "$CHROOT_BASE" clean
		chroot_unmount "$CHROOT_BASE"
		echo "$CHROOT_RECIPE" >"$CHROOT_BASE.made"
	fi
	flock -u 8
}

# chroot_mounts DIR: what programs expect: /proc, a small /dev, names of hosts.
chroot_mounts() {
	local dir=$1 node
	mount -t proc proc "$dir/proc"
	mount -t tmpfs -o mode=755,size=16m dev "$dir/dev"
	for node in null zero full random urandom tty; do
		: >"$dir/dev/$node"
		mount --bind "/dev/$node" "$dir/dev/$node"
	done
	mkdir -p "$dir/dev/shm" "$dir/dev/pts"
	mount -t tmpfs -o mode=1777,size=256m shm "$dir/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$dir/dev/pts"
	ln -s pts/ptmx "$dir/dev/ptmx"
	ln -s /proc/self/fd "$dir/dev/fd"
	ln -s /proc/self/fd/0 "$dir/dev/stdin"
	ln -s /proc/self/fd/1 "$dir/dev/stdout" # where Postfix logs to in the tests
	ln -s /proc/self/fd/2 "$dir/dev/stderr"
	cp -f /etc/resolv.conf /etc/hosts "$dir/etc/" 2>/dev/null || true
}

# chroot_unmount DIR: everything below it.
chroot_unmount() {
	local point
	awk -v d="$1" 'index($5, d "/") == 1 || $5 == d { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r point; do
			umount "$point" || umount -l "$point"
		done
}

# chroot_layer LOWER DIR: DIR becomes a chroot with all of LOWER in it; what is changed there leaves
# LOWER as it was. Layers may stand on layers. Where the kernel has no overlay it is a copy.
chroot_layer() {
	local lower=$1 dir=$2
	rm -rf "$dir" "$dir.layer"
	mkdir -p "$dir" "$dir.layer/upper" "$dir.layer/work"
	if ! mount -t overlay -o "lowerdir=$lower,upperdir=$dir.layer/upper,workdir=$dir.layer/work" \
		overlay "$dir" 2>/dev/null; then
		cp -a "$lower/." "$dir/"
	fi
	chroot_mounts "$dir"
}

# chroot_drop DIR: takes a layer down and removes it.
chroot_drop() {
	chroot_unmount "$1"
	rm -rf --one-file-system "$1" "$1.layer"
}

# chroot_run [--user NAME] DIR COMMAND...: with a clean environment.
chroot_run() {
	local dir who=(--userspec=0:0)
	if [ "$1" = --user ]; then
		who=(--userspec="$2:$2")
		shift 2
	fi
	dir=$1
	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 TERM=dumb \
		DEBIAN_FRONTEND=noninteractive DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-}" \
		chroot "${who[@]}" "$dir" "$@"
}

# chroot_apt DIR ARGUMENT...: apt-get in a chroot.
chroot_apt() {
	local dir=$1
	shift
	chroot_run "$dir" apt-get -q "$@"
}
