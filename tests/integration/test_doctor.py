# SPDX-License-Identifier: BSD-3-Clause
"""typosink doctor: a sound installation is called one, and each fault is named with its cure."""

import json
import os
import re
import subprocess
import threading
import time

import pytest

from harness import Policy
from harness.unbound import module_path, unbound_prefix


def examine(config, conf, *options):
    """{check: [(result, finding)]}, and the exit code."""
    command, prefix = module_path().parents[2] / "tools" / "typosink", unbound_prefix()
    done = subprocess.run(
        [str(command), "doctor", "-c", str(config), "--conf", str(conf), "--json",
         "--unbound", str(prefix / "sbin" / "unbound"),
         "--checkconf", str(prefix / "sbin" / "unbound-checkconf"), *map(str, options)],
        capture_output=True, text=True, check=False, env=dict(os.environ))
    found = {}
    for line in done.stdout.splitlines():
        finding = json.loads(line)
        found.setdefault(finding["check"], []).append((finding["result"], finding))
    assert done.returncode in (0, 1), done.stderr
    return found, done.returncode


class Patient:
    """Files of an installation that is as it should be."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = unbound_prefix()
        self.module = module_path()
        self.modules = "dynlib validator iterator"
        self.server, self.clauses = "ede: yes\n", ""
        self.policy = folder / "policy.zone"
        Policy().write(self.policy)
        (folder / "state").mkdir()
        self.conf = (f"policy-file: {self.policy}\nalert-file: {folder}/alerts.ndjson\n"
                     f"state-dir: {folder}/state\n")

    def findings(self, *options):
        """{check: [(result, finding)]}, and the exit code."""
        config, conf = self.folder / "unbound.conf", self.folder / "typosink.conf"
        conf.write_text(self.conf, encoding="ascii")
        config.write_text(
            f'server:\nusername: ""\nchroot: ""\ndirectory: "{self.folder}"\npidfile: ""\n'
            f'module-config: "{self.modules}"\n{self.server}'
            f'dynlib:\ndynlib-file: "{self.module}"\n{self.clauses}', encoding="ascii")
        return examine(config, conf, *options)


@pytest.fixture
def patient(tmp_path):
    return Patient(tmp_path)


def results(found, check):
    return {result for result, _ in found.get(check, [])}


def test_doctor__a_sound_installation(patient):
    found, code = patient.findings()
    bad = [f for fs in found.values() for result, f in fs if result == "problem"]
    assert (code, bad) == (0, [])
    for check in ("unbound", "config", "modules", "module", "build", "conf", "paths", "policy"):
        assert "good" in results(found, check), check


def order(modules):
    return lambda p: setattr(p, "modules", modules)


def server(lines):
    return lambda p: setattr(p, "server", lines)


def conf(lines):
    return lambda p: setattr(p, "conf", p.conf + lines)


ZONE = "policy-zone: pol.example\n"
AUTH = "auth-zone:\nname: pol.example\nprimary: 192.0.2.1\nzonefile: z\n"


@pytest.mark.parametrize("label, change, check, result, cure", [
    ("nothing is loaded", order("validator iterator"), "modules", "problem",
     'module-config: "dynlib validator iterator"'),
    ("behind the validator", order("validator dynlib iterator"), "modules", "problem",
     'module-config: "dynlib validator iterator"'),
    ("behind the ECS cache", order("subnetcache dynlib validator iterator"), "modules", "problem",
     'module-config: "dynlib subnetcache validator iterator"'),
    ("before dns64", order("dynlib dns64 validator iterator"), "modules", "problem",
     'module-config: "dns64 dynlib validator iterator"'),
    ("no such module", lambda p: setattr(p, "module", "/nowhere/typosink.so"), "module", "problem",
     None),
    ("another file", lambda p: setattr(p, "module", "/bin/sh"), "build", "problem", None),
    ("a bad option", conf("no-such-option: 1\n"), "conf", "problem", None),
    ("no policy there", conf("policy-file: /nowhere/x.zone\n"), "policy", "problem", None),
    ("no folder for alerts",
     lambda p: setattr(p, "conf", p.conf.replace("/alerts", "/nowhere/alerts")), "paths", "problem", None),
    ("no auth-zone", conf(ZONE), "auth-zone", "problem", None),
    ("stale without end", server("serve-expired: yes\nserve-expired-ttl: 0\n"), "serve-expired",
     "warning", "serve-expired-ttl: 86400"),
    ("not told why", server("ede: no\n"), "answers", "note", "ede: yes"),
])
def test_doctor__names_the_fault(patient, label, change, check, result, cure):
    change(patient)
    found, code = patient.findings()
    cures = [f.get("change") for r, f in found.get(check, []) if r == result]
    assert cures, f"{label}: {found.get(check)}"
    assert cure is None or cure in cures, f"{label}: {cures}"
    assert code == (1 if result == "problem" else 0), f"{label}: {found}"


def test_doctor__auth_zone_that_also_answers(patient):
    patient.conf += ZONE
    patient.clauses = AUTH
    found, _ = patient.findings()
    cures = {f.get("change") for r, f in found["auth-zone"] if r == "warning"}
    assert cures == {"for-downstream: no", "for-upstream: no"}
    patient.clauses = AUTH + "for-downstream: no\nfor-upstream: no\nzonemd-check: yes\n"
    found, _ = patient.findings()
    assert results(found, "auth-zone") == {"good"}


def test_doctor__apparmor(patient):
    """A profile that knows nothing of the module is named with the line that it lacks."""
    profiles = patient.folder / "apparmor.d"
    (profiles / "local").mkdir(parents=True)
    found, _ = patient.findings("--apparmor", profiles)
    assert results(found, "apparmor") == {"good"}
    unbound = patient.prefix / "sbin" / "unbound"
    (profiles / "unbound").write_text(f"profile {unbound} flags=(complain) {{\n}}\n", encoding="ascii")
    found, _ = patient.findings("--apparmor", profiles)
    assert results(found, "apparmor") <= {"note", "warning"}, found["apparmor"]
    [(_, finding)] = found["apparmor"]
    assert finding["file"] == str(profiles / "local" / "unbound")
    (profiles / "local" / "unbound").write_text(finding["change"] + "\n", encoding="ascii")
    found, _ = patient.findings("--apparmor", profiles)
    assert results(found, "apparmor") == {"good"}


def test_doctor__a_shipper_that_is_behind(patient):
    """The cursor of `typosink alerts`; rsyslog's own places: test_shipping."""
    alerts, cursor = patient.folder / "alerts.ndjson", patient.folder / "cursor"
    line = b'{"typosink":{}}\n'
    alerts.write_bytes(line)
    found, _ = patient.findings()
    assert results(found, "shipper") == {"note"}
    typosink = [str(module_path().parents[2] / "tools" / "typosink"), "alerts", "--cursor", str(cursor)]
    subprocess.run([*typosink, str(alerts)], check=False, capture_output=True)  # 1: it is no alert
    found, _ = patient.findings("--shipper-state", cursor)
    assert results(found, "shipper") == {"good"}
    alerts.write_bytes(line * (1 + (1 << 20) // len(line) + 1))
    found, _ = patient.findings("--shipper-state", cursor)
    assert results(found, "shipper") == {"warning"}
    alerts.rename(patient.folder / "alerts.ndjson.1")
    alerts.write_bytes(line)
    found, _ = patient.findings("--shipper-state", cursor)
    assert "older one" in found["shipper"][0][1]["message"]
    cursor.write_bytes(b"no cursor")
    found, _ = patient.findings("--shipper-state", cursor)
    assert results(found, "shipper") == {"problem"}


def test_doctor__what_runs(world):
    folder = world.subfolder("doctor")
    resolver = world.resolver(conf=f"metrics-file: {folder}/metrics\n")
    resolver.ask("army.ml", "MX")
    deadline = time.monotonic() + 30
    while not (folder / "metrics").exists():
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)
    files = resolver.config, resolver.folder / "typosink.conf"
    found, code = examine(*files)
    assert results(found, "running") == {"good"}, found["running"]
    assert code == 0
    text = (folder / "metrics").read_text(encoding="ascii")
    (folder / "metrics").write_text(re.sub('version="[^"]*"', 'version="0.0.1"', text), encoding="ascii")
    found, _ = examine(*files)
    assert found["running"][0][1]["change"] == "restart Unbound"
    resolver.stop()
    found, _ = examine(*files)
    assert results(found, "running") == {"warning"} and "stopped" in found["running"][0][1]["message"]
