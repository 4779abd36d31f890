# SPDX-License-Identifier: BSD-3-Clause
"""nsd: one authoritative server with its zones."""

import signal

from .process import Daemon, Process


class Nsd(Daemon):
    """An NSD on port 53 of one address, serving zone files.

    zones: {zone name: zone file's path}. extra: lines for each zone's clause ({name: lines}),
    for notify, provide-xfr and the like.
    """

    def __init__(self, folder, name, address, zones, extra=None):
        self.folder, self.name, self.address = folder, name, address
        self.zones, self.extra = dict(zones), dict(extra or {})

    @property
    def config(self):
        return self.folder / f"nsd-{self.name}.conf"

    def _write_config(self):
        base = self.folder / f"nsd-{self.name}"
        lines = ["server:", f"\tip-address: {self.address}", "\tserver-count: 1",
                 '\tusername: ""', '\tchroot: ""', f"\tpidfile: {base}.pid",
                 f'\tdatabase: ""', f"\tzonelistfile: {base}.zonelist",
                 f"\txfrdfile: {base}.xfrd", f"\txfrdir: {self.folder}",
                 f"\tzonesdir: {self.folder}", "\trrl-ratelimit: 0", "\tverbosity: 1",
                 "remote-control:", "\tcontrol-enable: yes",
                 f"\tcontrol-interface: {base}.sock"]
        for zone, path in self.zones.items():
            lines += ["zone:", f"\tname: {zone}", f"\tzonefile: {path}"]
            lines += [f"\t{line}" for line in self.extra.get(zone, ())]
        self.config.write_text("\n".join(lines) + "\n", encoding="ascii")

    def start(self):
        self._write_config()
        self.process = Process(
            f"nsd {self.name}", ["nsd", "-d", "-c", str(self.config)],
            self.folder / f"nsd-{self.name}.log")
        self.process.wait_line("nsd started")

    def reload(self):
        """Reads the zone files again; returns when they are served (a zone whose file did not
        change is not read)."""
        mark = self.process.mark()
        self.process.send(signal.SIGHUP)
        self.process.wait_line(r"read with success|zone .* (read|updated)", since=mark)
