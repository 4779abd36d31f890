/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../tools/elf_id.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char needle[] = "what this program says of itself";

/* Every header cut off somewhere, and noise: an answer, never a crash. */
static void elf_id__cut_off(void **state)
{
	char id[TS_ELF_ID_MAX], path[] = "/tmp/typosink-test-XXXXXX";
	static unsigned char program[1 << 16];
	(void)state;

	FILE *f = fopen("/proc/self/exe", "re");
	assert_non_null(f);
	size_t n = fread(program, 1, sizeof(program), f);
	fclose(f);
	assert_true(n > sizeof(ElfW(Ehdr)));
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t cut = 0; cut < 2048 && cut < n; cut += 7) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, program, cut, 0), cut);
		int code = ts_elf_build_id(path, id);
		assert_true(code == TS_OK || code == TS_ENOENT);
	}
	for (size_t at = 0; at < 1024 && at < n; at += 3) {
		unsigned char kept = program[at];
		program[at] = 0xff;
		assert_int_equal(pwrite(fd, program, n, 0), n);
		program[at] = kept;
		int code = ts_elf_build_id(path, id);
		assert_true(code == TS_OK || code == TS_ENOENT);
	}
	close(fd);
	unlink(path);
}

static void elf_id__same_for_the_same_program(void **state)
{
	char id[TS_ELF_ID_MAX], again[TS_ELF_ID_MAX];
	(void)state;

	/* Found by PATH as well as by name; the shell is there on every machine. */
	int code = ts_elf_build_id("/bin/sh", id);
	if (code == TS_ENOENT) {
		print_message("skipped: /bin/sh has no build-id here\n");
		skip();
	}
	assert_int_equal(code, TS_OK);
	assert_int_equal(strspn(id, "0123456789abcdef"), strlen(id));
	assert_true(strlen(id) >= 16);
	setenv("PATH", "/nowhere:/bin", 1);
	assert_int_equal(ts_elf_build_id("sh", again), TS_OK);
	assert_string_equal(id, again);
}

static void elf_id__what_is_no_program(void **state)
{
	char id[TS_ELF_ID_MAX];
	(void)state;
	assert_int_equal(ts_elf_build_id("/etc/hostname", id), TS_ENOENT);
	assert_int_equal(ts_elf_build_id("/", id), TS_EIO);
	assert_int_equal(ts_elf_build_id("/nowhere/program", id), TS_EIO);
	assert_int_equal(ts_elf_build_id("no-such-program", id), TS_EIO);
}

/* A build-id of no octets is none (found by fuzzing: the id was whatever stood there). */
static void elf_id__empty(void **state)
{
	struct {
		ElfW(Ehdr) head;
		ElfW(Phdr) segment;
		ElfW(Nhdr) note;
		char owner[4];
		uint8_t id[4];
	} file = {.head = {.e_ident = {0x7f, 'E', 'L', 'F',
				   sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32, ELFDATA2LSB},
			  .e_phoff = sizeof(file.head),
			  .e_phentsize = sizeof(file.segment),
			  .e_phnum = 1},
		.segment = {.p_type = PT_NOTE,
			.p_offset = sizeof(file.head) + sizeof(file.segment),
			.p_filesz = sizeof(file.note) + 8,
			.p_align = 4},
		.note = {.n_namesz = 4, .n_descsz = 4, .n_type = NT_GNU_BUILD_ID},
		.owner = "GNU",
		.id = {0, 1, 2, 0xff}};
	char id[TS_ELF_ID_MAX], path[] = "/tmp/typosink-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(pwrite(fd, &file, sizeof(file), 0), sizeof(file));
	assert_int_equal(ts_elf_build_id(path, id), TS_OK);
	assert_string_equal(id, "000102ff");
	file.note.n_descsz = 0;
	assert_int_equal(pwrite(fd, &file, sizeof(file), 0), sizeof(file));
	assert_int_equal(ts_elf_build_id(path, id), TS_ENOENT);
	close(fd);
	unlink(path);
}

static void elf_contains__text(void **state)
{
	bool there = false;
	(void)state;
	assert_int_equal(ts_elf_contains("/proc/self/exe", needle, &there), TS_OK);
	assert_true(there);
	assert_int_equal(ts_elf_contains("/bin/sh", needle, &there), TS_OK);
	assert_false(there);
	assert_int_equal(ts_elf_contains("/nowhere", needle, &there), TS_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_id__cut_off),
		cmocka_unit_test(elf_id__same_for_the_same_program),
		cmocka_unit_test(elf_id__what_is_no_program),
		cmocka_unit_test(elf_id__empty),
		cmocka_unit_test(elf_contains__text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
