# SPDX-License-Identifier: BSD-3-Clause
"""dns: asks as a client would."""

import dns.flags
import dns.message
import dns.query
import dns.rdatatype

from .process import DEADLINE


def make_query(name, rdtype="A", *, edns=True, do=False, cd=False, rd=True, rdclass="IN",
               payload=1232):
    """A query message. The name's case is kept (0x20)."""
    query = dns.message.make_query(name, rdtype, rdclass)
    query.flags = (dns.flags.RD if rd else 0) | (dns.flags.CD if cd else 0)
    if edns:
        query.use_edns(0, dns.flags.DO if do else 0, payload)
    else:
        query.use_edns(False)
    return query


def ask(server, name, rdtype="A", *, port=53, tcp=False, source=None, timeout=DEADLINE, **how):
    """Asks once and returns the answer, a dns.message.Message.

    source: the client's address. The rest is make_query's. A truncated answer is returned as it is.
    """
    query = make_query(name, rdtype, **how)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, server, timeout=timeout, port=port, source=source)


def rrs(answer, rdtype=None, section="answer"):
    """The records of a section as sorted text "owner TYPE rdata", TTLs left out."""
    return sorted(
        f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in getattr(answer, section) for rdata in rrset
        if rdtype is None or dns.rdatatype.to_text(rrset.rdtype) == rdtype)
