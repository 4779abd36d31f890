#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Writes module/host_build.h: which Unbound the module is built for. The host checks nothing when it
# loads a module, so the module itself compares these with the program that it finds itself in.
# Usage: host-build.sh UNBOUND_SRC [BINARY...] (binaries that are not there are left out)
set -eu
src=$1
shift
version=$(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$src/config.h")
[ -n "$version" ] || {
	echo "host-build: $src/config.h names no version" >&2
	exit 1
}
ids=
for binary; do
	[ -f "$binary" ] || continue
	id=$(readelf -n "$binary" 2>/dev/null | sed -n 's/^ *Build ID: *\([0-9a-f]*\)$/\1/p' | head -n 1)
	case " $ids " in
	*" $id "*) ;;
	*) ids="$ids $id" ;;
	esac
done
cat <<EOF
/* Made by module/host-build.sh from the Unbound that configure was given. */
#ifndef TS_MODULE_HOST_BUILD_H
#define TS_MODULE_HOST_BUILD_H

#define TS_HOST_VERSION "$version"
/* The same as a number for the preprocessor: 11701 for 1.17.1. */
#define TS_HOST_VERSION_NUMBER $(echo "$version" | awk -F'[.-]' '{ print $1 * 10000 + $2 * 100 + $3 }')
/* GNU build-ids (lower-case hex) of the programs that this module is built for, then NULL. Empty
 * where the tree was configured but not built, or the linker writes no build-id. */
#define TS_HOST_BUILD_IDS $(for id in $ids; do printf '"%s", ' "$id"; done)NULL

#endif
EOF
