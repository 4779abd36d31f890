/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One program for all fuzz targets: `fuzz TARGET ...`. With --enable-fuzzing (CC=clang) what
 * follows are libFuzzer's arguments; else files and folders, which are replayed (`make check` does
 * it with the corpora). An empty corpus is an error. Without arguments: the names of the targets.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* libFuzzer starts itself again for some of its work: the target survives in the environment. */
#define TARGET_VARIABLE "TYPOSINK_FUZZ_TARGET"

static const fuzz_target_t *const targets[] = {
	&fuzz_alerts,
	&fuzz_capture,
	&fuzz_conf,
	&fuzz_dns,
	&fuzz_dnstap,
	&fuzz_elf,
#ifdef WITH_MODULE
	&fuzz_module,
#endif
	&fuzz_name,
	&fuzz_packets,
	&fuzz_policy,
	&fuzz_popular,
	&fuzz_records,
	&fuzz_verdict,
	NULL,
};

static const fuzz_target_t *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#ifdef FUZZING
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
#endif

static const fuzz_target_t *find(const char *name)
{
	for (const fuzz_target_t *const *t = targets; name && *t; t++) {
		if (strcmp((*t)->name, name) == 0)
			return *t;
	}
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	target = find(getenv(TARGET_VARIABLE));
	if (!target && *argc > 1) {
		target = find((*argv)[1]);
		setenv(TARGET_VARIABLE, (*argv)[1], 1);
		(*argv)[1] = (*argv)[0];
		(*argv)++;
		(*argc)--;
	}
	if (!target) {
		for (const fuzz_target_t *const *t = targets; *t; t++)
			puts((*t)->name);
		exit(*argc > 1 ? 2 : 0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run(data, size);
	return 0;
}

#ifdef FUZZING
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	size_t changed = 0;

	/* Every second time: what knows the structure keeps to it. */
	if (target->mutate && seed & 1)
		changed = target->mutate(data, size, max, seed >> 1);
	return changed ? changed : LLVMFuzzerMutate(data, size, max);
}
#endif

void fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

fuzz_span_t fuzz_line(const uint8_t *text, size_t size, unsigned dice)
{
	size_t starts[64], count = 0;

	for (size_t i = 0; i < size && count < 64; i++)
		if (i == 0 || text[i - 1] == '\n')
			starts[count++] = i;
	if (count == 0)
		return (fuzz_span_t){0, 0};
	size_t at = starts[dice % count];
	const uint8_t *end = memchr(text + at, '\n', size - at);
	return (fuzz_span_t){at, end ? (size_t)(end + 1 - (text + at)) : size - at};
}

size_t fuzz_splice(
	uint8_t *data, size_t size, size_t max, fuzz_span_t span, const void *with, size_t len)
{
	size_t behind = span.at + span.len;

	if (size - span.len + len > max)
		return 0;
	memmove(data + span.at + len, data + behind, size - behind);
	memcpy(data + span.at, with, len);
	return size - span.len + len;
}

void fuzz_file(fuzz_file_t *file, const void *data, size_t size)
{
	file->fd = memfd_create("fuzz", 0);
	if (file->fd < 0 || write(file->fd, data, size) != (ssize_t)size) {
		perror("memfd");
		exit(3);
	}
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

void fuzz_file_end(fuzz_file_t *file)
{
	close(file->fd);
}

void fuzz_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		PROMISED(text[i] >= 0x20 && text[i] < 0x7f);
}

void fuzz_diag(void *arg, const ts_diag_t *diag)
{
	fuzz_diags_t *diags = arg;
	char line[512];

	diags->count[diag->severity]++;
	ts_diag_format(diag, line, sizeof(line));
	fuzz_printable(line, strlen(line));
	PROMISED(diag->message[0]);
}

void fuzz_good_name(const ts_name_t *name)
{
	ts_name_t again;
	char text[TS_NAME_TEXT_MAX];

	PROMISED(ts_name_from_wire(&again, name->wire, name->len) == TS_OK);
	PROMISED(again.len == name->len && again.nlabels == name->nlabels);
	PROMISED(memcmp(again.wire, name->wire, name->len) == 0); /* lower case it was */
	PROMISED(memcmp(again.off, name->off, (size_t)name->nlabels + 1) == 0);
	PROMISED(ts_name_wire_len(name->wire) == name->len);
	PROMISED(ts_name_wire_labels(name->wire) == name->nlabels);
	size_t n = ts_name_to_text(name->wire, text, sizeof(text));
	PROMISED(n == strlen(text));
	fuzz_printable(text, n);
	PROMISED(ts_name_from_text(&again, text, n, NULL) == TS_OK);
	PROMISED(again.len == name->len && memcmp(again.wire, name->wire, name->len) == 0);
}

#ifndef FUZZING
static unsigned replayed;

static int replay(const char *path)
{
	struct stat st;
	int bad = 0;

	if (stat(path, &st) != 0) {
		perror(path);
		return 1;
	}
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = opendir(path);
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			char inner[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
			bad |= replay(inner);
		}
		if (dir)
			closedir(dir);
		return bad;
	}
	FILE *f = fopen(path, "rb");
	/* Of the very size, so that AddressSanitizer sees a read beyond the end. */
	uint8_t *data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!f || !data || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		bad = 1;
	} else {
		LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
		replayed++;
	}
	if (f)
		fclose(f);
	free(data);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		bad |= replay(argv[i]);
	printf("%s: %u inputs\n", target->name, replayed);
	return bad || replayed == 0;
}
#endif
