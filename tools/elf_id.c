/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "elf_id.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Maps a whole regular file. An empty one is no mapping: data NULL, size 0. */
static int map(const char *path, const uint8_t **data, size_t *size)
{
	struct stat st;
	int code = TS_EIO;

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return TS_EIO;
	if (fstat(fd, &st) != 0)
		goto cleanup;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto cleanup;
	}
	void *at = NULL;
	if (st.st_size > 0) {
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED)
			goto cleanup;
	}
	*data = at;
	*size = (size_t)st.st_size;
	code = TS_OK;
cleanup:
	close(fd);
	return code;
}

/* Notes are a header and two strings, each padded to the segment's alignment. */
static int find_note(const uint8_t *p, size_t size, size_t align, char id[TS_ELF_ID_MAX])
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		memcpy(&note, p, sizeof(note));
		p += sizeof(note);
		size -= sizeof(note);
		size_t owner = ((size_t)note.n_namesz + align - 1) & ~(align - 1);
		size_t desc = ((size_t)note.n_descsz + align - 1) & ~(align - 1);
		if (owner > size || desc > size - owner)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp(p, "GNU", 4) == 0 && note.n_descsz > 0 &&
			note.n_descsz <= (TS_ELF_ID_MAX - 1) / 2) {
			for (size_t i = 0; i < note.n_descsz; i++)
				snprintf(id + 2 * i, 3, "%02x", p[owner + i]);
			return TS_OK;
		}
		p += owner + desc;
		size -= owner + desc;
	}
	return TS_ENOENT;
}

static int build_id(const uint8_t *data, size_t size, char id[TS_ELF_ID_MAX])
{
	ElfW(Ehdr) head;

	if (size < sizeof(head))
		return TS_ENOENT;
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
		head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
		head.e_phentsize != sizeof(ElfW(Phdr)) || head.e_phoff > size ||
		head.e_phnum > (size - head.e_phoff) / sizeof(ElfW(Phdr)))
		return TS_ENOENT;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		ElfW(Phdr) ph;
		memcpy(&ph, data + head.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type != PT_NOTE || ph.p_offset > size || ph.p_filesz > size - ph.p_offset)
			continue;
		if (find_note(data + ph.p_offset, ph.p_filesz, ph.p_align == 8 ? 8 : 4, id) ==
			TS_OK)
			return TS_OK;
	}
	return TS_ENOENT;
}

char *ts_program_path(const char *name)
{
	const char *path = getenv("PATH");
	char buf[4096];

	if (strchr(name, '/'))
		return strdup(name);
	for (const char *p = path ? path : "/usr/sbin:/usr/bin"; *p; p += *p == ':') {
		size_t n = strcspn(p, ":");
		snprintf(buf, sizeof(buf), "%.*s/%s", (int)n, p, name);
		if (access(buf, X_OK) == 0)
			return strdup(buf);
		p += n;
	}
	errno = ENOENT;
	return NULL;
}

int ts_elf_build_id(const char *name, char id[TS_ELF_ID_MAX])
{
	const uint8_t *data;
	size_t size;
	char *path = ts_program_path(name);

	if (!path)
		return TS_EIO;
	int code = map(path, &data, &size);
	free(path);
	if (code != TS_OK)
		return code;
	code = build_id(data, size, id);
	if (data)
		munmap((void *)(uintptr_t)data, size);
	return code;
}

int ts_elf_contains(const char *path, const char *text, bool *out)
{
	const uint8_t *data;
	size_t size;

	int code = map(path, &data, &size);
	if (code != TS_OK)
		return code;
	*out = data && memmem(data, size, text, strlen(text)) != NULL;
	if (data)
		munmap((void *)(uintptr_t)data, size);
	return TS_OK;
}
