#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""typosink alerts and typosink status, as a user calls them."""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

COMMAND = os.environ.get("TYPOSINK", os.path.join("tools", "typosink"))


def event(seq, boot="c1a7e6d2", name="army.ml", client="192.0.2.25", cls="tld-omission",
          protected="mil", second=0, **more):
    e = {
        "@timestamp": "2026-11-23T19:01:%02d.482913Z" % second,
        "ecs": {"version": "8.17.0"},
        "message": "MX %s from %s answered with sinkhole mx.sinkhole.example: did you mean army.mil?"
                   % (name, client),
        "event": {"id": "01JD9Z6Q5V4M7T3X8B2C%06d" % seq, "kind": "alert",
                  "category": ["network", "intrusion_detection"], "type": ["denied"],
                  "action": "sinkhole", "outcome": "success", "severity": 73,
                  "risk_score": 91.0, "reason": "tld-omission mil->ml", "sequence": seq,
                  "dataset": "typosink.alert", "module": "typosink"},
        "rule": {"id": "m1", "name": "mil.", "category": cls, "ruleset": "mil.policy.example.",
                 "version": "2026112301"},
        "dns": {"id": "51967", "op_code": "QUERY", "type": "answer", "response_code": "NOERROR",
                "question": {"name": name, "type": "MX", "class": "IN"},
                "answers": [{"name": name, "type": "MX", "class": "IN", "ttl": 60,
                             "data": "10 mx.sinkhole.example."}]},
        "source": {"ip": client, "port": 48753}, "destination": {"ip": "192.0.2.53", "port": 53},
        "network": {"protocol": "dns", "transport": "udp", "type": "ipv4"},
        "observer": {"product": "typosink", "version": "0.1.0", "hostname": "ns1.example.net"},
        "typosink": {"schema": 1, "boot_id": boot, "protected": protected, "suffix": "ml",
                     "counterpart": "army.mil", "class": cls, "distance": 1, "score": 0.91,
                     "evidence": "listed", "applied": True, "ede": 4, "count": 1},
    }
    e["typosink"].update(more)
    return e


def own(seq, action, boot="c1a7e6d2", **more):
    e = {"@timestamp": "2026-11-23T19:00:00.000000Z", "message": action,
         "event": {"kind": "event", "action": action, "outcome": "success", "sequence": seq,
                   "id": "01JD9Z6Q5V4M7T3X8B2C%06d" % seq},
         "observer": {"hostname": "ns1.example.net"},
         "typosink": {"schema": 1, "boot_id": boot}}
    e["typosink"].update(more)
    return e


def text(events):
    return "".join(json.dumps(e) + "\n" for e in events)


class Alerts(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.tmp.name, "alerts.json")

    def tearDown(self):
        self.tmp.cleanup()

    def write(self, events, path=None, mode="w"):
        with open(path or self.path, mode, encoding="utf-8") as f:
            f.write(events if isinstance(events, str) else text(events))

    def call(self, *args, code=0, command="alerts"):
        r = subprocess.run([COMMAND, command, *args], capture_output=True, text=True, timeout=30,
                           check=False)
        self.assertEqual(r.returncode, code, r.stderr + r.stdout)
        return r

    def test_ecs_is_the_file(self):
        self.write([event(1), own(2, "stop")])
        with open(self.path, encoding="utf-8") as f:
            self.assertEqual(self.call("-F", "ecs", self.path).stdout, f.read())

    def test_text(self):
        self.write([event(1, count=7)])
        out = self.call(self.path).stdout
        self.assertIn("did you mean army.mil?", out)
        self.assertIn("7 times", out)

    def test_terminal_is_safe(self):
        e = event(1)
        e["message"] = "a\x1b[31mb\u009bc\nd"
        self.write([e])
        for form in ("text", "tsv", "cef", "rfc5424"):
            out = self.call("-F", form, self.path).stdout
            self.assertNotIn("\x1b", out, form)
            self.assertNotIn("\u009b", out, form)
            self.assertEqual(out.count("\n"), 1, form)

    def test_tsv_has_fixed_columns(self):
        self.write([event(1), own(2, "loss")])
        lines = self.call("-F", "tsv", self.path).stdout.splitlines()
        self.assertEqual([len(line.split("\t")) for line in lines], [16, 16])
        self.assertEqual(lines[0].split("\t")[4], "army.ml")

    def test_cef_escapes(self):
        e = event(1, counterpart="a=b\\c")
        e["message"] = "one|two\\three"
        self.write([e])
        out = self.call("-F", "cef", self.path).stdout
        self.assertTrue(out.startswith(
            "CEF:0|typosink|typosink|0.1.0|tld-omission|one\\|two\\\\three|7|rt=1795460460482 "), out)
        self.assertIn(" cs2=a\\=b\\\\c cs2Label=counterpart", out)
        self.assertIn(" src=192.0.2.25 spt=48753 ", out)

    def test_rfc5424(self):
        self.write([event(1, counterpart='a"]\\')])
        out = self.call("-F", "rfc5424", self.path).stdout
        self.assertRegex(out, r"^<132>1 2026-11-23T19:01:00\.482913Z ns1\.example\.net typosink - "
                              r"sinkhole \[typosink@32473 ")
        self.assertIn('counterpart="a\\"\\]\\\\"', out)

    def test_rfc5424_header_is_limited(self):
        """RFC 5424, section 6: 255 characters for the host, 32 for the message's id; a stamp or none."""
        e = event(1)
        e["observer"]["hostname"] = "h" * 300
        e["event"]["action"] = "a" * 40
        e["@timestamp"] = "2026-11-23T19:01:00 yesterday"
        self.write([e])
        out = self.call("-F", "rfc5424", self.path).stdout
        self.assertRegex(out, r"^<132>1 - h{255} typosink - a{32} \[typosink@32473 ")

    def test_eve_of_long_texts(self):
        """No alert is left out because a text was cut within a character."""
        e = event(1, cls="\u00fc" * 600, protected="x\u00fc" * 200)
        e["@timestamp"] = "2026-11-23T19:01:00.48291\u00fc"
        self.write([e])
        (line,) = self.call("-F", "eve", self.path).stdout.splitlines()
        got = json.loads(line)
        self.assertEqual(got["alert"]["signature"],
                         "typosink %s of %s" % ("\u00fc" * 600, "x\u00fc" * 200))
        self.assertEqual(got["timestamp"], "2026-11-23T19:01:00.48291+0000")

    def test_eve(self):
        self.write([event(1), own(2, "stop")])
        lines = self.call("-F", "eve", self.path).stdout.splitlines()
        self.assertEqual(len(lines), 1)
        e = json.loads(lines[0])
        self.assertEqual(e["timestamp"], "2026-11-23T19:01:00.482913+0000")
        self.assertEqual((e["event_type"], e["alert"]["action"], e["dns"]["rrname"]),
                         ("alert", "blocked", "army.ml"))

    # What OCSF 1.5's class DNS Activity requires, with the profile security_control, and the
    # types of what we fill.
    OCSF = {"activity_id": int, "category_uid": int, "class_uid": int, "metadata": dict,
            "severity_id": int, "src_endpoint": dict, "time": int, "type_uid": int,
            "query": dict, "rcode_id": int, "rcode": str, "answers": list, "action_id": int,
            "disposition_id": int, "is_alert": bool, "count": int, "message": str,
            "dst_endpoint": dict, "connection_info": dict, "firewall_rule": dict,
            "unmapped": dict, "action": str, "disposition": str, "severity": str,
            "activity_name": str, "category_name": str, "class_name": str, "type_name": str,
            "start_time": int, "end_time": int}

    def test_ocsf(self):
        observed = event(2, applied=False)
        observed["event"]["action"] = "observe"
        self.write([event(1), observed, own(3, "stop")])
        lines = self.call("-F", "ocsf", self.path).stdout.splitlines()
        self.assertEqual(len(lines), 2)
        for line, action, disposition in zip(lines, (4, 3), (2, 15)):
            e = json.loads(line)
            for key, value in e.items():
                self.assertIsInstance(value, self.OCSF[key], key)
            for key in ("activity_id", "category_uid", "class_uid", "metadata", "severity_id",
                        "src_endpoint", "time", "type_uid"):
                self.assertIn(key, e)
            self.assertEqual(e["type_uid"], e["class_uid"] * 100 + e["activity_id"])
            self.assertEqual((e["action_id"], e["disposition_id"]), (action, disposition))
            self.assertEqual(e["metadata"]["product"]["vendor_name"], "typosink")
            self.assertEqual(e["time"], 1795460460482)

    def test_filters(self):
        self.write([own(1, "start"), event(2), event(3, protected="army.mil", client="192.0.2.130"),
                    event(4, protected="example.com", cls="omission", second=30)])

        def sequences(*args):
            out = self.call("-F", "ecs", *args, self.path).stdout
            return [json.loads(x)["event"]["sequence"] for x in out.splitlines()]
        self.assertEqual(sequences(), [1, 2, 3, 4])
        self.assertEqual(sequences("-z", "mil"), [2, 3])
        self.assertEqual(sequences("-z", "il"), [])
        self.assertEqual(sequences("-C", "192.0.2.0/25"), [2, 4])
        self.assertEqual(sequences("-C", "192.0.2.130"), [3])
        self.assertEqual(sequences("-C", "2001:db8::/32"), [])
        self.assertEqual(sequences("-c", "omission"), [4])
        self.assertEqual(sequences("--since", "2026-11-23T19:01:30"), [4])
        self.assertEqual(sequences("--until", "2026-11-23T19:01:30Z", "-z", "mil"), [2, 3])
        self.assertEqual(sequences("--since", "2026-11-24"), [])

    def test_bad_calls(self):
        for args in (["-C", "192.0.2.300"], ["-C", "192.0.2.0/33"], ["-C", "192.0.2.0/"],
                     ["-F", "xml"], ["--since", "yesterday"], ["--since", "2026-11-2x"],
                     ["--nonsense"], ["--cursor", "x", "a", "b"], ["--replay-check", "-f", "a"]):
            self.assertIn("alerts", self.call(*args, code=2).stderr)
        self.assertIn("No such file", self.call("/nonexistent", code=3).stderr)
        self.assertIn("Is a directory", self.call(self.tmp.name, code=3).stderr)

    def test_bad_lines(self):
        self.write(text([event(1)]) + "{nonsense\n[1]\n" + text([event(2)]) + '{"@timestamp":')
        r = self.call("-F", "ecs", self.path, code=1)
        self.assertEqual(len(r.stdout.splitlines()), 2)
        self.assertIn("line 2:", r.stderr)
        self.assertIn("line 3: no alert", r.stderr)
        self.assertIn("no end", r.stderr)

    def test_blank_lines(self):
        """What a kill has left of a line; it counts as a line of the file, and is none of the alerts."""
        self.write(text([event(1)]) + " " * 700 + "\n\n" + text([event(2)]) + "{nonsense\n")
        r = self.call("-F", "ecs", self.path, code=1)
        self.assertEqual(len(r.stdout.splitlines()), 2)
        self.assertEqual(r.stderr.count("line "), 1)
        self.assertIn("line 5:", r.stderr)

    def test_full_output(self):
        self.write([event(i) for i in range(1, 200)])
        with open("/dev/full", "w", encoding="ascii") as full:
            r = subprocess.run([COMMAND, "alerts", self.path], stdout=full, stderr=subprocess.PIPE,
                               check=False, timeout=30)
        self.assertEqual(r.returncode, 3)

    def test_cursor(self):
        cursor = os.path.join(self.tmp.name, "cursor")

        def sequences(code=0):
            out = self.call("-F", "ecs", "--cursor", cursor, self.path, code=code).stdout
            return [json.loads(x)["event"]["sequence"] for x in out.splitlines()]
        self.write([event(1), event(2)])
        self.assertEqual(sequences(), [1, 2])
        self.assertEqual(sequences(), [])
        self.write(text([event(3)]) + '{"half', mode="a")
        self.assertEqual(sequences(), [3])
        # Renamed with something unread in it, and a new one begun.
        self.write('":1}\n' + text([event(4)]), mode="a")
        os.rename(self.path, self.path + ".1")
        self.write([event(5)])
        self.assertEqual(sequences(code=1), [4, 5])
        self.assertEqual(sequences(), [])
        # Truncated, and not yet as long again as it was: from its start.
        self.write([own(6, "stop")])
        self.assertEqual(sequences(), [6])
        # The file is gone altogether.
        os.remove(self.path)
        self.write([event(7)], self.path + ".x")
        os.rename(self.path + ".x", self.path)
        self.assertEqual(sequences(), [7])
        # The same inode, but what stood before the cursor is no longer there.
        self.write([event(i) for i in range(20, 30)])
        self.assertEqual(sequences(), list(range(20, 30)))
        self.write([event(i) for i in range(40, 60)])
        self.assertEqual(sequences(), list(range(40, 60)))
        with open(cursor, "w", encoding="ascii") as f:
            f.write("nonsense\n")
        self.assertIn("cursor", self.call("--cursor", cursor, self.path, code=3).stderr)

    def test_follow_through_rotation(self):
        self.write([event(1)])
        with subprocess.Popen([COMMAND, "alerts", "-f", "-F", "ecs", self.path],
                              stdout=subprocess.PIPE, text=True) as p:
            def expect(n):
                self.assertEqual(json.loads(p.stdout.readline())["event"]["sequence"], n)
            expect(1)
            self.write([event(2)], mode="a")
            expect(2)
            os.rename(self.path, self.path + ".1")
            self.write([event(3)], self.path + ".1", mode="a")
            expect(3)
            self.write([event(4)])
            expect(4)
            self.write([])
            # Seen only if the reader looks while it is short: wait until it has.
            time.sleep(0.5)
            self.write([event(5)], mode="a")
            expect(5)
            p.send_signal(signal.SIGTERM)
            self.assertEqual(p.wait(10), 0)

    def check(self, events, code, *words):
        self.write(events)
        out = self.call("--replay-check", self.path, code=code).stdout
        for word in words:
            self.assertIn(word, out)

    def test_replay_check(self):
        start, stop = own(1, "start"), own(5, "stop")
        whole = [start, event(2), event(3), event(4), stop]
        self.check(whole, 0, "1 to 5, 0 missing, 0 twice", "stopped", "\nwhole")
        self.check(whole + whole[1:3], 0, "0 missing, 2 twice")
        self.check(list(reversed(whole)), 0, "0 missing")
        self.check([start, event(2), stop], 1, "missing 3 to 4", "not whole")
        self.check([start, own(2, "loss", lost={"count": 9}), own(3, "stop")], 1, "9 told as lost")
        again = [own(1, "start", boot="00000002", previous={
            "boot_id": "c1a7e6d2", "sequence": 7, "clean": False, "unwritten_max": 1})]
        self.check(whole[:4] + again, 1, "3 missing at its end")
        self.check(whole[2:], 0, "older ones are not")
        self.check(whole[:4], 0, "no stop")
        self.check("nonsense\n", 1, "not whole")

    METRICS = """# HELP typosink_running x
typosink_running 1
typosink_updated_timestamp_seconds %f
typosink_start_timestamp_seconds %f
typosink_alert_file_writable 1
typosink_events_dropped_total %d
typosink_lookups_total{protected="mil",class="tld-omission",action="sinkhole"} 3
typosink_policy_serial{policy="mil.policy.example"} 7
"""

    def test_status(self):
        def status(*args, code, body):
            self.write(body)
            return self.call(*args, self.path, code=code, command="status").stdout
        now = time.time()
        good = self.METRICS % (now, now - 60, 0)
        out = status(code=0, body=good)
        self.assertIn("policy mil.policy.example serial 7", out)
        self.assertIn("3  mil  tld-omission  sinkhole", out)
        self.assertTrue(json.loads(status("--json", code=0, body=good))["healthy"])
        out = status("--json", code=1, body=self.METRICS % (now, now - 60, 5))
        self.assertEqual(json.loads(out)["problems"], ["5 events lost"])
        self.assertIn("killed, or hung", status(code=1, body=self.METRICS % (now - 99, now - 99, 0)))
        failed = 'typosink_policy_last_error_info{policy="p",error="line 3: \\"x\\""} 1\n'
        self.assertIn('PROBLEM: policy p did not load: line 3: "x"',
                      status(code=1, body=good + failed))
        for bad in ("", "nonsense\n", "typosink_x{a=\"b} 1\n", "typosink_x\n"):
            status(code=3, body=bad)
        self.assertIn("missing", self.call(code=2, command="status").stderr)


if __name__ == "__main__":
    unittest.main()
