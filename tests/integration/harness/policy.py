# SPDX-License-Identifier: BSD-3-Clause
"""policy: writes a policy zone from a few words."""

SINKHOLE_MX = "mx.sinkhole.example."
SINKHOLE_A = "192.0.2.25"
SINKHOLE_AAAA = "2001:db8::25"


class Policy:
    """A policy zone. The defaults protect mil and the .mil names of the world, with .ml declared.

    protect: {zone: [declared typo suffixes]}; allow: names; known: names;
    properties: {"action": '"observe"'} zone-wide; clients: {id: (prefixes, action)};
    extra: more records, as text, relative to typosink.ext.<origin>.
    """

    def __init__(self, protect=None, *, allow=("mines.ml",), known=(), properties=None,
                 clients=None, sinkhole=True, extra="", origin="mil.policy.example.",
                 serial=2026112301):
        self.protect = protect if protect is not None else {
            "mil": ["ml"], "army.mil": [], "navy.mil": [], "af.mil": []}
        self.allow, self.known = list(allow), list(known)
        self.properties = dict(properties or {})
        self.clients = dict(clients or {})
        self.sinkhole, self.extra, self.origin, self.serial = sinkhole, extra, origin, serial

    def text(self):
        out = [f"$ORIGIN {self.origin}", "$TTL 30",
               f"@ IN SOA invalid. hostmaster.invalid. {self.serial} 3600 600 2147483646 0",
               "@ IN NS invalid.", 'version IN TXT "2"']
        for number, (zone, typos) in enumerate(self.protect.items(), 1):
            out.append(f"m{number}.zones IN PTR {zone}.")
            out += [f"typo.typosink.ext.m{number}.zones IN PTR {typo}." for typo in typos]
        out.append(f"$ORIGIN typosink.ext.{self.origin}")
        if self.sinkhole:
            out += [f"sinkhole IN MX 10 {SINKHOLE_MX}", f"sinkhole IN A {SINKHOLE_A}",
                    f"sinkhole IN AAAA {SINKHOLE_AAAA}"]
        out += [f"{name} IN TXT {value}" for name, value in self.properties.items()]
        out += [f"a{number}.allow IN PTR {name}." for number, name in enumerate(self.allow, 1)]
        out += [f"k{number}.known IN PTR {name}." for number, name in enumerate(self.known, 1)]
        for name, (prefixes, action) in self.clients.items():
            apl = " ".join(f"{2 if ':' in prefix else 1}:{prefix}" for prefix in prefixes)
            out += [f"{name}.clients IN APL {apl}", f'action.{name}.clients IN TXT "{action}"']
        return "\n".join(out) + "\n" + self.extra

    def write(self, path):
        """Writes it the way an operator's tool should: whole, by rename."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(self.text(), encoding="ascii")
        fresh.rename(path)
        return path
