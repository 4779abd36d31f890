#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rest of the world: a server on 127.0.0.1:5300 for which every name has an MX and an address."""

import socket

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

RECORDS = {"MX": "10 mx.real.example.", "A": "192.0.2.99"}

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 5300))
print("ready", flush=True)
while True:
    wire, peer = sock.recvfrom(4096)
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    data = RECORDS.get(dns.rdatatype.to_text(question.rdtype))
    if data:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, data))
    sock.sendto(reply.to_wire(), peer)
