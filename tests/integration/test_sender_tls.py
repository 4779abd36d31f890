# SPDX-License-Identifier: BSD-3-Clause
"""Senders that verify (DANE, MTA-STS), and a validating resolver in between: their mail bounces with
the reason or waits, and never goes to the stranger. The rows are those of doc/mail.md."""

import hashlib
import re
import subprocess

import dns.flags
import dns.rcode
import pytest

from harness import Policy, World
from harness.world import DEFAULT_ZONES
from test_sender import check, page_table

POLICY = Policy()


def make_certificate(folder, hostname):
    """A certificate that is its own authority; returns (certificate, key, TLSA record data)."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "30", "-subj", f"/CN={hostname}", "-addext",
         f"subjectAltName=DNS:{hostname}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
                            check=True, capture_output=True).stdout
    return certificate, key, f"3 1 1 {hashlib.sha256(public).hexdigest()}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    certificate, key, tlsa = make_certificate(folder, "mail.army.ml")
    zones = {"army.ml": DEFAULT_ZONES["army.ml"] + f"\n_25._tcp.mail TLSA {tlsa}\n"}
    with World(folder / "world", zones=zones, signed=True,
               certificates={"stranger": (certificate, key)}) as made:
        made.certificate = certificate
        yield made


@pytest.fixture(scope="module")
def host(world):
    return world.sinkhole_host(POLICY)


@pytest.fixture(scope="module")
def module_resolver(world, host):
    assert host.process.running()
    return world.resolver(policy=POLICY)


def sender_at(world, resolver, level):
    """A Postfix at that level for army.ml; what it trusts is the stranger's certificate alone, as
    the world's authorities would have signed it."""
    return world.sender(resolver, trust_ad=True, main=(
        "smtp_dns_support_level = dnssec\n"
        f"smtp_tls_policy_maps = inline:{{ {{ army.ml = {level} }} }}\n"
        f"smtp_tls_CAfile = {world.certificate}\n"))


def levels():
    for level, what, words, without in page_table("the sender's level"):
        level = re.match(r"`(.*)`", level)[1]
        yield pytest.param(level, what, words, without, id=level)


@pytest.mark.parametrize("level, what, words, without", levels())
def test_level__with_the_module(world, module_resolver, level, what, words, without):
    sender = sender_at(world, module_resolver, level)
    sender.send("carol@army.ml")
    check(sender.wait_outcomes(1)[0], what, words)
    sender.flush()
    assert not world.stranger.sessions
    sender.stop()


@pytest.mark.parametrize("level, what, words, without", levels())
def test_level__without_the_module(world, plain_resolver, level, what, words, without):
    sender = sender_at(world, plain_resolver, level)
    sender.send("carol@army.ml")
    check(sender.wait_outcomes(1)[0], without, "kept by stranger")
    assert world.stranger.mails[0].tls
    sender.stop()


def test_validating_forwarder__gets_no_leak(world, module_resolver):
    """SERVFAIL there; the mail waits."""
    forwarder = world.resolver(
        module=False, clauses=f'forward-zone:\n\tname: "."\n\tforward-addr: {module_resolver.address}\n')
    honest = forwarder.ask("army.mil", "MX", do=True)
    assert honest.rcode() == dns.rcode.NOERROR and honest.flags & dns.flags.AD
    assert forwarder.ask("army.ml", "MX").rcode() == dns.rcode.SERVFAIL
    sender = world.sender(forwarder)
    sender.send("carol@army.ml")
    check(sender.wait_outcomes(1)[0], "deferred 4.4.3", "")
    assert not world.stranger.sessions


def test_mta_sts__finds_no_policy_below_a_typo(module_resolver, plain_resolver):
    found = plain_resolver.ask("_mta-sts.army.ml", "TXT")
    assert found.answer
    hidden = module_resolver.ask("_mta-sts.army.ml", "TXT")
    assert hidden.rcode() == dns.rcode.NOERROR and not hidden.answer
