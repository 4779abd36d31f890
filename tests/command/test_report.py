#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""typosink report: the figures on the page are those of the file, counted here again; and nothing
that a stranger chose becomes markup. What a browser makes of it: tests/integration."""
import base64
import collections
import hashlib
import html.parser
import json
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from test_alerts import event, own, text  # noqa: E402  pylint: disable=wrong-import-position

COMMAND = os.environ.get("TYPOSINK", os.path.join("tools", "typosink"))
NASTY = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onmouseover='x", "&lt;b&gt;",
         "a\u202eb\u2066c\u200bd", "\x1b[31m\x07\x7f\u009b", "</title><h1>", "<!--", "]]>",
         "javascript:alert(1)", "\u00adsoft", "\U000e0041tag"]
VOID = {"meta", "br", "rect", "line", "path"}


class Page(html.parser.HTMLParser):
    """Figures by id, tables by section as rows of cells, every element and attribute."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.figures, self.tables, self.elements, self.style = {}, {}, [], ""
        self.section, self.cell, self.stack, self.text = None, None, [], []
        self.feed(source)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "section":
            self.section = attrs["id"]
        if tag == "tr":
            self.tables.setdefault(self.section, []).append([])
        if tag in ("td", "th"):
            self.cell = []
        if tag == "data":
            if "id" in attrs:
                self.figures[attrs["id"]] = int(attrs["value"])
            if self.cell is not None:
                self.cell.append(("n", int(attrs["value"])))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, (tag, self.stack)
        if tag in ("td", "th"):
            numbers = [n for kind, n in self.cell if kind == "n"]
            said = "".join(t for kind, t in self.cell if kind == "t")
            alone = numbers and said.replace(",", "") == str(numbers[0])
            self.tables[self.section][-1].append(numbers[0] if alone else said)
            self.cell = None

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_data(self, data):
        self.text.append(data)
        if self.stack and self.stack[-1] == "style":
            self.style += data
        if self.cell is not None:
            self.cell.append(("t", data))

    def rows(self, section):
        return [row for row in self.tables[section][1:] if row]


def world(seed=1, count=400):
    """Events of two runs: observed ones, repeats, a loss, holes, doubles, a crash."""
    rng = random.Random(seed)
    lines, seq = [own(1, "start")], 1
    names = [("army.ml", "army.mil", "tld-omission", "mil"),
             ("exmaple.com", "example.com", "transposition", "example.com"),
             ("navy.nil", "navy.mil", "tld-substitution", "mil")]
    names += [(f"u{i}.army.ml", f"u{i}.army.mil", "tld-omission", "mil") for i in range(40)]
    for _ in range(count):
        seq += 1
        name, meant, cls, zone = rng.choice(names)
        e = event(seq, name=name, client=f"192.0.2.{rng.randint(1, 30)}", cls=cls, protected=zone,
                  second=rng.randint(0, 59), counterpart=meant, count=rng.choice([1, 1, 1, 40]))
        if zone == "example.com":
            e["event"]["action"] = "observe"
            e["typosink"]["applied"] = False
        lines.append(e)
    seq += 1
    loss = own(seq, "loss", lost={"count": 17, "queue": 17, "write": 0})
    loss["event"]["kind"] = "pipeline_error"
    lines.append(loss)
    lines = [e for e in lines if e["event"]["sequence"] not in (50, 51, 52, 90)]
    lines += rng.sample(lines[1:], 20)  # doubles
    again = own(1, "start", boot="00000002", previous={
        "boot_id": "c1a7e6d2", "sequence": seq + 3, "clean": False, "unwritten_max": 99})
    lines += [again, own(2, "stop", boot="00000002")]
    rng.shuffle(lines)
    return lines


def figures(lines):
    """The same figures, counted without the command."""
    seen = {}
    for e in lines:
        seen[(e["typosink"]["boot_id"], e["event"]["sequence"])] = e
    alerts = [e for e in seen.values() if e["event"]["kind"] == "alert"]
    by = {key: collections.Counter() for key in ("name", "client", "zone", "class", "action")}
    observed = collections.Counter()
    for e in alerts:
        n = e["typosink"]["count"]
        by["name"][e["dns"]["question"]["name"]] += n
        by["client"][e["source"]["ip"]] += n
        by["zone"][e["typosink"]["protected"]] += n
        by["class"][e["typosink"]["class"]] += n
        by["action"][e["event"]["action"]] += n
        if not e["typosink"]["applied"]:
            observed[e["dns"]["question"]["name"]] += n
    return alerts, by, observed


class Report(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.tmp.name, "alerts.json")

    def tearDown(self):
        self.tmp.cleanup()

    def write(self, events, path=None):
        with open(path or self.path, "w", encoding="utf-8", errors="surrogatepass") as f:
            f.write(events if isinstance(events, str) else text(events))

    def call(self, *args, code=0, stdin=None):
        r = subprocess.run([COMMAND, "report", *args], capture_output=True, input=stdin,
                           timeout=60, check=False)
        self.assertEqual(r.returncode, code, r.stderr)
        return r.stdout.decode("utf-8"), r.stderr.decode("utf-8")

    def page(self, *args, **how):
        return Page(self.call(*args, **how)[0])

    def ranked(self, counter):
        return sorted(counter.items(), key=lambda item: (-item[1], item[0]))

    def test_figures_are_those_of_the_file(self):
        lines = world()
        self.write(lines)
        alerts, by, observed = figures(lines)
        page = self.page("--top", "1000", self.path)
        total = sum(e["typosink"]["count"] for e in alerts)
        self.assertEqual(page.figures, {
            "lookups": total, "answered": total - sum(observed.values()),
            "observed-only": sum(observed.values()), "names": len(by["name"]),
            "client-count": len(by["client"]), "missing": 4 + 3 + 17})
        for section, key, column in (("typos", "name", 3), ("clients", "client", 3),
                                     ("zones", "zone", 1), ("kinds", "class", 3),
                                     ("answers", "action", 2)):
            self.assertEqual([(row[0], row[column]) for row in page.rows(section)],
                             self.ranked(by[key]), section)
        self.assertEqual([(row[0], row[4]) for row in page.rows("observed")], self.ranked(observed))
        self.assertEqual({row[0]: row[1] for row in page.rows("typos")},
                         {e["dns"]["question"]["name"]: e["typosink"]["counterpart"]
                          for e in alerts})
        timeline = page.rows("timeline")
        self.assertEqual(sum(row[1] + row[2] for row in timeline), total)
        self.assertEqual(sum(row[3] for row in timeline), 17)
        runs = {row[1]: row for row in page.rows("losses")}
        last = max(e["event"]["sequence"] for e in lines)
        self.assertEqual(runs["c1a7e6d2"][2:6],
                         [f"1–{last}", 7, f"50–52, 90, {last + 1}–{last + 3} at its end", 17])
        self.assertIn("ended without a stop", runs["c1a7e6d2"][6])
        self.assertEqual(runs["00000002"][2:7], ["1–2", 0, "none", 0, "stopped"])
        said = "".join(page.text)
        self.assertIn("20 events were there more than once", said)
        self.assertIn("Yes: the figures on this page are too low", said)

    def test_top_and_the_rest(self):
        lines = world()
        self.write(lines)
        by = figures(lines)[1]["name"]
        page = self.page("--top", "5", self.path)
        shown = [row[3] for row in page.rows("typos")]
        self.assertEqual(len(shown), 5)
        self.assertIn(f"and {len(by) - 5} more names with {sum(by.values()) - sum(shown):,} "
                      "look-ups.", "".join(page.text))

    def test_files_in_any_order_and_standard_input(self):
        lines = world()
        parts = [os.path.join(self.tmp.name, f"a.{i}") for i in range(3)]
        for i, part in enumerate(parts):
            self.write(lines[i::3], part)
        self.write(lines)
        whole = self.page(self.path)
        self.assertEqual(self.page(*reversed(parts)).tables, whole.tables)
        piped = self.page(stdin=text(lines).encode())
        self.assertEqual((piped.tables, piped.figures), (whole.tables, whole.figures))
        self.assertIn("standard input", "".join(piped.text))

    def test_filters(self):
        lines = world()
        self.write(lines)
        wanted = [e for e in lines if e["event"]["kind"] != "alert" or (
            e["typosink"]["protected"] == "mil" and e["source"]["ip"] == "192.0.2.7")]
        alerts = figures(wanted)[0]
        page = self.page("-z", "mil", "-C", "192.0.2.7", self.path)
        self.assertEqual(page.figures["lookups"], sum(e["typosink"]["count"] for e in alerts))
        self.assertEqual([row[0] for row in page.rows("clients")], ["192.0.2.7"])
        self.assertEqual(page.figures["missing"], 24)  # losses are everybody's
        self.assertIn("only protected zone", "".join(page.text))
        self.assertEqual(self.page("--since", "2027", self.path).figures["lookups"], 0)

    def test_nothing_becomes_markup(self):
        lines = []
        for i, nasty in enumerate(NASTY):
            e = event(2 * i + 2, name=nasty, client=nasty, cls=nasty, protected=nasty,
                      counterpart=nasty + "x", boot=nasty)
            e["observer"]["hostname"] = nasty
            e["source"] = {"address": nasty}
            found = event(2 * i + 3, name=nasty, boot=nasty, rdata=nasty)
            found["event"]["action"] = "rdata"
            policy = own(2 * i + 4, "policy", boot=nasty)
            policy["event"].update(outcome="failure", reason=nasty)
            policy["rule"] = {"ruleset": nasty, "version": nasty}
            lines += [e, found, policy]
        self.write(lines)
        path = os.path.join(self.tmp.name, "a<b>&\udcff.json")
        os.rename(self.path, path)
        source = self.call("--title", "".join(NASTY), path)[0]
        page = Page(source)
        allowed = {"html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "p",
                   "time", "nav", "ul", "li", "main", "section", "div", "table", "thead", "tbody",
                   "tr", "th", "td", "svg", "g", "rect", "path", "line", "text", "bdi", "mark",
                   "data", "span", "strong", "br", "details", "summary", "footer"}
        self.assertLessEqual({tag for tag, _ in page.elements}, allowed)
        for tag, attrs in page.elements:
            for name, value in attrs.items():
                self.assertFalse(name.startswith("on") or name in ("style", "src"), (tag, name))
                if name == "href":
                    self.assertTrue(value.startswith("#"), value)
        # In the attributes and in the text alike: nothing hidden, nothing that turns the order.
        self.assertNotRegex(source, "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e"
                                    "\u2060-\u206f\U000e0000-\U0010ffff]")
        self.assertIn("a[U+202E]b[U+2066]c[U+200B]d", "".join(page.text))
        names = [row[0] for row in page.rows("typos")]
        self.assertLessEqual({n for n in NASTY if n.isprintable()}, set(names))
        self.assertEqual(len(names), len(NASTY))

    def test_it_needs_nothing_beside_itself(self):
        self.write(world())
        source = self.call(self.path)[0]
        page = Page(source)
        policy = next(attrs["content"] for tag, attrs in page.elements
                      if attrs.get("http-equiv") == "Content-Security-Policy")
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        self.assertEqual(policy, f"default-src 'none'; style-src 'sha256-{digest}'; "
                                 "base-uri 'none'; form-action 'none'",
                         "the style sheet has changed: put this hash into report_style_hash")
        self.assertNotRegex(source, r"(?i)https?:|//[a-z]|@import|url\(|<script|<link|<iframe")
        targets = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
        for tag, attrs in page.elements:
            for value in (attrs.get("href", "#main")[1:], attrs.get("aria-labelledby", "main")):
                self.assertIn(value, targets, tag)

    def test_memory_is_bounded_and_the_frequent_stay(self):
        def lines():
            seq = 0
            for i in range(4000):
                for name in ("often.ml", "army.ml", f"once{i}.ml"):
                    seq += 1
                    yield event(seq, name=name, client=f"10.0.{seq % 251}.{seq % 241}")
        self.write("".join(json.dumps(e) + "\n" for e in lines()))
        page = self.page("--names", "100", "--top", "2", self.path)
        self.assertEqual([(row[0], row[3]) for row in page.rows("typos")],
                         [("army.ml", 4000), ("often.ml", 4000)])
        self.assertEqual(page.figures["lookups"], 12000)
        self.assertLessEqual(page.figures["names"], 100)
        said = "".join(page.text)
        self.assertRegex(said, r"and more than \d+ more names with 4,000 look-ups\.")
        self.assertRegex(said, r"clients than are counted apart \(--names\)")

    def test_times_far_apart(self):
        stamps = ["0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.000000Z",
                  "2026-11-23T19:01:00.000000Z", "9999-12-31T23:59:59.999999Z", "nonsense", ""]
        rng = random.Random(2)
        for _ in range(6):
            lines = [dict(event(i + 1), **{"@timestamp": s}) for i, s in enumerate(stamps)]
            rng.shuffle(lines)
            self.write(lines)
            page = self.page(self.path)
            self.assertEqual(page.figures["lookups"], 6)
            self.assertEqual(sum(row[1] for row in page.rows("timeline")), 4)

    def test_steps_fall_on_whole_hours(self):
        lines = []
        for i in range(300):
            e = event(i + 1)
            e["@timestamp"] = f"2026-11-{17 + i // 60:02d}T{i % 24:02d}:{i % 60:02d}:59.000000Z"
            lines.append(e)
        self.write(lines)
        want = collections.Counter(
            f"{e['@timestamp'][:10]} {int(e['@timestamp'][11:13]) // 3 * 3:02d}:00" for e in lines)
        rows = self.page(self.path).rows("timeline")
        self.assertEqual({row[0]: row[1] for row in rows}, dict(want))

    def test_bad_lines_and_no_lines(self):
        self.write(text([event(1)]) + "{nonsense\n[1]\n1\n   \n\n")
        source, said = self.call(self.path, code=1)
        self.assertIn("3 lines", said)
        self.assertIn("3 lines are no event", "".join(Page(source).text))
        self.write("")
        page = self.page(self.path)
        self.assertEqual(set(page.figures.values()), {0})
        self.assertIn("Nobody looked a mistyped name up.", "".join(page.text))

    def test_output_is_whole_or_not_at_all(self):
        self.write(world())
        out = os.path.join(self.tmp.name, "out.html")
        self.write("old", out)
        self.call("-o", out, self.path)
        with open(out, encoding="utf-8") as f:
            self.assertTrue(f.read().endswith("</html>\n"))
        self.write("old", out)
        self.call("-o", out, self.path, "/nonexistent", code=3)
        with open(out, encoding="utf-8") as f:
            self.assertEqual(f.read(), "old")
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode) & 0o111, 0)
        self.assertIn("No such", self.call("-o", self.tmp.name + "/no/x", self.path, code=3)[1])
        self.assertEqual(sorted(os.listdir(self.tmp.name)), ["alerts.json", "out.html"])
        with open("/dev/full", "w", encoding="ascii") as full:
            r = subprocess.run([COMMAND, "report", self.path], stdout=full, check=False,
                               stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(r.returncode, 3)

    def test_bad_calls(self):
        for args in (["--top", "0"], ["--top", "x"], ["--names", "-1"], ["--names", "99999999999"],
                     ["-C", "192.0.2.300"], ["--since", "yesterday"], ["--nonsense"], ["-o"]):
            self.assertIn("report", self.call(*args, code=2)[1])
        self.assertIn("Is a directory", self.call(self.tmp.name, code=3)[1])

    def test_marks_what_differs(self):
        self.write([event(1, name="exmaple.com", counterpart="example.com"),
                    event(2, name="army.ml"), event(3, name="\u00e4.ml", counterpart="\u00e5.ml")])
        source = self.call(self.path)[0]
        for part in ("ex<mark>ma</mark>ple.com", "ex<mark>am</mark>ple.com", "army.m<mark>i</mark>l",
                     ">army.ml<", "<mark>\u00e4</mark>.ml"):
            self.assertIn(part, re.sub(r"\s+", " ", source))


if __name__ == "__main__":
    unittest.main()
