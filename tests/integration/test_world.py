# SPDX-License-Identifier: BSD-3-Clause
"""The harness itself: what the other tests stand on."""

import dns.flags
import dns.rcode
import pytest

from harness import Crash, Exim, Postfix, Process, Recorder, rrs


def test_resolution__goes_through_referrals(plain_resolver):
    answer = plain_resolver.ask("army.mil", "MX")
    assert rrs(answer) == ["army.mil. MX 10 mx.army.mil."]
    assert answer.flags & dns.flags.RA
    assert plain_resolver.ask("nosuch.mil").rcode() == dns.rcode.NXDOMAIN


def test_resolution__tcp_source_and_case(plain_resolver):
    answer = plain_resolver.ask("aRMy.Ml", "MX", tcp=True, source="198.51.100.77")
    assert answer.question[0].name.to_text() == "aRMy.Ml."
    assert [rr.lower() for rr in rrs(answer)] == [
        "army.ml. mx 10 mail.army.ml.", "army.ml. mx 20 mail6.army.ml."]


@pytest.mark.parametrize("mta", [Postfix, Exim])
def test_mail__without_the_module_goes_to_the_stranger(world, plain_resolver, mta):
    sender = world.sender(plain_resolver, mta)
    sender.send("carol@army.ml", "carol@us.army.ml", "carol@navy.ml", "carol@army.mil")
    outcomes = sender.wait_outcomes(4)
    assert {outcome.status for outcome in outcomes} == {"sent"}
    assert world.stranger.recipients() == ["carol@army.ml", "carol@navy.ml", "carol@us.army.ml"]
    assert world.legit.recipients() == ["carol@army.mil"]
    assert not world.sinkhole.sessions


def test_recorder__has_every_query(world, plain_resolver, tmp_path):
    import dns.name
    with Recorder(tmp_path) as recorder:
        for number in range(50):
            plain_resolver.ask(f"n{number}.example.com")
    data = recorder.path.read_bytes()
    assert all(dns.name.from_text(f"n{n}.example.com").to_wire() in data for n in range(50))


@pytest.mark.parametrize("script, words", [
    ("echo hello; exit 3", "ended by itself|code 3"),
    ("echo 'x.c:1: runtime error: null pointer'; trap 'exit 0' TERM; echo up; "
     "while :; do sleep 0.1; done", "runtime error"),
])
def test_process__notices(tmp_path, script, words):
    process = Process("script", ["sh", "-c", script], tmp_path / "log")
    if "up" in script:
        process.wait_line("^up$")
    else:
        process.wait_line("hello")
        process.popen.wait()
    with pytest.raises(Crash, match=words):
        process.stop()
