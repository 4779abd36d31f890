# SPDX-License-Identifier: BSD-3-Clause
"""No path by which the real answer for a typo gets out: caches, aliases, stale answers, merged
clients, reloads. Each case fails when its guard in module/ is taken out."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from harness import Policy, make_query, rrs
from harness.process import DEADLINE

SINK_MX = "10 mx.sinkhole.example."
EXEMPT, ENFORCED = "198.51.100.7", "192.0.2.200"
NOTHING = {"protected.example": []}  # a policy that has nothing to do with .ml


def in_force(resolver, policy):
    """Puts a policy into force, as an operator does, and waits until it is."""
    mark = resolver.process.mark()
    resolver.write_policy(policy)
    resolver.process.wait_line(rf"serial {policy.serial} .* is in force", since=mark)


class Asked(threading.Thread):
    """A question that is on its way."""

    def __init__(self, resolver, name, rdtype, **how):
        super().__init__(daemon=True)
        self.what, self.answer = (resolver, name, rdtype, how), None
        self.start()

    def run(self):
        resolver, name, rdtype, how = self.what
        self.answer = resolver.ask(name, rdtype, **how)

    def result(self):
        self.join(30)
        assert self.answer is not None, f"no answer for {self.what[1]}"
        return self.answer


def wait_answered(asked, count):
    """Waits until so many of them have their answer; returns those that have."""
    end = time.monotonic() + DEADLINE
    while sum(one.answer is not None for one in asked) < count and time.monotonic() < end:
        threading.Event().wait(0.02)
    return [one for one in asked if one.answer is not None]


class Paused:
    """Name servers that do not answer for a while."""

    def __init__(self, *servers):
        self.servers = servers

    def __enter__(self):
        self._signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        for server in self.servers:
            pid = server.process.pid
            pids, todo = [], [pid]
            while todo:
                one = todo.pop()
                pids.append(one)
                with open(f"/proc/{one}/task/{one}/children", encoding="ascii") as children:
                    todo += [int(child) for child in children.read().split()]
            for one in pids:
                subprocess.run(["kill", f"-{number.value}", str(one)], check=True)


# --- 1. answers from before the policy

@pytest.mark.parametrize("serve_expired", ["no", "yes"])
def test_cache__answers_from_before_the_policy(world, serve_expired):
    resolver = world.resolver(policy=Policy(NOTHING, serial=1),
                              unbound_conf=f"serve-expired: {serve_expired}\n")
    asked = [("army.ml", "MX", False), ("army.ml", "AAAA", False), ("army.ml", "AAAA", True),
             ("navy.ml", "A", True), ("to-typo.example.com", "A", False),
             ("to-typo-twice.example.com", "MX", False), ("army.mil", "MX", False),
             ("mines.ml", "MX", False)]
    before = {what: rrs(resolver.ask(*what[:2], cd=what[2])) for what in asked}
    assert before["army.ml", "MX", False] == ["army.ml. MX 10 mail.army.ml.",
                                             "army.ml. MX 20 mail6.army.ml."]
    in_force(resolver, Policy(serial=2))
    hits = resolver.stats()["total.num.cachehits"]
    for name, rdtype, cd in asked:
        answer = "\n".join(rrs(resolver.ask(name, rdtype, cd=cd)))
        if name in ("army.mil", "mines.ml"):
            assert answer == "\n".join(before[name, rdtype, cd])
        else:
            assert "203.0.113.66" not in answer and "666" not in answer, answer
            assert "mail.army.ml" not in answer
            assert SINK_MX in answer or "192.0.2.25" in answer or "2001:db8::25" in answer
    # Exactly what has changed was removed: the others are still hits.
    assert resolver.stats()["total.num.cachehits"] == hits + 2


# --- 2. in flight

@pytest.mark.parametrize("name", ["army.ml", "to-typo.example.com"])
def test_in_flight__while_the_policy_changes(world, name):
    resolver = world.resolver(policy=Policy(NOTHING, serial=1))
    resolver.ask("ml", "NS")
    with Paused(world.servers["leaf"]):
        asked = Asked(resolver, name, "MX")
        in_force(resolver, Policy(serial=2))
    for answer in (asked.result(), resolver.ask(name, "MX"), resolver.ask(name, "MX", cd=True)):
        assert [rr for rr in rrs(answer) if " MX " in rr] == [f"army.ml. MX {SINK_MX}"]


# --- 3. stale answers

def test_stale__while_the_counterpart_is_asked_for(tmp_path_factory, world):
    """The check takes longer than serve-expired-client-timeout."""
    world.zones["ml"].records += "late 1 MX 10 mail.army.ml.\n"
    world.write_zone("ml")
    world.servers["tld"].reload()
    policy = Policy({"mil": ["ml"]}, properties={"evidence": '"dns"'})
    resolver = world.resolver(policy=policy, unbound_conf="serve-expired: yes\n"
                              "serve-expired-client-timeout: 100\n")
    # Nobody has late.mil yet: passes, and is cached for a second.
    assert rrs(resolver.ask("late.ml", "MX")) == ["late.ml. MX 10 mail.army.ml."]
    world.zones["mil"].records += "late MX 10 mx.army.mil.\n"
    world.write_zone("mil")
    world.servers["tld"].reload()
    resolver.control("flush", "late.mil")
    threading.Event().wait(2.1)  # the TTL's time
    with Paused(world.servers["tld"]):
        asked = Asked(resolver, "late.ml", "MX")
        asked.join(1)
    assert rrs(asked.result()) == [f"late.ml. MX {SINK_MX}"]


def test_stale__a_servfail_of_ours(world):
    resolver = world.resolver(policy=Policy(NOTHING, serial=1),
                              unbound_conf="serve-expired: yes\n")
    resolver.ask("army.ml", "MX")
    in_force(resolver, Policy(serial=2, properties={"action": '"defer"'}))
    for cd in (False, True):
        answer = resolver.ask("army.ml", "MX", cd=cd)
        assert answer.rcode() == dns.rcode.SERVFAIL and not answer.answer
    resolver.alerts.wait_count(1, name="army.ml", type="MX", action="defer")


# --- 4. aliases

@pytest.mark.parametrize("modules", ["dynlib validator iterator", "dynlib iterator"])
def test_alias__into_a_typo(world, modules):
    """The last of the names might be a typo itself, and turns out to be none."""
    resolver = world.resolver(modules=modules)
    names = ("to-typo.example.com", "to-typo-twice.example.com", "army.d.example.com",
             "to-typo.orange.ml")
    for name in names:
        resolver.ask(name, "CNAME")  # fills the RRset cache, and passes
        for rdtype, data in (("MX", SINK_MX), ("A", "192.0.2.25"), ("AAAA", "2001:db8::25")):
            for cd in (False, True, False):
                answer = resolver.ask(name, rdtype, cd=cd, do=True)
                assert [rr for rr in rrs(answer) if f" {rdtype} " in rr] == [
                    f"army.ml. {rdtype} {data}"], answer
                assert any(rr.startswith(f"{name}. CNAME") for rr in rrs(answer))
    resolver.alerts.wait_count(3, name="to-typo.example.com")
    # Nothing of it is in the cache, where a hit would not come to us.
    cached = resolver.control("dump_cache")
    for name in names:
        assert f"msg {name}. IN MX" not in cached and f"msg {name}. IN A" not in cached


@pytest.mark.parametrize("modules", ["dynlib validator iterator", "dynlib iterator"])
def test_alias__whose_target_has_to_be_asked_for(world, modules):
    """The alias is in the RRset cache, so that servers are asked for its target alone: what they say
    must not be stored as an answer for it."""
    world.zones["example.com"].records += "to-asked CNAME asked.ml.\n"
    world.write_zone("example.com")
    world.zones["ml"].records += "asked MX 10 mail.army.ml.\n"
    world.write_zone("ml")
    world.zones["mil"].records += "asked MX 10 mx.army.mil.\n"
    world.write_zone("mil")
    for server in ("tld", "leaf"):
        world.servers[server].reload()
    resolver = world.resolver(policy=Policy({"mil": ["ml"]}, properties={"evidence": '"dns"'}),
                              modules=modules)
    resolver.ask("to-asked.example.com", "CNAME")
    for name in ("to-asked.example.com", "asked.ml"):
        for cd in (True, False):
            assert f"asked.ml. MX {SINK_MX}" in rrs(resolver.ask(name, "MX", cd=cd)), name
    assert "msg asked.ml. IN MX" not in resolver.control("dump_cache")


def test_alias__of_what_is_observed(world):
    """A typo that is only observed may be the alias of one that is not."""
    at = "mil.policy.example."
    policy = Policy({"orange.net": [], "mil": ["ml"], "army.mil": []}, extra=(
        f"typo-always.typosink.ext.m1.zones.{at} PTR orange.ml.\n"
        f'group.m1.zones.{at} TXT careful\naction.careful.groups TXT observe\n'))
    resolver = world.resolver(policy=policy)
    for _ in range(2):
        got = rrs(resolver.ask("to-typo.orange.ml", "MX"))
        assert got == [f"army.ml. MX {SINK_MX}", "to-typo.orange.ml. CNAME army.ml."]
    # What is observed and nothing else stays as it is.
    assert rrs(resolver.ask("orange.ml", "MX")) == ["orange.ml. MX 10 mx.mines.ml."]
    events = resolver.alerts.wait_count(1, name="to-typo.orange.ml", action="sinkhole")
    assert events[0]["typosink"]["rdata"] == "army.ml"
    assert events[0]["dns"]["answers"][0]["name"] == "army.ml"
    resolver.alerts.wait_count(1, name="orange.ml", action="observe")


# --- 6. prefetch

def test_prefetch__is_no_look_up_of_a_client(world):
    resolver = world.resolver(policy=Policy(properties={"action": '"observe"'}),
                              unbound_conf="prefetch: yes\ncache-max-ttl: 3\n")
    asked, end = 0, time.monotonic() + DEADLINE
    while resolver.stats()["total.num.prefetch"] < 1:
        assert time.monotonic() < end, "nothing was fetched ahead"
        resolver.ask("navy.ml", "A")
        asked += 1
    resolver.stop()
    told = [event for event in resolver.alerts.alerts()
            if event["dns"]["question"]["name"] == "navy.ml"]
    assert sum(event["typosink"]["count"] for event in told) == asked
    assert {event["source"]["ip"] for event in told} == {resolver_source(told)}


def resolver_source(events):
    return events[0]["source"]["ip"]


# --- 7. clients that differ

CLIENTS = {"lab": (["198.51.100.0/24"], "pass")}


@pytest.mark.parametrize("first", [EXEMPT, ENFORCED])
def test_clients__one_after_the_other(world, first):
    resolver = world.resolver(policy=Policy(clients=CLIENTS))
    for source in [first] + 2 * [EXEMPT, ENFORCED]:
        for name in ("army.ml", "to-typo.example.com"):
            got = [rr for rr in rrs(resolver.ask(name, "MX", source=source)) if " MX " in rr]
            if source == EXEMPT:
                assert "army.ml. MX 10 mail.army.ml." in got
            else:
                assert got == [f"army.ml. MX {SINK_MX}"]


@pytest.mark.parametrize("name", ["army.ml", "to-typo.example.com"])
def test_clients__at_once(world, name):
    resolver = world.resolver(policy=Policy(clients=CLIENTS))
    resolver.ask("ml", "NS")
    with Paused(world.servers["leaf"]):
        exempt = [Asked(resolver, name, "MX", source=EXEMPT) for _ in range(3)]
        until_asked(resolver, 1)
        enforced = [Asked(resolver, name, "MX", source=ENFORCED) for _ in range(3)]
        if name != "army.ml":
            until_asked(resolver, 6)
        # An enforced one alone is answered at once; one that has joined waits with the others.
    for one in exempt:
        assert "army.ml. MX 10 mail.army.ml." in rrs(one.result())
    for one in enforced:
        answer = one.result()
        assert [rr for rr in rrs(answer) if " MX " in rr] == [f"army.ml. MX {SINK_MX}"]
        assert not answer.flags & dns.flags.AD
    events = resolver.alerts.wait_count(1, name=name, type="MX", source=ENFORCED)
    assert not [event for event in events if event["source"]["ip"] == EXEMPT]


def until_asked(resolver, count):
    """Until so many clients have come to it."""
    for _ in range(200):
        if resolver.stats()["total.num.queries"] >= count + 1:
            return
    raise AssertionError("the questions did not arrive")


# --- 8. to 10. every way to ask

@pytest.mark.parametrize("minimal", ["yes", "no"])
def test_ways__rd_tcp_edns_minimal(world, minimal):
    resolver = world.resolver(unbound_conf=f"minimal-responses: {minimal}\n"
                              "access-control: 192.0.2.0/24 allow_snoop\n")
    for how in ({"rd": False}, {"tcp": True}, {"edns": False}, {"do": True}, {"cd": True},
                {"do": True, "tcp": True, "cd": True}):
        for _ in range(2):
            answer = resolver.ask("ArMy.mL", "MX", **how)
            assert rrs(answer) == [f"ArMy.mL. MX {SINK_MX}"], how
            assert answer.flags & dns.flags.RA and not answer.flags & dns.flags.AD
            assert bool(answer.flags & dns.flags.RD) == how.get("rd", True)
    assert rrs(resolver.ask("mx.sinkhole.example", "A")) == ["mx.sinkhole.example. A 192.0.2.25"]
    answer = resolver.ask("army.ml", "HTTPS")
    assert not answer.answer and [rr.name.to_text() for rr in answer.authority] == ["army.ml."]
    # SPF, DKIM and DMARC of inbound mail pass.
    assert "v=spf1 +all" in "".join(rrs(resolver.ask("army.ml", "TXT")))


def test_ways__tls_and_https(world):
    folder = world.subfolder("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=resolver.example", "-keyout", str(folder / "key"),
                    "-out", str(folder / "cert")], check=True, capture_output=True)
    resolver = world.resolver(unbound_conf=(
        f'tls-service-key: "{folder}/key"\ntls-service-pem: "{folder}/cert"\n'
        f"tls-port: 853\nhttps-port: 443\ninterface: 192.0.2.240@853\n"
        "interface: 192.0.2.240@443\n"))
    for way, source, port in (("+tls", "192.0.2.201", 853), ("+https", "192.0.2.202", 443)):
        got = subprocess.run(["dig", "@192.0.2.240", way, "+short", "-b", source,
                              "navy.ml", "MX"],
                             check=True, capture_output=True, text=True).stdout.strip()
        assert got == SINK_MX, way
        told, = resolver.alerts.wait_count(1, name="navy.ml", type="MX", source=source)
        assert told["network"]["transport"] == "tcp"
        assert told["network"]["application"] == {"+tls": "dot", "+https": "doh"}[way]
        assert told["destination"] == {"ip": "192.0.2.240", "port": port}


def test_ways__proxied(world):
    """PROXYv2 over UDP: the alert names the client behind the proxy."""
    resolver = world.resolver(unbound_conf="proxy-protocol-port: 5353\n"
                              "interface: 192.0.2.241@5353\n")
    query = make_query("army.ml", "MX")
    header = (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x12]) + struct.pack("!H", 12)
              + socket.inet_aton("198.51.100.99") + socket.inet_aton("192.0.2.241")
              + struct.pack("!HH", 4711, 53))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.sendto(header + query.to_wire(), ("192.0.2.241", 5353))
        answer = dns.message.from_wire(sock.recv(4096))
    assert rrs(answer) == [f"army.ml. MX {SINK_MX}"]
    resolver.alerts.wait_count(1, name="army.ml", source="198.51.100.99")


# --- 11. other modules and the operator's own data

@pytest.mark.parametrize("synthall", ["no", "yes"])
@pytest.mark.parametrize("addresses", ["both", "a"])
def test_dns64__an_aaaa_only_network(world, synthall, addresses):
    policy = Policy()
    if addresses == "a":
        policy = Policy(sinkhole=False, extra="sinkhole IN MX 10 mx.sinkhole.example.\n"
                        "sinkhole IN A 192.0.2.25\n")
    resolver = world.resolver(policy=policy, modules="dns64 dynlib validator iterator",
                              unbound_conf=f"dns64-synthall: {synthall}\n")
    mapped = "64:ff9b::c000:219"
    expected = mapped if addresses == "a" or synthall == "yes" else "2001:db8::25"
    for name in ("army.ml", "navy.ml"):
        for _ in range(3):
            assert rrs(resolver.ask(name, "AAAA")) == [f"{name}. AAAA {expected}"]
        resolver.alerts.wait_count(1, name=name, type="AAAA")
        assert f"msg {name}. IN A" not in resolver.control("dump_cache")
    for _ in range(3):
        assert rrs(resolver.ask("to-typo.orange.ml", "AAAA")) == [
            f"army.ml. AAAA {expected}", "to-typo.orange.ml. CNAME army.ml."]
    told, = resolver.alerts.wait_count(1, name="to-typo.orange.ml", type="AAAA")
    assert told["typosink"]["rdata"] == "army.ml"
    assert "msg to-typo.orange.ml. IN A" not in resolver.control("dump_cache")
    assert rrs(resolver.ask("army.mil", "AAAA")) == ["army.mil. AAAA 64:ff9b::c000:26e"]


STRANGER_BY_DNS64 = "64:ff9b::cb00:7142"


def behind_dns64(world, synthall):
    """A resolver for clients that differ, and an alias of a typo, to-navy.example.com."""
    world.zones["example.com"].records += "to-navy CNAME navy.ml.\n"
    world.write_zone("example.com")
    world.servers["leaf"].reload()
    return world.resolver(policy=Policy(clients=CLIENTS), modules="dns64 dynlib validator iterator",
                          unbound_conf=f"dns64-synthall: {synthall}\n")


@pytest.mark.parametrize("synthall", ["no", "yes"])
@pytest.mark.parametrize("first", [EXEMPT, ENFORCED])
def test_dns64__clients_one_after_the_other(world, synthall, first):
    resolver = behind_dns64(world, synthall)
    for source in [first] + 2 * [EXEMPT, ENFORCED]:
        for name in ("navy.ml", "to-navy.example.com"):
            got = [rr for rr in rrs(resolver.ask(name, "AAAA", source=source)) if " AAAA " in rr]
            assert len(got) == 1
            assert (got == [f"navy.ml. AAAA {STRANGER_BY_DNS64}"]) == (source == EXEMPT)


@pytest.mark.parametrize("synthall", ["no", "yes"])
@pytest.mark.parametrize("name", ["navy.ml", "to-navy.example.com"])
def test_dns64__clients_at_once(world, synthall, name):
    """What dns64 makes of an address is for all who wait: the stranger's for none of them."""
    resolver = behind_dns64(world, synthall)
    resolver.ask("ml", "NS")
    with Paused(world.servers["leaf"]):
        asked = [Asked(resolver, name, "AAAA", source=EXEMPT) for _ in range(2)]
        until_asked(resolver, 1)
        enforced = [Asked(resolver, name, "AAAA", source=ENFORCED) for _ in range(2)]
        until_asked(resolver, 3)
        asked += [Asked(resolver, name, "AAAA", source=EXEMPT) for _ in range(2)]
        until_asked(resolver, 6)
    for one in enforced:
        assert STRANGER_BY_DNS64 not in "".join(rrs(one.result()))
    for one in asked:
        assert one.result().rcode() == 0
    resolver.alerts.wait_count(1, name=name, type="AAAA", source=ENFORCED)


def test_dns64__a_real_answer_from_before(world):
    resolver = world.resolver(policy=Policy(NOTHING, serial=1),
                              modules="dns64 dynlib validator iterator")
    assert rrs(resolver.ask("navy.ml", "AAAA")) == ["navy.ml. AAAA 64:ff9b::cb00:7142"]
    in_force(resolver, Policy(serial=2))
    assert rrs(resolver.ask("navy.ml", "AAAA")) == ["navy.ml. AAAA 2001:db8::25"]


def test_beside__subnet_cache_and_local_data(world):
    resolver = world.resolver(
        modules="dynlib subnetcache validator iterator",
        unbound_conf='send-client-subnet: 198.51.100.3\n'
        'local-zone: "own.ml." static\nlocal-data: "own.ml. MX 10 mx.own.example."\n'
        'local-data: "navy.ml. A 192.0.2.77"\n')
    for _ in range(2):
        assert rrs(resolver.ask("army.ml", "MX")) == [f"army.ml. MX {SINK_MX}"]
    assert rrs(resolver.ask("own.ml", "MX")) == ["own.ml. MX 10 mx.own.example."]
    assert rrs(resolver.ask("navy.ml", "A")) == ["navy.ml. A 192.0.2.77"]
    # A name with local data has what is in it and nothing else, as Unbound sees it.
    assert rrs(resolver.ask("navy.ml", "MX")) == []


# --- 12. reloads under load

@pytest.mark.parametrize("command", ["reload", "reload_keep_cache"])
def test_reload__in_the_middle_of_load(world, command):
    resolver = world.resolver(threads=2)
    stop, wrong, right = threading.Event(), [], []

    def load():
        while not stop.is_set():
            try:
                answer = resolver.ask("army.ml", "MX", timeout=0.5)
            except dns.exception.Timeout:
                continue
            (right if rrs(answer) == [f"army.ml. MX {SINK_MX}"] else wrong).append(answer)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(int(os.environ.get("TYPOSINK_RELOADS", "5"))):
        resolver.reload(command)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(right) > 20


def test_reload__keeps_the_cache_but_not_what_is_now_a_typo(world):
    resolver = world.resolver(policy=Policy(NOTHING))
    resolver.ask("army.ml", "MX")
    resolver.write_policy(Policy(serial=2026112399))
    resolver.reload("reload_keep_cache")
    assert rrs(resolver.ask("army.ml", "MX")) == [f"army.ml. MX {SINK_MX}"]
