# SPDX-License-Identifier: BSD-3-Clause
"""fleet: a primary that has the policy as a zone, and a resolver that has it as an auth-zone."""

from .nsd import Nsd

PRIMARY = "192.0.2.230"
ZONE = "mil.policy.example"


class Fleet:
    """text: the zone's at first; auth_zone: more lines of its auth-zone clause. For more see
    World.resolver()."""

    def __init__(self, world, text, auth_zone="", **options):
        folder = world.subfolder("primary")
        self.path = folder / "policy"
        self.path.write_text(text, encoding="ascii")
        self.primary = Nsd(folder, "policy", PRIMARY, {ZONE: self.path}, {ZONE: [
            f"notify: {world.next_address()} NOKEY", f"outgoing-interface: {PRIMARY}",
            "provide-xfr: 0.0.0.0/0 NOKEY"]})
        self.primary.start()
        world.manage(self.primary)
        self.resolver = world.resolver(
            policy="", conf=f"policy-zone: {ZONE}\n", **options,
            clauses=f"auth-zone:\nname: {ZONE}\n{auth_zone}primary: {PRIMARY}\nfor-downstream: no\nfor-upstream: no\n")
        self.resolver.process.wait_line("serial 1 .* is in force")

    def publish(self, text):
        self.path.write_text(text, encoding="ascii")
        self.primary.reload()
