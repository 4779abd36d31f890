#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whatever a name, a file or an alert holds, no control character of it reaches a terminal."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

COMMAND = os.environ.get("TYPOSINK", os.path.join("tools", "typosink"))
POLICY = pathlib.Path(os.environ.get("srcdir", ".")) / "tests" / "replay" / "policy.zone"
# Red, a title, the C1 form of an escape, DEL, a bell, a carriage return, and a field's end.
NASTY = "\\027[31mred\\027]0\\059t\\007\\155x\\127\\013\\010.navy.ml"
OCTETS = b"\x1b[31mred\x1b]0;t\x07\xc2\x9bx\x7f\r"


class Escapes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, *arguments):
        done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, check=False)
        for what, octets in (("stdout", done.stdout), ("stderr", done.stderr)):
            bad = {c for c in octets if c < 0x20 and c not in b"\n\t" or c == 0x7F}
            self.assertFalse(bad, (arguments, what, octets))
            self.assertFalse(any(c in octets.decode(errors="replace") for c in map(chr, range(0x80, 0xA0))),
                             (arguments, what, octets))
        return done

    def test_explain__a_nasty_name(self):
        for options in ([], ["--json"]):
            done = self.run_it("explain", "-p", POLICY, *options, NASTY, "MX")
            self.assertIn(b"navy.m", done.stdout)

    def test_replay__nasty_names_and_lines(self):
        queries = self.folder / "queries"
        line = OCTETS.replace(b"\x07", b"")  # with a bell it would be no text
        queries.write_bytes(NASTY.encode() + b" MX\n" + line + b".navy.ml MX\n" + line + b" nonsense " + line)
        for options in ([], ["--json"], ["--all"], ["--unique"], ["--suggest-allow"]):
            done = self.run_it("replay", "-p", POLICY, *options, queries)
            if "--suggest-allow" not in options:
                self.assertIn(b"navy.ml", done.stdout)

    def test_replay__a_gold_file(self):
        gold = self.folder / "gold"
        gold.write_bytes(b'{"frame":1,"qname":"' + OCTETS + b'"}\n')
        queries = self.folder / "queries"
        queries.write_text("navy.ml MX\n", encoding="ascii")
        self.assertEqual(self.run_it("replay", "-p", POLICY, "--expect", gold, queries).returncode, 1)

    def test_policy__a_nasty_one(self):
        policy = self.folder / "policy.zone"
        policy.write_bytes(POLICY.read_bytes() + b'reason.a1.allow TXT "' + OCTETS[:-1] + b'"\na1.allow PTR x.example.\n'
                           + OCTETS[:-1] + b" TXT x\n" + NASTY.encode() + b" TXT x\n")
        self.run_it("check", policy)
        self.run_it("explain", "-p", policy, "x.example", "MX")

    def test_alerts__a_nasty_file(self):
        alerts = self.folder / "alerts.ndjson"
        text = OCTETS.decode()
        event = {"@timestamp": text, "message": text, "event": {"kind": "alert", "action": text, "sequence": 1},
                 "dns": {"question": {"name": text, "type": text}}, "source": {"ip": text},
                 "observer": {"hostname": text}, "rule": {"id": text, "ruleset": text},
                 "typosink": {"boot_id": text, "protected": text, "class": text, "counterpart": text}}
        alerts.write_text("".join(json.dumps(event, ensure_ascii=ascii_).replace("\r", "") + "\n"
                                  for ascii_ in (True, False)) + text.replace("\r", "") + "\n", encoding="utf-8")
        for name in ("text", "ecs", "tsv", "ocsf", "cef", "rfc5424", "eve"):
            done = self.run_it("alerts", "--format", name, alerts)
            self.assertIn(b"red", done.stdout)
        self.run_it("alerts", "--replay-check", alerts)


if __name__ == "__main__":
    unittest.main()
