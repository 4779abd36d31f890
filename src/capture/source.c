/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The octets of an input: a file or a pipe, decompressed on the way, as a stdio stream (libpcap
 * wants one). A codec is a row in the table. One thread; a fixed buffer on either side.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_MAX (128 * 1024)
#define XZ_MEMORY_MAX (256u << 20) /* what a damaged or hostile xz header may ask for */
#define ZSTD_WINDOW_LOG_MAX 27     /* 128 MiB: what zstd's own command accepts */

typedef struct codec {
	const char *name;
	const char *magic;
	size_t magic_len;
	int (*open)(ts_source_t *source);
	/* Makes at most room octets of what stands in raw. \return octets made; 0: wants more
	 * input; -1: damaged. *done: between two members. */
	ssize_t (*step)(ts_source_t *source, uint8_t *out, size_t room, bool *done);
	void (*close)(ts_source_t *source);
} codec_t;

struct ts_source {
	int fd;
	bool borrowed; /* standard input */
	bool eof;
	bool done; /* the codec stands between two members: the input may end */
	const char *error;
	const codec_t *codec;
	union {
		z_stream gzip;
		lzma_stream xz;
		ZSTD_DStream *zstd;
	} u;
	size_t at, len; /* unread part of raw */
	uint64_t read;  /* octets read from fd */
	uint64_t size;  /* 0: not known */
	size_t head_at, head_len;
	uint8_t head[TS_HEAD_MAX];
	uint8_t raw[RAW_MAX];
};

static int gzip_open(ts_source_t *s)
{
	memset(&s->u.gzip, 0, sizeof(s->u.gzip));
	return inflateInit2(&s->u.gzip, 15 + 16) == Z_OK ? TS_OK : TS_ENOMEM;
}

static ssize_t gzip_step(ts_source_t *s, uint8_t *out, size_t room, bool *done)
{
	z_stream *z = &s->u.gzip;

	if (*done) {
		/* Another member; zeros behind the last one are padding. */
		while (s->len && s->raw[s->at] == 0)
			s->at++, s->len--;
		if (s->len == 0)
			return 0;
		if (inflateReset(z) != Z_OK)
			return -1;
		*done = false;
	}
	z->next_in = s->raw + s->at;
	z->avail_in = (uInt)s->len;
	z->next_out = out;
	z->avail_out = (uInt)room;
	int err = inflate(z, Z_NO_FLUSH);
	s->at += s->len - z->avail_in;
	s->len = z->avail_in;
	if (err == Z_STREAM_END)
		*done = true;
	else if (err != Z_OK && err != Z_BUF_ERROR)
		return -1;
	return (ssize_t)(room - z->avail_out);
}

static void gzip_close(ts_source_t *s)
{
	inflateEnd(&s->u.gzip);
}

static int xz_open(ts_source_t *s)
{
	s->u.xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->u.xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK
		       ? TS_OK
		       : TS_ENOMEM;
}

static ssize_t xz_step(ts_source_t *s, uint8_t *out, size_t room, bool *done)
{
	lzma_stream *z = &s->u.xz;

	z->next_in = s->raw + s->at;
	z->avail_in = s->len;
	z->next_out = out;
	z->avail_out = room;
	lzma_ret err = lzma_code(z, s->eof ? LZMA_FINISH : LZMA_RUN);
	s->at += s->len - z->avail_in;
	s->len = z->avail_in;
	if (err == LZMA_STREAM_END)
		*done = true;
	else if (err != LZMA_OK && err != LZMA_BUF_ERROR)
		return -1;
	return (ssize_t)(room - z->avail_out);
}

static void xz_close(ts_source_t *s)
{
	lzma_end(&s->u.xz);
}

static int zstd_open(ts_source_t *s)
{
	s->u.zstd = ZSTD_createDStream();
	if (!s->u.zstd)
		return TS_ENOMEM;
	ZSTD_DCtx_setParameter(s->u.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	return TS_OK;
}

static ssize_t zstd_step(ts_source_t *s, uint8_t *out, size_t room, bool *done)
{
	ZSTD_inBuffer in = {s->raw + s->at, s->len, 0};
	ZSTD_outBuffer made = {out, room, 0};

	if (s->len == 0 && *done)
		return 0;
	size_t err = ZSTD_decompressStream(s->u.zstd, &made, &in);
	s->at += in.pos;
	s->len -= in.pos;
	if (ZSTD_isError(err))
		return -1;
	*done = err == 0;
	return (ssize_t)made.pos;
}

static void zstd_close(ts_source_t *s)
{
	ZSTD_freeDStream(s->u.zstd);
}

static const codec_t codecs[] = {
	{"gzip", "\x1f\x8b", 2, gzip_open, gzip_step, gzip_close},
	{"xz",
		"\xfd"
		"7zXZ\0",
		6, xz_open, xz_step, xz_close},
	{"zstd", "\x28\xb5\x2f\xfd", 4, zstd_open, zstd_step, zstd_close},
};

/* Reads on from fd. False: nothing came. */
static bool refill(ts_source_t *s)
{
	if (s->eof || s->error)
		return false;
	if (s->len && s->at)
		memmove(s->raw, s->raw + s->at, s->len);
	s->at = 0;
	if (s->len == sizeof(s->raw))
		return false;
	for (;;) {
		ssize_t n = read(s->fd, s->raw + s->len, sizeof(s->raw) - s->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			s->error = strerror(errno);
		if (n == 0)
			s->eof = true;
		if (n <= 0)
			return false;
		s->len += (size_t)n;
		s->read += (uint64_t)n;
		return true;
	}
}

/* Octets behind the head. \return 0 at the end and on error (s->error). */
static size_t produce(ts_source_t *s, uint8_t *out, size_t room)
{
	if (!s->codec) {
		if (s->len == 0 && !refill(s))
			return 0;
		size_t n = s->len < room ? s->len : room;
		memcpy(out, s->raw + s->at, n);
		s->at += n;
		s->len -= n;
		return n;
	}
	while (!s->error) {
		size_t before = s->len;
		bool told = s->eof; /* the codec knows that nothing follows */
		ssize_t n = s->codec->step(s, out, room, &s->done);

		if (n > 0)
			return (size_t)n;
		if (n < 0) {
			s->error = "the compressed data is damaged";
			return 0;
		}
		if ((s->len < before && s->len) || refill(s) || s->error || !told)
			continue;
		if (!s->done || s->len)
			s->error = "the compressed data ends in the middle";
		return 0;
	}
	return 0;
}

static ssize_t cookie_read(void *cookie, char *buf, size_t size)
{
	ts_source_t *s = cookie;

	if (s->head_at < s->head_len) {
		size_t n = s->head_len - s->head_at;

		n = n < size ? n : size;
		memcpy(buf, s->head + s->head_at, n);
		s->head_at += n;
		return (ssize_t)n;
	}
	size_t n = produce(s, (uint8_t *)buf, size);
	if (n == 0 && s->error) {
		errno = EIO;
		return -1;
	}
	return (ssize_t)n;
}

int ts_source_open(const char *path, ts_source_t **out, const char **why)
{
	ts_source_t *s = calloc(1, sizeof(*s));
	struct stat st;
	int err = TS_ENOMEM;

	*why = "out of memory";
	if (!s)
		return TS_ENOMEM;
	s->borrowed = strcmp(path, "-") == 0;
	s->fd = s->borrowed ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		*why = strerror(errno);
		err = TS_EIO;
		goto cleanup;
	}
	if (S_ISDIR(st.st_mode)) {
		*why = strerror(EISDIR);
		err = TS_EIO;
		goto cleanup;
	}
	if (S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	/* A pipe may give its octets one by one. */
	while (s->len < TS_HEAD_MAX && refill(s))
		;
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		const codec_t *c = &codecs[i];

		if (s->len < c->magic_len || memcmp(s->raw + s->at, c->magic, c->magic_len) != 0)
			continue;
		err = c->open(s);
		if (err)
			goto cleanup;
		s->codec = c;
		break;
	}
	while (s->head_len < sizeof(s->head)) {
		size_t n = produce(s, s->head + s->head_len, sizeof(s->head) - s->head_len);

		if (n == 0)
			break;
		s->head_len += n;
	}
	*out = s;
	return TS_OK;
cleanup:
	ts_source_free(s);
	return err;
}

const uint8_t *ts_source_head(const ts_source_t *s, size_t *len)
{
	*len = s->head_len;
	return s->head;
}

FILE *ts_source_stream(ts_source_t *s)
{
	static const cookie_io_functions_t io = {.read = cookie_read};
	FILE *f = fopencookie(s, "r", io);

	if (f)
		setvbuf(f, NULL, _IOFBF, RAW_MAX);
	return f;
}

const char *ts_source_error(const ts_source_t *s)
{
	return s->error;
}

const char *ts_source_codec(const ts_source_t *s)
{
	return s->codec ? s->codec->name : NULL;
}

void ts_source_progress(const ts_source_t *s, uint64_t *done, uint64_t *size)
{
	*done = s->read - s->len;
	*size = s->size;
}

void ts_source_free(ts_source_t *s)
{
	if (!s)
		return;
	if (s->codec)
		s->codec->close(s);
	if (!s->borrowed && s->fd >= 0)
		close(s->fd);
	free(s);
}
