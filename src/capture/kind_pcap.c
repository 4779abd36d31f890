/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pcap and pcapng, read by libpcap, the one place that includes it.
 */
#include "internal.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct state {
	pcap_t *pcap;
	int dlt;
	bool drained; /* the file is at its end */
	int result;   /* how it ended */
};

static bool magic(const uint8_t *head, size_t len, const uint32_t *magics, size_t count)
{
	uint32_t m;

	if (len < sizeof(m))
		return false;
	memcpy(&m, head, sizeof(m));
	for (size_t i = 0; i < count; i++)
		if (m == magics[i] || m == __builtin_bswap32(magics[i]))
			return true;
	return false;
}

static bool detect_pcap(const uint8_t *head, size_t len)
{
	/* Microseconds, nanoseconds, and Kuznetzov's variant, in either byte order. */
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};

	return magic(head, len, magics, sizeof(magics) / sizeof(magics[0]));
}

static bool detect_pcapng(const uint8_t *head, size_t len)
{
	static const uint32_t magics[] = {0x0a0d0d0a};

	return magic(head, len, magics, 1);
}

static int open_pcap(ts_capture_t *capture)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct state *st = calloc(1, sizeof(*st));
	int err = TS_EINVAL;

	if (!st)
		return TS_ENOMEM;
	st->pcap = pcap_fopen_offline_with_tstamp_precision(
		capture->stream, PCAP_TSTAMP_PRECISION_MICRO, why);
	if (!st->pcap) {
		const char *below = ts_source_error(capture->source);

		ts_report(&capture->options.report, TS_ERROR, capture->path, 0, NULL, "%s",
			below ? below : why);
		goto cleanup;
	}
	capture->stream = NULL; /* pcap_close() closes it */
	capture->state = st;
	st->dlt = pcap_datalink(st->pcap);
	if (!ts_link_name(st->dlt)) {
		const char *name = pcap_datalink_val_to_name(st->dlt);

		ts_report(&capture->options.report, TS_ERROR, capture->path, 0, NULL,
			"frames of link layer %d (%s) are not read", st->dlt,
			name ? name : "unknown");
		goto cleanup;
	}
	if (capture->options.filter) {
		struct bpf_program program;

		if (pcap_compile(st->pcap, &program, capture->options.filter, 1,
			    PCAP_NETMASK_UNKNOWN) != 0) {
			ts_report(&capture->options.report, TS_ERROR, NULL, 0, "filter", "%s",
				pcap_geterr(st->pcap));
			goto cleanup;
		}
		int set = pcap_setfilter(st->pcap, &program);
		pcap_freecode(&program);
		if (set != 0) {
			ts_report(&capture->options.report, TS_ERROR, NULL, 0, "filter", "%s",
				pcap_geterr(st->pcap));
			goto cleanup;
		}
	}
	return TS_OK;
cleanup:
	if (st->pcap)
		pcap_close(st->pcap);
	free(st);
	capture->state = NULL;
	return err;
}

static int next_pcap(ts_capture_t *capture, ts_message_t *out)
{
	struct state *st = capture->state;
	int got = ts_streams_pull(capture, out);

	while (got == 0 && !st->drained) {
		struct pcap_pkthdr *h;
		const u_char *data;
		int r = pcap_next_ex(st->pcap, &h, &data);

		if (r != 1) {
			st->drained = true;
			if (r == PCAP_ERROR) {
				const char *below = ts_source_error(capture->source);

				ts_capture_fail(
					capture, "%s", below ? below : pcap_geterr(st->pcap));
				st->result = TS_EINVAL;
			}
			ts_frags_flush(capture);
			break;
		}
		capture->stats.frames++;
		capture->time_us = h->ts.tv_sec * INT64_C(1000000) + h->ts.tv_usec;
		capture->cut = h->caplen < h->len;
		got = ts_link_decode(capture, st->dlt, data, h->caplen, out);
	}
	/* At the end, what streams still hold. */
	while (got == 0 && st->drained && ts_streams_flush(capture))
		got = ts_streams_pull(capture, out);
	return got ? got : st->result;
}

static void close_pcap(ts_capture_t *capture)
{
	struct state *st = capture->state;

	if (!st)
		return;
	pcap_close(st->pcap);
	free(st);
}

const ts_kind_t ts_kind_pcap = {"pcap", "frame", detect_pcap, open_pcap, next_pcap, close_pcap};
const ts_kind_t ts_kind_pcapng = {
	"pcapng", "frame", detect_pcapng, open_pcap, next_pcap, close_pcap};
