/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The timeline: bars in SVG, and the same as a table for those who cannot see them.
 */
#include "config.h"

#include "report_html.h"

#include "../src/alert/clock.h"

#include <inttypes.h>

enum {
	CHART_STEPS = 96,
	CHART_W = 960,
	CHART_H = 200,
	CHART_LEFT = 52,
	CHART_TOP = 14,
	CHART_BOTTOM = 24
};

static const char *width_words(int64_t width)
{
	static const struct {
		int64_t width;
		const char *words;
	} rows[] = {
		{60, "a minute"},
		{300, "5 minutes"},
		{900, "15 minutes"},
		{3600, "an hour"},
		{3 * 3600, "3 hours"},
		{12 * 3600, "12 hours"},
		{86400, "a day"},
		{7 * 86400, "a week"},
		{28 * 86400, "4 weeks"},
		{364 * 86400, "52 weeks"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].width == width)
			return rows[i].words;
	}
	return "many years";
}

/* 1, 2 or 5 times a power of ten: the least that three or four steps of reach n. */
static uint64_t nice_step(uint64_t n)
{
	uint64_t step = 1;

	for (unsigned i = 0; step * 4 < n && step < UINT64_MAX / 16; i++)
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;
	return step;
}

static void put_moment_time(FILE *out, int64_t at, int64_t width)
{
	char stamp[TS_TIME_TEXT_MAX];

	ts_time_text(at * 1000000, stamp);
	if (width >= 86400)
		fprintf(out, "%.10s", stamp);
	else
		fprintf(out, "%.10s %.5s", stamp, stamp + 11);
}

static void put_bars(FILE *out, const timeline_t *line, double per, double step)
{
	const double base = CHART_H - CHART_BOTTOM, gap = step > 6 ? 2 : step > 3 ? 1 : 0.3;

	for (size_t i = 0; i < line->count; i++) {
		const moment_t *m = &line->moments[i];
		double x = CHART_LEFT + (double)i * step + gap / 2, w = step - gap;
		double answered = (double)m->answered * per, observed = (double)m->observed * per;
		if (!m->answered && !m->observed && !m->lost)
			continue;
		fputs("<g><title>", out);
		put_moment_time(out, line->start + (int64_t)i * line->width, line->width);
		fprintf(out, ": %" PRIu64 " answered, %" PRIu64 " observed", m->answered,
			m->observed);
		if (m->lost)
			fprintf(out, ", %" PRIu64 " lost", m->lost);
		fputs("</title>", out);
		fprintf(out,
			"<rect class=\"answered\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
			"height=\"%.2f\"/>",
			x, base - answered, w, answered);
		if (m->observed)
			fprintf(out,
				"<rect class=\"observed\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
				"height=\"%.2f\"/>",
				x, base - answered - observed, w, observed);
		if (m->lost)
			fprintf(out, "<path class=\"lost\" d=\"M%.2f %.2f l5 8 h-10 z\"/>",
				x + w / 2,
				base - answered - observed - 10 > 2
					? base - answered - observed - 10
					: 2);
		fputs("</g>\n", out);
	}
}

/* Steps of the labels below the chart: the least that gives no more than seven. */
static int64_t label_step(const timeline_t *line)
{
	static const int64_t steps[] = {60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600,
		86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 84 * 86400, 182 * 86400,
		364 * 86400};
	int64_t range = (int64_t)line->count * line->width;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i] >= line->width && range / steps[i] <= 7)
			return steps[i];
	}
	return range / 7;
}

static void put_axes(FILE *out, const timeline_t *line, uint64_t top, uint64_t grid, double step)
{
	const double base = CHART_H - CHART_BOTTOM, room = base - CHART_TOP;
	int64_t every = label_step(line), label = INT64_MIN;
	char buf[32];

	for (uint64_t v = 0; v <= top; v += grid) {
		double y = base - room * (double)v / (double)top;
		fprintf(out,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.2f\" y2=\"%.2f\"/>"
			"<text x=\"%d\" y=\"%.2f\" class=\"y\">%s</text>\n",
			CHART_LEFT, CHART_W, y, y, CHART_LEFT - 8, y + 4, html_grouped(v, buf));
	}
	for (size_t i = 0; i < line->count; i++) {
		int64_t at = line->start + (int64_t)i * line->width;
		double x = CHART_LEFT + (double)i * step;
		if (timeline_floor(at, every) == label)
			continue;
		bool first = label == INT64_MIN;
		label = timeline_floor(at, every);
		/* One that begins before the chart does, or would not fit, has no label. */
		if ((first && at != label) || x > CHART_W - 70)
			continue;
		char stamp[TS_TIME_TEXT_MAX];
		ts_time_text(at * 1000000, stamp);
		fprintf(out,
			"<path class=\"grid\" d=\"M%.2f %.0f v5\"/><text x=\"%.2f\" y=\"%d\">"
			"%.*s</text>\n",
			x, base, x, CHART_H - 6, at % 86400 == 0 ? 10 : 5,
			at % 86400 == 0 ? stamp : stamp + 11);
	}
}

void report_chart(FILE *out, timeline_t *line)
{
	uint64_t most = 0;

	timeline_fit(line, CHART_STEPS);
	fputs("<section id=\"timeline\" aria-labelledby=\"timeline-h\">\n"
	      "<h2 id=\"timeline-h\">Over time</h2>\n",
		out);
	for (size_t i = 0; i < line->count; i++) {
		uint64_t all = line->moments[i].answered + line->moments[i].observed;
		most = all > most ? all : most;
	}
	if (line->count == 0) {
		fputs("<p class=\"lead\">Nothing.</p>\n</section>\n", out);
		return;
	}
	uint64_t grid = nice_step(most ? most : 1), top = (most + grid - 1) / grid * grid;
	if (top == 0)
		top = grid;
	double step = (CHART_W - CHART_LEFT) / (double)line->count;
	double per = (CHART_H - CHART_BOTTOM - CHART_TOP) / (double)top;
	fprintf(out,
		"<p class=\"lead\">Look-ups, one bar for %s. Repeats of a look-up within a window "
		"are counted at its end.</p>\n"
		"<ul class=\"legend\"><li class=\"answered\">answered instead</li>"
		"<li class=\"observed\">observed only</li>"
		"<li class=\"lost\">events lost here</li></ul>\n"
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-labelledby=\"timeline-h\">\n"
		"<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"Look-ups over time; the table below has the figures.\">\n",
		width_words(line->width), CHART_W, CHART_H);
	put_axes(out, line, top, grid, step);
	put_bars(out, line, per, step);
	fputs("</svg>\n</div>\n<details><summary>The same as a table</summary>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Over time, as a table\">\n"
	      "<table><thead><tr><th scope=\"col\">From (UTC)</th><th scope=\"col\" class=\"n\">"
	      "Answered</th><th scope=\"col\" class=\"n\">Observed</th>"
	      "<th scope=\"col\" class=\"n\">Lost</th></tr></thead>\n<tbody>\n",
		out);
	for (size_t i = 0; i < line->count; i++) {
		const moment_t *m = &line->moments[i];
		if (!m->answered && !m->observed && !m->lost)
			continue;
		fputs("<tr><th scope=\"row\">", out);
		put_moment_time(out, line->start + (int64_t)i * line->width, line->width);
		fputs("</th><td class=\"n\">", out);
		html_number(out, m->answered);
		fputs("</td><td class=\"n\">", out);
		html_number(out, m->observed);
		fputs("</td><td class=\"n\">", out);
		html_number(out, m->lost);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n</div></details>\n</section>\n", out);
}
