/* SPDX-License-Identifier: BSD-3-Clause
 *
 * err: results of every function that can fail, and the attributes that keep callers honest.
 *
 * A function returns TS_OK (0) or a negative ts_err. Outputs are written on success only.
 */
#ifndef TS_ERR_H
#define TS_ERR_H

typedef enum ts_err {
	TS_OK = 0,
	TS_ENOMEM = -1,  /* out of memory */
	TS_EINVAL = -2,  /* the input breaks its format; the diagnostic says where */
	TS_ERANGE = -3,  /* well formed, but longer or larger than allowed */
	TS_EIO = -4,     /* a system call failed; errno is kept */
	TS_ENOENT = -5,  /* not there */
	TS_EPOLICY = -6, /* a policy or configuration that does not hold; diagnostics say why */
	TS_EFULL = -7,   /* a bounded container is full */
} ts_err_t;

/** One lower-case sentence without a full stop. Never NULL. */
const char *ts_strerror(int err);

#define TS_MUST_CHECK __attribute__((warn_unused_result))
#define TS_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define TS_NONNULL_ALL __attribute__((nonnull))
#define TS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
