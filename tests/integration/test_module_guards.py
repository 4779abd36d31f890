# SPDX-License-Identifier: BSD-3-Clause
"""Guards that a busy or unlucky day asks for: dates that pass, zones that go bad, other people's
data beside us, clients that join, many threads, caches that change their size."""

import datetime
import subprocess
import threading
import time

import dns.edns
import dns.exception
import pytest

from harness import Fleet, Policy, rrs
from test_module_leaks import NOTHING, SINK_MX, Asked, Paused, in_force

TAKEN = [f"army.ml. MX {SINK_MX}"]
REAL = ["army.ml. MX 10 mail.army.ml.", "army.ml. MX 20 mail6.army.ml."]

# Another time of day for one process: what the kernel says, plus an offset. It asks the kernel
# itself, since a sanitizer's runtime asks for the time before it can bear a dlsym().
CLOCK = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) { const char *text = getenv("CLOCK_OFFSET"); return text ? atol(text) : 0; }
int clock_gettime(clockid_t id, struct timespec *out)
{
	int result = (int)syscall(SYS_clock_gettime, id, out);
	if (id == CLOCK_REALTIME) out->tv_sec += offset();
	return result;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out) *out = now.tv_sec;
	return now.tv_sec;
}
"""


def until(condition, seconds=20):
    """Asks again and again, as clients do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        threading.Event().wait(0.1)


def test_date__that_passes_while_running(world):
    """A real answer that was cached on the last day is not served on the next."""
    folder = world.subfolder("clock")
    (folder / "clock.c").write_text(CLOCK, encoding="ascii")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(folder / "clock.so"),
                    str(folder / "clock.c")], check=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    midnight = (now + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    policy = Policy(allow=["army.ml"], extra=f'until.a1.allow IN TXT "{now:%Y-%m-%d}"\n')
    resolver = world.resolver(policy=policy, env={
        "LD_PRELOAD": str(folder / "clock.so"),
        "CLOCK_OFFSET": str(int((midnight - now).total_seconds()) - 12)})
    assert rrs(resolver.ask("army.ml", "MX")) == REAL
    assert rrs(resolver.ask("army.ml", "MX")) == REAL
    assert resolver.stats()["total.num.cachehits"] == 1
    until(lambda: rrs(resolver.ask("army.ml", "MX")) == TAKEN)


# --- policy zones that go bad

@pytest.fixture
def zone(world):
    """start(policy text) -> Fleet, which looks at the zone's ZONEMD."""
    started = []

    def start(text):
        started.append(Fleet(world, text, "zonemd-check: yes\n"))
        return started[0]
    yield start
    for fleet in started:
        fleet.primary.stop()


def test_zone__that_expires(zone):
    fleet = zone(Policy(serial=1).text().replace("3600 600 2147483646 0", "1 1 3 0"))
    resolver = fleet.resolver
    mark = resolver.process.mark()
    fleet.primary.stop()
    resolver.process.wait_line("has expired.*the last good policy, serial 1, goes on serving",
                               since=mark)
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    resolver.alerts.wait_for(lambda events: [
        e for e in events if e["event"]["action"] == "policy" and e["event"]["outcome"] == "failure"])


def test_zone__whose_zonemd_is_wrong(zone):
    fleet = zone(Policy(serial=1).text())
    resolver = fleet.resolver
    mark = resolver.process.mark()
    fleet.publish(Policy(serial=2, allow=["army.ml"]).text() + "$ORIGIN mil.policy.example.\n@ IN TYPE63 \\# 54 "
                  "00000002 01 01 " + "00" * 48 + "\n")
    resolver.process.wait_line("the last good policy, serial 1, goes on serving", since=mark)
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    assert not resolver.log("serial 2 .* is in force")


# --- the operator's own data wins

def test_beside__an_rpz(world):
    zone = world.folder / "beside.rpz"
    zone.write_text("$TTL 30\n@ SOA invalid. hostmaster.invalid. 1 3600 600 86400 60\n@ NS invalid.\n"
                    "army.ml MX 10 mx.rpz.example.\nnavy.ml CNAME rpz-passthru.\n", encoding="ascii")
    resolver = world.resolver(modules="dynlib respip validator iterator",
                              clauses=f'rpz:\nname: rpz.example\nzonefile: "{zone}"\n')
    for _ in range(2):
        assert rrs(resolver.ask("army.ml", "MX")) == ["army.ml. MX 10 mx.rpz.example."]
        # What the zone says nothing about, and what it lets through to us.
        assert rrs(resolver.ask("us.army.ml", "MX")) == [f"us.army.ml. MX {SINK_MX}"]
        assert rrs(resolver.ask("navy.ml", "A")) == ["navy.ml. A 192.0.2.25"]


# --- clients that join

def test_join__a_check_of_the_referral_path(world):
    """Unbound asks for itself for a name server's address; a client asks the same and joins."""
    resolver = world.resolver(unbound_conf="harden-referral-path: yes\n")
    resolver.ask("ml", "NS")
    with Paused(world.servers["leaf"]):
        first = Asked(resolver, "army.ml", "TXT")
        until(lambda: "ns.army.ml. A IN" in requests(resolver) or
              " A IN ns.army.ml." in requests(resolver))
        joined = Asked(resolver, "ns.army.ml", "A")
        until(lambda: resolver.stats()["total.num.queries"] >= 3)
    assert rrs(joined.result()) == ["ns.army.ml. A 192.0.2.25"]
    assert rrs(first.result()) == ['army.ml. TXT "v=spf1 +all"']
    resolver.alerts.wait_count(1, name="ns.army.ml", type="A")


def requests(resolver):
    return resolver.control("dump_requestlist")


# --- EDE

@pytest.mark.parametrize("action, rdtype, code", [
    ("nullmx", "A", 4), ("nullmx", "MX", 4), ("sinkhole", "HTTPS", 4), ("nodata", "MX", 15),
    ("nxdomain", "MX", 15), ("refused", "MX", 15)])
def test_ede__also_where_there_is_no_data(world, action, rdtype, code):
    resolver = world.resolver(policy=Policy(properties={"action": f'"{action}"'}),
                              unbound_conf="ede: yes\n")
    options = [option for option in resolver.ask("army.ml", rdtype).options
               if option.otype == dns.edns.EDE]
    assert [(option.code, option.text) for option in options] == [(code, "did you mean army.mil?")]


# --- many threads, and a cache that changes its size

def test_threads__eight(world):
    resolver = world.resolver(policy=Policy(clients={"lab": (["198.51.100.0/24"], "pass")}), threads=8)
    wrong = []

    def load(number):
        for turn in range(60):
            name = ("army.ml", "us.army.ml", "to-typo.example.com", "army.mil")[(number + turn) % 4]
            exempt = turn % 3 == 0
            got = "\n".join(rrs(resolver.ask(
                name, "MX", source="198.51.100.7" if exempt else "192.0.2.200")))
            taken = SINK_MX in got
            if taken == (exempt or name == "army.mil"):
                wrong.append((name, exempt, got))

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for serial in range(2, 6):
        in_force(resolver, Policy(clients={"lab": (["198.51.100.0/24"], "pass")}, serial=serial))
    for thread in threads:
        thread.join()
    assert not wrong
    resolver.stop()


def test_reload__of_another_cache_size_while_a_purge_runs(world):
    resolver = world.resolver(policy=Policy(NOTHING, serial=1), threads=2)
    config = resolver.config.read_text(encoding="ascii")
    for turn in range(2, 14):
        for number in range(20):
            resolver.ask(f"x{number}.army.ml", "MX")
        # The change is seen within a second: some of the reloads meet its purge.
        resolver.write_policy(Policy(serial=turn) if turn % 2 else Policy(NOTHING, serial=turn))
        threading.Event().wait(0.08 * turn)
        resolver.config.write_text(config.replace(
            "server:\n", f"server:\nmsg-cache-size: {4 + turn % 2}m\n", 1), encoding="ascii")
        resolver.reload(("reload", "reload_keep_cache")[turn // 2 % 2])
        expected = TAKEN if turn % 2 else REAL
        until(lambda want=expected: rrs(resolver.ask("army.ml", "MX")) == want)
    resolver.stop()
