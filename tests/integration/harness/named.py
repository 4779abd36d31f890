# SPDX-License-Identifier: BSD-3-Clause
"""named, kresd: resolvers that cannot load the module, with a response policy zone."""

import shutil
import subprocess

from .process import Daemon, Process
from .unbound import missing


class Bind(Daemon):
    """BIND's named as a resolver with one response policy zone."""

    def __init__(self, world, folder, address, origin, zone_file):
        self.world, self.folder, self.address = world, folder, address
        self.origin, self.zone_file = origin, zone_file

    def start(self):
        if not shutil.which("named"):
            missing("no named (package bind9)")
        # named listens only where an interface has the address.
        subprocess.run(["ip", "addr", "replace", f"{self.address}/32", "dev", "lo"], check=True)
        config = self.folder / "named.conf"
        config.write_text(f"""
options {{
    directory "{self.folder}"; pid-file none; session-keyfile none;
    listen-on {{ {self.address}; }}; listen-on-v6 {{ none; }};
    query-source address {self.address}; recursion yes;
    allow-query {{ any; }}; allow-recursion {{ any; }};
    dnssec-validation no; empty-zones-enable no;
    response-policy {{ zone "{self.origin}"; }} qname-wait-recurse no break-dnssec yes;
}};
controls {{ }};
zone "." {{ type hint; file "{self.world.folder}/root.hints"; }};
zone "{self.origin}" {{ type primary; file "{self.zone_file}"; allow-query {{ none; }}; }};
""", encoding="ascii")
        self.process = Process("named", ["named", "-g", "-c", str(config)],
                               self.folder / "named.log")
        self.process.wait_line(r" running$")
        # It serves before it has read the response policy zone.
        self.process.wait_line(r"rpz: .*: reload done: success$")


class Kresd(Daemon):
    """Knot Resolver with one response policy zone."""

    def __init__(self, world, folder, address, zone_file):
        self.world, self.folder, self.address = world, folder, address
        self.zone_file = zone_file

    def start(self):
        if not shutil.which("kresd"):
            missing("no kresd (package knot-resolver)")
        config = self.folder / "kresd.conf"
        config.write_text(f"""
net.listen('{self.address}', 53, {{ kind = 'dns' }})
net.ipv6 = false
trust_anchors.remove('.')
modules.unload('priming')
modules.load('hints')
hints.root({{ ['ns.'] = '198.51.100.1' }})
policy.add(policy.rpz(policy.DENY, '{self.zone_file}', false))
cache.size = 10 * MB
print('test: configured')
""", encoding="ascii")
        self.process = Process("kresd", ["kresd", "-n", "-v", "-c", str(config), str(self.folder)],
                               self.folder / "kresd.log")
        self.process.wait_line("test: configured")
