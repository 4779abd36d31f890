dnl SPDX-License-Identifier: BSD-3-Clause
dnl TS_UNBOUND_SRC: the configured source tree of the Unbound that will load the module.

AC_DEFUN([TS_UNBOUND_SRC], [
  AC_ARG_WITH([unbound-src],
    [AS_HELP_STRING([--with-unbound-src=DIR], [configured source tree of the Unbound that will load the module])],
    [], [with_unbound_src=no])
  ts_unbound_version=
  AS_IF([test "$with_unbound_src" != no], [
    AS_CASE([$with_unbound_src], [/*], [], [with_unbound_src="$PWD/$with_unbound_src"])
    AS_IF([test ! -f "$with_unbound_src/config.h"],
      [AC_MSG_ERROR([$with_unbound_src has no config.h: name a configured Unbound source tree (tools/get-unbound makes one)])])
    AS_IF([test ! -f "$with_unbound_src/util/module.h"],
      [AC_MSG_ERROR([$with_unbound_src has no util/module.h: it is no Unbound source tree])])
    ts_unbound_version=`$SED -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$with_unbound_src/config.h"`
    UNBOUND_CPPFLAGS="-I$with_unbound_src"
    DISTCHECK_UNBOUND="--with-unbound-src=$with_unbound_src"
  ])
  AC_SUBST([UNBOUND_CPPFLAGS])
  AC_SUBST([UNBOUND_SRC], [$with_unbound_src])
  AC_SUBST([DISTCHECK_UNBOUND])
  AM_CONDITIONAL([WITH_MODULE], [test "$with_unbound_src" != no])
])
