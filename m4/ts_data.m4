dnl SPDX-License-Identifier: BSD-3-Clause
dnl Data that is compiled in at build time, from the system's packages: a rebuild brings their
dnl updates, and nothing generated lies in the repository or in a release to grow stale.

dnl TS_BUILD_FILE(option, variable, default, what it is, package)
AC_DEFUN([TS_BUILD_FILE], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=FILE], [$4 @<:@$3@:>@])], [$2=$withval], [$2=$3])
AS_IF([test ! -r "$$2"], [AC_MSG_ERROR([$$2 is not there: install the package $5, or name $4 with --with-$1])])
AC_SUBST([$2])
])
AC_DEFUN([TS_BUILD_DATA], [
TS_BUILD_FILE([public-suffix-list], [PSL_FILE],
	[/usr/share/publicsuffix/public_suffix_list.dat], [the public suffix list], [publicsuffix])
TS_BUILD_FILE([unicode-data], [UNICODE_FILE],
	[/usr/share/unicode/UnicodeData.txt], [the Unicode character database], [unicode-data])
TS_BUILD_FILE([word-list], [WORD_FILE],
	[/usr/share/dict/american-english], [a list of words], [wamerican])
])
