dnl SPDX-License-Identifier: BSD-3-Clause
dnl Warnings, sanitizers, fuzzing, coverage. All flags end in AM_CFLAGS/AM_LDFLAGS (TS_CFLAGS,
dnl TS_LDFLAGS), so that CFLAGS stays the user's.

AC_DEFUN([TS_COMPILER_WARNINGS], [
  TS_CFLAGS="-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
  TS_CFLAGS="$TS_CFLAGS -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -fno-strict-overflow"
  TS_LDFLAGS=""
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [warnings are errors])],
    [AS_IF([test "$enableval" = yes], [TS_CFLAGS="$TS_CFLAGS -Werror"])])
  AC_SUBST([TS_CFLAGS])
  AC_SUBST([TS_LDFLAGS])
])

AC_DEFUN([TS_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST (address,undefined or thread)])],
    [], [enable_sanitizers=no])
  AS_IF([test "$enable_sanitizers" = yes], [enable_sanitizers=address,undefined])
  AS_IF([test "$enable_sanitizers" != no], [
    TS_CFLAGS="$TS_CFLAGS -fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"
    TS_LDFLAGS="$TS_LDFLAGS -fsanitize=$enable_sanitizers"
  ])
])

AC_DEFUN([TS_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [build the libFuzzer targets (needs CC=clang)])],
    [], [enable_fuzzing=no])
  AS_IF([test "$enable_fuzzing" = yes], [
    TS_CFLAGS="$TS_CFLAGS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
    TS_LDFLAGS="$TS_LDFLAGS -fsanitize=address,undefined"
  ])
  AM_CONDITIONAL([FUZZING], [test "$enable_fuzzing" = yes])
])

AC_DEFUN([TS_COVERAGE], [
  AC_ARG_ENABLE([coverage],
    [AS_HELP_STRING([--enable-coverage], [build for gcov])],
    [], [enable_coverage=no])
  AS_IF([test "$enable_coverage" = yes], [
    dnl Threads count as well; and behind the user's flags, or "-O2" would win and fold branches.
    TS_CFLAGS="$TS_CFLAGS --coverage -fprofile-update=atomic"
    CFLAGS="$CFLAGS -O0"
    TS_LDFLAGS="$TS_LDFLAGS --coverage"
  ])
])
