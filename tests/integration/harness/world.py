# SPDX-License-Identifier: BSD-3-Clause
"""world: the small internet: root, top-level and other zones, and the mail servers in it.

Delegations, glue, DS records, SOA and NS come by themselves: a zone says only what is in it.
Root, top-level zones and all others live on three servers, so that every resolution is a real one,
with referrals. The mail servers:

    legit      where mail to the real names goes (army.mil and others)
    elsewhere  a lawful owner of names that look like typos (mines.ml)
    stranger   whoever owns army.ml; one connection to it is a leak
    sinkhole   where the policy sends typos
    home       where the senders live: bounces arrive here
"""

import shutil
import subprocess
from dataclasses import dataclass, field

from .nsd import Nsd
from .policy import SINKHOLE_A, SINKHOLE_AAAA, Policy
from .postfix import Postfix
from .sinkhole_host import SinkholeHost
from .smtp import Mailbox
from .unbound import Unbound

ROOT, TLD, LEAF = "198.51.100.1", "198.51.100.2", "198.51.100.3"
LEGIT, ELSEWHERE, STRANGER, HOME = "192.0.2.10", "192.0.2.11", "203.0.113.66", "192.0.2.80"
STRANGER6 = "2001:db8:666::66"

# Zones that every world has: name -> records. Names are relative to the zone.
DEFAULT_ZONES = {
    # The protected side.
    "army.mil": f"""
        @ MX 10 mx
        mx A {LEGIT}
        us MX 10 mx
        mail.us A {LEGIT}
        www A 192.0.2.110
        @ A 192.0.2.110
        @ TXT "v=spf1 mx -all"
        """,
    "navy.mil": f"""
        @ A {LEGIT}
        """,
    "af.mil": f"""
        @ MX 5 mx.army.mil.
        """,
    "marines.mil": f"""
        @ MX 5 mx.army.mil.
        """,
    # What their typos lead to.
    "army.ml": f"""
        @ MX 10 mail
        @ MX 20 mail6
        @ A {STRANGER}
        @ AAAA {STRANGER6}
        @ TXT "v=spf1 +all"
        mail A {STRANGER}
        mail6 AAAA {STRANGER6}
        * MX 10 mail
        us MX 10 mail
        mail.us A {STRANGER}
        www A {STRANGER}
        _mta-sts TXT "v=STSv1; id=1"
        """,
    "navy.ml": f"""
        @ A {STRANGER}
        mail A {STRANGER}
        """,
    "af.ml": f"""
        @ AAAA {STRANGER6}
        """,
    "marines.ml": f"""
        @ MX 10 mail.army.ml.
        """,
    # Lawful neighbours.
    "mines.ml": f"""
        @ MX 10 mx
        mx A {ELSEWHERE}
        """,
    "orange.ml": f"""
        @ MX 10 mx.mines.ml.
        @ A 192.0.2.111
        to-typo CNAME army.ml.
        """,
    # Everybody else.
    "example.com": f"""
        @ MX 10 mx
        mx A {LEGIT}
        @ A 192.0.2.112
        @ AAAA 2001:db8::112
        www CNAME @
        to-typo CNAME army.ml.
        to-typo-twice CNAME to-typo
        d DNAME ml.
        """,
    "sender.example": f"""
        @ MX 10 mx
        mx A {HOME}
        """,
}


@dataclass
class Zone:
    """A zone of the world. name without the last dot ("" is the root)."""
    name: str
    records: str = ""
    server: str = LEAF
    signed: bool = False
    children: list = field(default_factory=list)

    @property
    def fqdn(self):
        return self.name + "."

    @property
    def parent(self):
        return self.name.partition(".")[2]


class World:
    """One internet. Use as a context manager, or start() and stop().

    zones: {name: records} on top of the default ones (None takes one away).
    signed: names of the zones to sign with DNSSEC (all their ancestors must be in it; "" is the
    root); True signs all of them. certificates: {mailbox: (certificate file, key file)} for STARTTLS.
    """

    _live = None

    def __init__(self, folder, zones=None, signed=(), certificates=None):
        self.folder = folder
        wanted = {**DEFAULT_ZONES, **(zones or {})}
        self.zones = {"": Zone("", server=ROOT)}
        for name, records in wanted.items():
            if records is not None:
                self._add(name.rstrip("."), records)
        names = set(self.zones) if signed is True else set(signed)
        for name in names:
            self.zones[name].signed = True
        self.servers = {}
        self.trust_anchor = None
        self._running = []  # what stop() stops, newest first
        self._count = self._resolvers = 0
        mailboxes = {
            "legit": ([LEGIT], "mx.army.mil"),
            "elsewhere": ([ELSEWHERE], "mx.mines.ml"),
            "stranger": ([STRANGER, STRANGER6], "mail.army.ml"),
            "sinkhole": ([SINKHOLE_A, SINKHOLE_AAAA], "mx.sinkhole.example"),
            "home": ([HOME], "mx.sender.example"),
        }
        self.mailboxes = {
            name: Mailbox(name, *what, certificate=(certificates or {}).get(name))
            for name, what in mailboxes.items()}

    def __getattr__(self, name):
        try:
            return self.__dict__["mailboxes"][name]
        except KeyError:
            raise AttributeError(name) from None

    def _add(self, name, records):
        depth = name.count(".")
        if depth and name.partition(".")[2] not in self.zones:
            self._add(name.partition(".")[2], "")
        self.zones[name] = Zone(name, records, LEAF if depth else TLD)

    # --- zone files

    def _zone_text(self, zone):
        lines = [f"$ORIGIN {zone.fqdn}", "$TTL 300",
                 f"@ SOA ns.{zone.name and zone.fqdn} hostmaster.{zone.name and zone.fqdn} "
                 "1 3600 600 86400 60",
                 f"@ NS ns.{zone.name and zone.fqdn}", f"ns.{zone.name and zone.fqdn} A {zone.server}"]
        for child in self.zones.values():
            if child.name and child.parent == zone.name:
                lines += [f"{child.fqdn} NS ns.{child.fqdn}", f"ns.{child.fqdn} A {child.server}"]
                if child.signed:
                    lines.append(self._ds_path(child).read_text(encoding="ascii"))
        lines += [line.strip() for line in zone.records.splitlines()]
        return "\n".join(lines) + "\n"

    def _path(self, zone):
        return self.folder / f"zone.{zone.name or 'root'}"

    def _ds_path(self, zone):
        return next(self.folder.glob(f"K{zone.fqdn}+*.ds"))

    def write_zone(self, name):
        """Writes the zone's file (again); returns the path that its server reads."""
        zone = self.zones[name]
        path = self._path(zone)
        path.write_text(self._zone_text(zone), encoding="ascii")
        if not zone.signed:
            return path
        key = self._ds_path(zone).name.removesuffix(".ds")
        self._run("ldns-signzone", "-n", "-f", f"{path}.signed", "-o", zone.fqdn, str(path), key)
        return path.with_name(path.name + ".signed")

    def _make_key(self, zone):
        key = self._run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "-r", "/dev/urandom",
                        zone.fqdn)
        return self.folder / f"{key.strip()}.key"

    def _run(self, *argv):
        return subprocess.run(argv, cwd=self.folder, check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    # --- life

    def start(self):
        assert World._live is None, "one world at a time: their addresses are the same"
        World._live = self
        self.folder.mkdir(parents=True, exist_ok=True)
        signed = [zone for zone in self.zones.values() if zone.signed]
        for zone in signed:
            assert not zone.name or self.zones[zone.parent].signed, f"parent of {zone.name}"
            key = self._make_key(zone)
            if not zone.name:
                self.trust_anchor = shutil.copy(key, self.folder / "root.key")
        for address, name in ((ROOT, "root"), (TLD, "tld"), (LEAF, "leaf")):
            paths = {zone.fqdn: self.write_zone(zone.name)
                     for zone in self.zones.values() if zone.server == address}
            self.servers[name] = Nsd(self.folder, name, address, paths)
        (self.folder / "root.hints").write_text(
            f". 300 NS ns.\nns. 300 A {ROOT}\n", encoding="ascii")
        try:
            for part in (*self.servers.values(), *self.mailboxes.values()):
                self.manage(part).start()
        except BaseException:
            self.stop()  # or its leftovers would be in the next world's way
            raise
        return self

    def stop(self):
        """Stops everything, newest first; what went wrong on the way is raised at the end."""
        failures = []
        while self._running:
            part = self._running.pop()
            try:
                part.stop()
            except Exception as failure:  # whatever it is, the rest is stopped too
                failures.append(f"{type(failure).__name__}: {failure}")
        World._live = None
        assert not failures, "\n\n".join(failures)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def subfolder(self, name):
        self._count += 1
        folder = self.folder / f"{self._count:02}-{name}"
        folder.mkdir()
        return folder

    def manage(self, part):
        """Has stop() stop it too."""
        self._running.append(part)
        return part

    # --- who lives here

    def next_address(self):
        """Of the next resolver."""
        return f"192.0.2.{131 + self._resolvers}"

    def resolver(self, module=True, policy=None, wait=True, **options):
        """Starts an Unbound, and waits until it serves (or not: wait=False). policy: None for the
        default one; for this and the options see Unbound."""
        address = self.next_address()
        self._resolvers += 1
        if policy is None and module:
            policy = Policy()
        unbound = Unbound(self, self.subfolder("unbound"), address,
                          policy=policy if module else None, **options)
        unbound.launch()
        self.manage(unbound)
        if wait:
            unbound.wait_ready()
        return unbound

    def sender(self, resolver, mta=Postfix, **options):
        """Starts a mail server (Postfix or Exim) whose machine asks this resolver."""
        sender = mta(self.subfolder(mta.__name__.lower()), resolver.address, **options)
        self.manage(sender).start()
        return sender

    def sinkhole_host(self, policy, **options):
        """Puts the host of tools/sinkhole-host in the place of the sinkhole mailbox.
        policy: a Policy. It refuses, so nothing is counted in world.sinkhole any more."""
        self.sinkhole.stop()
        folder = self.subfolder("sinkhole-host")
        host = SinkholeHost(folder, policy.write(self.folder / f"{folder.name}.zone"), **options)
        self.manage(host).start()
        return host

    def restore_sinkhole(self):
        """Takes the hosts of sinkhole_host() away and puts the mailbox back."""
        for part in [part for part in self._running if isinstance(part, SinkholeHost)]:
            part.stop()
            self._running.remove(part)
        if not self.sinkhole.running():
            self.sinkhole.start()

    def clear_mail(self):
        for mailbox in self.mailboxes.values():
            mailbox.clear()
