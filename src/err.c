/* SPDX-License-Identifier: BSD-3-Clause */
#include "err.h"

const char *ts_strerror(int err)
{
	switch (err) {
	case TS_OK:
		return "success";
	case TS_ENOMEM:
		return "out of memory";
	case TS_EINVAL:
		return "malformed input";
	case TS_ERANGE:
		return "out of range";
	case TS_EIO:
		return "input or output failed";
	case TS_ENOENT:
		return "not found";
	case TS_EPOLICY:
		return "the policy does not hold";
	case TS_EFULL:
		return "no room left";
	default:
		return "unknown error";
	}
}
