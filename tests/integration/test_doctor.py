# SPDX-License-Identifier: BSD-3-Clause
"""typosink doctor: a sound installation is called one, and each fault is named with its cure."""

import json
import os
import subprocess

import pytest

from harness import Policy
from harness.unbound import module_path, unbound_prefix


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

    def findings(self):
        """{check: [(result, finding)]}, and the exit code."""
        config, conf = self.folder / "unbound.conf", self.folder / "typosink.conf"
        conf.write_text(self.conf, encoding="ascii")
        config.write_text(
            f'server:\nusername: ""\nchroot: ""\ndirectory: "{self.folder}"\npidfile: ""\n'
            f'module-config: "{self.modules}"\n{self.server}'
            f'dynlib:\ndynlib-file: "{self.module}"\n{self.clauses}', encoding="ascii")
        command = module_path().parents[2] / "tools" / "typosink"
        done = subprocess.run(
            [str(command), "doctor", "-c", str(config), "--conf", str(conf), "--json",
             "--unbound", str(self.prefix / "sbin" / "unbound"),
             "--checkconf", str(self.prefix / "sbin" / "unbound-checkconf")],
            capture_output=True, text=True, check=False, env=dict(os.environ))
        found = {}
        for line in done.stdout.splitlines():
            finding = json.loads(line)
            found.setdefault(finding["check"], []).append((finding["result"], finding))
        assert done.returncode in (0, 1), done.stderr
        return found, done.returncode


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
