# SPDX-License-Identifier: BSD-3-Clause
"""unbound: the resolver under test, with the module or without it."""

import os
import subprocess
import unittest
from pathlib import Path

from .alerts import AlertFile
from .dns import ask
from .process import Daemon, Process

PROJECT = Path(__file__).resolve().parents[3]
DEFAULT_VERSION = "1.17.1"


def _for_version(variable, version):
    """The value of VARIABLE, or of VARIABLE_1_26_2 for a version that is not the default."""
    if version != DEFAULT_VERSION:
        variable += "_" + version.replace(".", "_").replace("-", "_").upper()
    return os.environ.get(variable)


def missing(what):
    """What a test needs is not there: it is skipped, or fails where nothing may be missing."""
    if os.environ.get("TYPOSINK_REQUIRE") == "1":
        raise AssertionError(what)
    raise unittest.SkipTest(what)


def unbound_prefix(version=DEFAULT_VERSION):
    """Where tools/get-unbound installed that version; skips the test where it did not."""
    prefix = Path(_for_version("UNBOUND_PREFIX", version)
                  or PROJECT / ".cache" / f"unbound-{version}" / "prefix")
    if not (prefix / "sbin" / "unbound").exists():
        missing(f"no Unbound {version} below {prefix}: tools/get-unbound --release {version}")
    return prefix


def _build(version=DEFAULT_VERSION):
    return Path(_for_version("TYPOSINK_BUILD", version)
                or PROJECT / ("build" if version == DEFAULT_VERSION else f"build-{version}"))


def command_path():
    """The typosink command; skips the test where it is not built."""
    path = _build() / "tools" / "typosink"
    if not path.exists():
        missing(f"no typosink command: {path} is not there")
    return path


def module_path(version=DEFAULT_VERSION):
    """The module built for that version of Unbound; skips the test where it is not there."""
    path = _build(version) / "module" / ".libs" / "typosink.so"
    if not path.exists():
        missing(f"no module built for Unbound {version}: {path} is not there")
    return path


def sanitizers(path):
    """A module built with a sanitizer needs its runtime in the process before all others: what is
    to be in LD_PRELOAD ("" for none)."""
    needed = subprocess.run(["readelf", "-d", str(path)], check=True, capture_output=True,
                            text=True).stdout
    libraries = [word for name in ("libasan", "libtsan", "libubsan") for line in needed.splitlines()
                 for word in (line.partition("[")[2].partition("]")[0],) if word.startswith(name)]
    return ":".join(libraries)


class Unbound(Daemon):
    """policy: a Policy, bytes (of a bad one), a Path, "" for no policy-file line, or None for no
    module at all. conf: more lines for typosink.conf. unbound_conf: more lines for the server clause
    of unbound.conf; clauses: whole clauses after it. modules: module-config. module_file: the
    module, when it is not the one built for `version`. env: more environment. wrapper: a command
    that runs Unbound's (["valgrind", ...]).
    """

    def __init__(self, world, folder, address, *, policy=None, conf="", unbound_conf="", clauses="",
                 modules=None, module_file=None, version=DEFAULT_VERSION, threads=1,
                 env=None, alert_file=None, wrapper=()):
        self.world, self.folder, self.address = world, folder, address
        self.policy, self.version = policy, version
        self.prefix = unbound_prefix(version)
        self.module = None
        if policy is not None or module_file:
            self.module = module_file or module_path(version)
        self.modules = modules or ("dynlib validator iterator" if self.module
                                   else "validator iterator")
        self.conf, self.unbound_conf, self.clauses = conf, unbound_conf, clauses
        self.threads, self.extra_env, self.wrapper = threads, dict(env or {}), list(wrapper)
        self.alerts = AlertFile(alert_file or folder / "alerts.ndjson")
        self.policy_path = folder / "policy.zone"

    # --- files

    def write_policy(self, policy):
        """Replaces the policy file (whole, by rename). policy: a Policy, or bytes for a bad one."""
        if isinstance(policy, bytes):
            fresh = self.policy_path.with_name("policy.new")
            fresh.write_bytes(policy)
            fresh.rename(self.policy_path)
        else:
            policy.write(self.policy_path)

    def _write_files(self):
        if self.module:
            lines = [f"alert-file: {self.alerts.path}", f"state-dir: {self.folder / 'state'}"]
            (self.folder / "state").mkdir(exist_ok=True)
            if self.policy != "":
                if isinstance(self.policy, Path):
                    self.policy_path = self.policy
                elif not self.policy_path.exists():
                    self.write_policy(self.policy)
                lines.append(f"policy-file: {self.policy_path}")
            (self.folder / "typosink.conf").write_text(
                "\n".join(lines) + "\n" + self.conf, encoding="utf-8")
        lines = ["server:", f"interface: {self.address}", "port: 53",
                 "access-control: 0.0.0.0/0 allow", "access-control: ::0/0 allow",
                 'username: ""', 'chroot: ""', f'directory: "{self.folder}"',
                 f'pidfile: "{self.folder}/unbound.pid"', "use-syslog: no", 'logfile: ""',
                 "do-daemonize: no", f"num-threads: {self.threads}",
                 f'root-hints: "{self.world.folder}/root.hints"',
                 # One address family to ask by, no telemetry: traffic is the test's alone.
                 "do-ip6: yes", "trust-anchor-signaling: no",
                 f'module-config: "{self.modules}"']
        if self.world.trust_anchor:
            lines.append(f'trust-anchor-file: "{self.world.trust_anchor}"')
        lines += self.unbound_conf.splitlines()
        lines += ["remote-control:", "control-enable: yes", "control-use-cert: no",
                  f'control-interface: "{self.folder}/control.sock"']
        if self.module:
            lines += ["dynlib:", f'dynlib-file: "{self.module}"']
        self.config.write_text("\n".join(lines) + "\n" + self.clauses, encoding="ascii")

    @property
    def config(self):
        return self.folder / "unbound.conf"

    # --- life

    def launch(self):
        """Starts it without waiting for it to be ready."""
        self._write_files()
        env = dict(os.environ, **self.extra_env)
        if self.module:
            env["TYPOSINK_CONF"] = str(self.folder / "typosink.conf")
            preload = sanitizers(self.module)
            if preload:
                # Unbound itself is not built for the tool: only what the module does counts.
                env["LD_PRELOAD"] = ":".join(filter(None, (preload, env.get("LD_PRELOAD"))))
                env.setdefault("ASAN_OPTIONS", "detect_leaks=0:halt_on_error=1")
        self.process = Process(
            f"unbound {self.folder.name}",
            [*self.wrapper, str(self.prefix / "sbin" / "unbound"), "-d", "-c", str(self.config)],
            self.folder / "unbound.log", env=env)

    def wait_ready(self, **how):
        self.process.wait_line(r"start of service \(unbound", **how)

    def start(self):
        self.launch()
        self.wait_ready()

    def control(self, *command, check=True):
        """unbound-control; returns what it printed."""
        done = subprocess.run(
            [str(self.prefix / "sbin" / "unbound-control"), "-c", str(self.config), *command],
            capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def reload(self, command="reload"):
        """reload, reload_keep_cache or fast_reload; returns when it serves again."""
        mark = self.process.mark()
        self.control(command)
        if command != "fast_reload":  # that one answers when it is done
            self.process.wait_line(r"start of service \(unbound", since=mark)

    def stats(self):
        """Unbound's counters, without resetting them: {name: float}."""
        lines = self.control("stats_noreset").splitlines()
        return {name: float(value) for name, _, value in (line.partition("=") for line in lines)}

    # --- talk

    def ask(self, name, rdtype="A", **how):
        """See dns.ask()."""
        return ask(self.address, name, rdtype, **how)

    def log(self, pattern, since=0):
        return self.process.grep(pattern, since)
