/* SPDX-License-Identifier: BSD-3-Clause
 *
 * host: a dynlib module reads and writes Unbound's structures, whose layout differs between
 * releases and between configurations of one release, and Unbound checks nothing when it loads
 * one. So the module compares before it touches anything:
 *
 * 1. the GNU build-id of the main program with those seen at build time: the same program for sure;
 * 2. where the program, or the tree at build time, has no build-id: the size of the memory block
 *    that holds the configuration, and functions that every Unbound has.
 *
 * A program that is known to have the same layout (Unbound's own testbound, say) can be named by
 * its build-id in the environment, TYPOSINK_HOST_BUILD.
 *
 * Called once, from init, by Unbound's main thread. Allocates nothing.
 */
#include "compat.h"

#include "host.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_ID_MAX 64 /* octets; SHA-1 has 20 */

/* Functions without which a program is no Unbound that we can be in. */
static const char *const landmarks[] = {"mesh_detect_cycle", "dynlibmod_init", "msg_cache_remove"};

typedef struct found_id {
	bool seen;
	char hex[2 * BUILD_ID_MAX + 1];
} found_id_t;

static void read_notes(const uint8_t *p, size_t size, size_t align, found_id_t *found)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		memcpy(&note, p, sizeof(note));
		size_t name = (note.n_namesz + align - 1) & ~(align - 1);
		size_t desc = (note.n_descsz + align - 1) & ~(align - 1);
		if (name > size - sizeof(note) || desc > size - sizeof(note) - name)
			return;
		const uint8_t *owner = p + sizeof(note);
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp(owner, "GNU", 4) == 0 && note.n_descsz <= BUILD_ID_MAX) {
			for (size_t i = 0; i < note.n_descsz; i++)
				snprintf(found->hex + 2 * i, 3, "%02x", owner[name + i]);
			return;
		}
		p += sizeof(note) + name + desc;
		size -= sizeof(note) + name + desc;
	}
}

/* The first object that is reported is the main program. */
static int read_main_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	found_id_t *found = arg;
	(void)size;
	found->seen = true;
	for (unsigned i = 0; i < info->dlpi_phnum && !found->hex[0]; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		if (ph->p_type == PT_NOTE)
			read_notes((const uint8_t *)(info->dlpi_addr + ph->p_vaddr), ph->p_memsz,
				ph->p_align == 8 ? 8 : 4, found);
	}
	return 1;
}

static const char *const expected_ids[] = {TS_HOST_BUILD_IDS};

static bool expected(const char *id)
{
	for (const char *const *p = expected_ids; *p; p++)
		if (strcmp(*p, id) == 0)
			return true;
	return false;
}

bool ts_host_matches(const void *env, char *why, size_t size)
{
	found_id_t found = {0};
	dl_iterate_phdr(read_main_program, &found);

	const char *named = getenv("TYPOSINK_HOST_BUILD");
	if (found.hex[0] && named && strcmp(named, found.hex) == 0)
		return true;
	if (found.hex[0] && expected_ids[0]) {
		if (expected(found.hex))
			return true;
		snprintf(why, size,
			"built for Unbound " TS_HOST_VERSION
			" with build-id %s, but loaded by a program with build-id %s: "
			"install the module that was built for this Unbound",
			expected_ids[0], found.hex);
		return false;
	}

	/* No build-id to compare: probes. The allocator rounds up by less than 16 octets. */
	const void *cfg;
	memcpy(&cfg, env, sizeof(cfg));
	size_t usable = malloc_usable_size((void *)(uintptr_t)cfg);
	size_t want = sizeof(struct config_file);
	if (usable < want || usable >= want + 16) {
		snprintf(why, size,
			"built for Unbound " TS_HOST_VERSION
			" with a configuration of %zu octets, but loaded by a program whose "
			"configuration has %zu: install the module that was built for this Unbound",
			want, usable);
		return false;
	}
	for (size_t i = 0; i < sizeof(landmarks) / sizeof(landmarks[0]); i++)
		if (!dlsym(RTLD_DEFAULT, landmarks[i])) {
			snprintf(why, size,
				"built for Unbound " TS_HOST_VERSION
				", but loaded by a program that has no function %s: "
				"install the module that was built for this Unbound",
				landmarks[i]);
			return false;
		}
	return true;
}
