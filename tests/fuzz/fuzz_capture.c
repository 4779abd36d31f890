/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz target: the capture reader, whole: decompression, every kind of input, every link layer,
 * reassembly, and the records of each message. With libFuzzer (--enable-fuzzing, CC=clang), or with
 * fuzz_main.c, which replays files.
 */
#define _GNU_SOURCE
#include "../../src/capture/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void swallow(void *arg, const ts_diag_t *diag)
{
	char line[256];

	(void)arg;
	ts_diag_format(diag, line, sizeof(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = {53, 5353, 8053};
	ts_capture_options_t options = {ports, 3, NULL, 3, {swallow, NULL}};
	ts_capture_t *capture;
	ts_message_t m;
	char path[32];
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ts_capture_open(path, &options, &capture) == TS_OK) {
		unsigned messages = 0;

		while (messages++ < 100000 && ts_capture_next(capture, &m) == 1) {
			ts_dns_walk_t walk;
			ts_dns_rr_t rr;

			if (m.dns.question == TS_QUESTION_GOOD) {
				ts_name_t again;

				/* What came out must be a name. */
				if (ts_name_from_wire(&again, m.dns.qname.wire, m.dns.qname.len) !=
					TS_OK)
					abort();
			}
			if (!m.dns.wire)
				continue;
			ts_dns_walk(&m.dns, &walk);
			while (ts_dns_next(&m.dns, &walk, &rr) == 1) {
				uint32_t at = rr.rdata;
				ts_name_t target;

				(void)!ts_dns_name(m.dns.wire, m.dns.len, &at, &target);
			}
		}
		ts_capture_close(capture);
	}
	close(fd);
	return 0;
}
