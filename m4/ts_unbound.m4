dnl SPDX-License-Identifier: BSD-3-Clause
dnl TS_UNBOUND_SRC: the configured source tree of the Unbound that will load the module, and the
dnl program made of it. What is wrong with the tree is said here, not by the compiler.

AC_DEFUN([TS_UNBOUND_SRC], [
  AC_ARG_WITH([unbound-src],
    [AS_HELP_STRING([--with-unbound-src=DIR], [configured source tree of the Unbound that will load the module])],
    [], [with_unbound_src=no])
  AC_ARG_WITH([unbound-binary],
    [AS_HELP_STRING([--with-unbound-binary=FILE], [the unbound program itself, if it is not DIR/unbound: its build-id is the one that the module accepts])],
    [], [with_unbound_binary=])
  ts_unbound_version=
  AS_IF([test "$with_unbound_src" = yes], [AC_MSG_ERROR([--with-unbound-src wants a folder])])
  AS_IF([test "$with_unbound_src" != no], [
    ts_unbound_given=$with_unbound_src
    with_unbound_src=`cd "$ts_unbound_given" 2>/dev/null && pwd`
    AS_IF([test -z "$with_unbound_src"],
      [AC_MSG_ERROR([there is no folder $ts_unbound_given (--with-unbound-src)])])
    AS_IF([test ! -f "$with_unbound_src/util/module.h"],
      [AC_MSG_ERROR([$with_unbound_src has no util/module.h: it is no Unbound source tree])])
    AS_IF([test ! -f "$with_unbound_src/config.h"],
      [AC_MSG_ERROR([$with_unbound_src has no config.h: name a configured Unbound source tree (tools/get-unbound makes one)])])
    AS_IF([$GREP '^#define WITH_DYNLIBMODULE 1' "$with_unbound_src/config.h" >/dev/null], [],
      [AC_MSG_ERROR([$with_unbound_src is configured without --with-dynlibmodule: that Unbound cannot load a module])])
    AS_IF([$GREP '^#define HAVE_PTHREAD 1' "$with_unbound_src/config.h" >/dev/null], [],
      [AC_MSG_ERROR([$with_unbound_src is configured without POSIX threads: without them its caches have no locks, and the module cleans them from a thread of its own])])
    ts_unbound_version=`$SED -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$with_unbound_src/config.h"`
    UNBOUND_CPPFLAGS="-I$with_unbound_src"
    UNBOUND_BINARY=${with_unbound_binary:-$with_unbound_src/unbound}
    AS_CASE([$UNBOUND_BINARY], [/*], [], [UNBOUND_BINARY="$PWD/$UNBOUND_BINARY"])
    AS_IF([test -n "$with_unbound_binary" && test ! -f "$UNBOUND_BINARY"],
      [AC_MSG_ERROR([there is no file $UNBOUND_BINARY (--with-unbound-binary)])])
    AS_IF([test ! -f "$UNBOUND_BINARY"], [
      AC_MSG_WARN([$UNBOUND_BINARY is not there: the module will know its Unbound by version and layout only])
      UNBOUND_BINARY=
    ])
    DISTCHECK_UNBOUND="--with-unbound-src=$with_unbound_src"
    AS_IF([test -n "$with_unbound_binary"],
      [DISTCHECK_UNBOUND="$DISTCHECK_UNBOUND --with-unbound-binary=$UNBOUND_BINARY"])

    dnl Unbound's config.h and ours both define PACKAGE and the like, so this is a program of its own.
    AC_MSG_CHECKING([whether Unbound $ts_unbound_version's headers compile])
    ts_save_CPPFLAGS=$CPPFLAGS
    CPPFLAGS="$UNBOUND_CPPFLAGS $CPPFLAGS"
    AC_LANG_CONFTEST([AC_LANG_DEFINES_PROVIDED
#include <config.h>
#include "util/module.h"
#include "util/config_file.h"
#include "services/cache/dns.h"
#include "dynlibmod/dynlibmod.h"
int sizes[[sizeof(struct module_env) + sizeof(struct config_file)]];])
    AC_COMPILE_IFELSE([], [AC_MSG_RESULT([yes])], [
      AC_MSG_RESULT([no])
      AC_MSG_ERROR([the headers below $with_unbound_src do not compile (see config.log): are libssl-dev, libevent-dev and what else it was configured with installed?])
    ])
    CPPFLAGS=$ts_save_CPPFLAGS
  ])
  AC_SUBST([UNBOUND_CPPFLAGS])
  AC_SUBST([UNBOUND_SRC], [$with_unbound_src])
  AC_SUBST([UNBOUND_BINARY])
  AC_SUBST([DISTCHECK_UNBOUND])
  AM_CONDITIONAL([WITH_MODULE], [test "$with_unbound_src" != no])
])
