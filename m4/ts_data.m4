dnl SPDX-License-Identifier: BSD-3-Clause
dnl Data that is compiled in at build time, from the system's packages: a rebuild brings their
dnl updates, and nothing generated lies in the repository or in a release to grow stale.
AC_DEFUN([TS_BUILD_DATA], [
AC_ARG_WITH([public-suffix-list],
	[AS_HELP_STRING([--with-public-suffix-list=FILE],
		[the public suffix list to compile in @<:@/usr/share/publicsuffix/public_suffix_list.dat@:>@])],
	[PSL_FILE=$withval], [PSL_FILE=/usr/share/publicsuffix/public_suffix_list.dat])
AS_IF([test ! -r "$PSL_FILE"],
	[AC_MSG_ERROR([$PSL_FILE is not there: install the package publicsuffix, or name the list with --with-public-suffix-list])])
AC_SUBST([PSL_FILE])
])
