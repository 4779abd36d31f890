# SPDX-License-Identifier: BSD-3-Clause
"""The policy as a list of domains (rhsbl-zone): what is in it, for whom, and real mail servers that
refuse by it while the person is still writing."""


import dns.rcode
import pytest

from harness import Exim, Policy, Postfix, rrs
from test_module_leaks import Asked, Paused, in_force, wait_answered

ZONE = "rhsbl.example"
LIST = f"rhsbl-zone: {ZONE}\n"
DECLARED, DERIVED = "127.0.0.2", "127.0.0.3"
MIL = {"mil": ["ml"], "army.mil": [], "example.com": []}


def listed(resolver, domain, **how):
    """The address that the list has for a domain, or the rcode."""
    answer = resolver.ask(f"{domain}.{ZONE}", "A", **how)
    return " ".join(rr.split()[-1] for rr in rrs(answer)) or dns.rcode.to_text(answer.rcode())


@pytest.fixture(scope="module")
def keeper(world):
    return world.resolver(policy=Policy(MIL), conf=LIST)


@pytest.mark.parametrize("how", [{}, {"tcp": True}, {"do": True}, {"cd": True}, {"edns": False}])
@pytest.mark.parametrize("domain, expected", [
    ("army.ml", DECLARED), ("ArMy.mL", DECLARED), ("mail.us.army.ml", DECLARED),
    ("exampel.com", DERIVED), ("test", DECLARED), ("TEST", DECLARED),
    ("army.mil", "NXDOMAIN"), ("mines.ml", "NXDOMAIN"), ("invalid", "NXDOMAIN"),
    ("army.ml.invalid", "NXDOMAIN"), ("example.net", "NXDOMAIN"), ("com", "NXDOMAIN"),
    ("127.0.0.1", "NXDOMAIN")])
def test_list__who_is_in_it(keeper, domain, expected, how):
    for _ in range(2):
        assert listed(keeper, domain, **how) == expected


def test_list__words_types_and_apex(keeper):
    name = f"us.army.ml.{ZONE}"
    assert rrs(keeper.ask(name, "TXT")) == [f'{name}. TXT "did you mean us.army.mil?"']
    for rdtype in ("AAAA", "MX", "NS", "HTTPS"):
        answer = keeper.ask(name, rdtype)
        assert answer.rcode() == 0 and not answer.answer
        assert [rr.name.to_text() for rr in answer.authority] == [f"{ZONE}."]
    assert rrs(keeper.ask(ZONE, "NS")) == [f"{ZONE}. NS invalid."]
    soa, = rrs(keeper.ask(ZONE, "SOA"))
    assert soa.split()[4] == "2026112301"
    answer = keeper.ask(ZONE, "A")
    assert answer.rcode() == 0 and not answer.answer
    assert ZONE not in keeper.control("dump_cache")
    # Beside it nothing is ours.
    assert keeper.ask(f"x{ZONE}", "A").rcode() == dns.rcode.NXDOMAIN
    assert rrs(keeper.ask("army.mil", "MX")) == ["army.mil. MX 10 mx.army.mil."]


def test_list__an_alert_for_a_mail(world):
    """One for the address, however often it is asked for; none for the words that go with it, for
    what is not listed, and for the test entry."""
    resolver = world.resolver(policy=Policy(MIL), conf=LIST)
    for _ in range(3):
        for domain in ("army.ml", "mines.ml", "test", "army.mil"):
            for rdtype in ("A", "TXT", "AAAA"):
                resolver.ask(f"{domain}.{ZONE}", rdtype)
    resolver.stop()
    told = resolver.alerts.alerts()
    assert {(one["event"]["action"], one["typosink"]["rdata"], one["dns"]["question"]["name"],
             one["dns"]["question"]["type"]) for one in told} == {
                 ("rhsbl", "army.ml", f"army.ml.{ZONE}", "A")}
    assert sum(one["typosink"]["count"] for one in told) == 3
    assert told[0]["typosink"]["counterpart"] == "army.mil" and told[0]["typosink"]["suffix"] == "ml"
    assert "found army.ml in the list: did you mean army.mil?" in told[0]["message"]


@pytest.mark.parametrize("minimised", ["yes", "no"])
def test_list__behind_an_alias(world, minimised):
    """An alias of anybody's leads there: what servers say of its target is not what the list says."""
    world.zones["ml"].records += "to-list CNAME army.ml.list.example.com.\n"
    world.write_zone("ml")
    world.zones["example.com"].records += "list A 192.0.2.66\n"
    world.write_zone("example.com")
    for server in ("tld", "leaf"):
        world.servers[server].reload()
    resolver = world.resolver(policy=Policy(MIL), conf="rhsbl-zone: list.example.com\n",
                              unbound_conf=f"qname-minimisation: {minimised}\n")
    answer = resolver.ask("to-list.ml", "A")
    assert rrs(answer) == ["to-list.ml. CNAME army.ml.list.example.com."]
    assert "msg army.ml.list.example.com. IN A" not in resolver.control("dump_cache")
    assert rrs(resolver.ask("army.ml.list.example.com", "A")) == [f"army.ml.list.example.com. A {DECLARED}"]


@pytest.mark.parametrize("action", ["observe", "pass"])
def test_list__what_passes_is_not_in_it(world, action):
    resolver = world.resolver(policy=Policy(MIL, properties={"action": f'"{action}"'}), conf=LIST)
    assert listed(resolver, "army.ml") == "NXDOMAIN"
    in_force(resolver, Policy(MIL, serial=2))
    assert listed(resolver, "army.ml") == DECLARED


EXEMPT, ENFORCED = "198.51.100.7", "192.0.2.200"


@pytest.mark.parametrize("first", [EXEMPT, ENFORCED])
def test_list__for_this_client(world, first):
    policy = Policy({"mil": ["ml"]}, properties={"evidence": '"dns"'},
                    clients={"lab": (["198.51.100.0/24"], "pass")})
    resolver = world.resolver(policy=policy, conf=LIST)
    resolver.ask("mil", "NS")
    with Paused(world.servers["tld"]):  # they wait for one check of the counterpart
        asked = [(source, Asked(resolver, f"army.ml.{ZONE}", "A", source=source))
                 for source in (first, EXEMPT, ENFORCED)]
        for _ in range(200):
            if resolver.stats()["total.num.queries"] >= 4:
                break
    for source, one in asked:
        assert bool(one.result().answer) is (source == ENFORCED)
    for source in 2 * (EXEMPT, ENFORCED):
        assert listed(resolver, "army.ml", source=source) == (
            DECLARED if source == ENFORCED else "NXDOMAIN")


def test_list__the_check_decides_and_has_a_cap(world):
    policy = Policy({"mil": ["ml"]}, properties={"evidence": '"dns"'}, allow=())
    resolver = world.resolver(policy=policy, conf=LIST + "evidence-max: 2\n")
    assert listed(resolver, "marines.ml") == DECLARED  # marines.mil exists
    assert listed(resolver, "orange.ml") == "NXDOMAIN"
    resolver.ask("mil", "NS")
    with Paused(world.servers["tld"]):
        flood = [Asked(resolver, f"x{number}.ml.{ZONE}", "A") for number in range(20)]
        # Over the cap evidence-failure decides, at once: declared ones are listed.
        answered = wait_answered(flood, 18)
        assert len(answered) == 18
        assert all(DECLARED in str(rrs(one.answer)) for one in answered)
    for one in flood:
        one.result()


def test_list__no_decision_is_no_answer(world):
    policy = Policy({"mil": ["ml"]}, properties={"evidence": '"dns"'})
    resolver = world.resolver(policy=policy,
                              conf=LIST + "evidence-max: 0\nevidence-failure: defer\n")
    assert listed(resolver, "navy.ml") == "SERVFAIL"


def test_list__without_a_policy(world):
    resolver = world.resolver(policy=b"nonsense", conf=LIST + "without-policy: defer\n")
    assert listed(resolver, "army.ml") == "SERVFAIL"


@pytest.mark.parametrize("synthall", ["no", "yes"])
def test_list__behind_dns64(world, synthall):
    resolver = world.resolver(policy=Policy(MIL), conf=LIST,
                              modules="dns64 dynlib validator iterator",
                              unbound_conf=f"dns64-synthall: {synthall}\n")
    for _ in range(2):
        assert not resolver.ask(f"army.ml.{ZONE}", "AAAA").answer
        assert listed(resolver, "army.ml") == DECLARED


def test_list__what_was_cached_before_there_was_one(world):
    resolver = world.resolver(policy=Policy(MIL))
    assert listed(resolver, "army.ml") == "NXDOMAIN"
    conf = resolver.folder / "typosink.conf"
    conf.write_text(conf.read_text(encoding="utf-8") + LIST, encoding="utf-8")
    resolver.reload("reload_keep_cache")
    assert listed(resolver, "army.ml") == DECLARED


# --- mail servers

POSTFIX = f"""\
smtpd_recipient_restrictions = reject_rhsbl_recipient {ZONE}, permit_mynetworks, reject
default_rbl_reply = 550 5.1.2 <$recipient>: $rbl_reason
"""
EXIM = f"""\
  deny dnslists = {ZONE}/$domain
       message = 550 5.1.2 <$local_part@$domain>: $dnslist_text
"""


@pytest.mark.parametrize("mta, options", [(Postfix, {"main": POSTFIX}), (Exim, {"rcpt": EXIM})])
def test_mail__is_refused_while_the_person_is_writing(world, keeper, mta, options):
    sender = world.sender(keeper, mta, **options)
    with sender.connect() as smtp:
        smtp.ehlo()
        smtp.mail("alice@sender.example")
        for typo, meant in (("army.ml", "army.mil"), ("mail.us.army.ml", "mail.us.army.mil"),
                            ("exampel.com", "example.com")):
            code, words = smtp.rcpt(f"carol@{typo}")
            assert code == 550, words
            assert f"<carol@{typo}>: did you mean {meant}?" in words.decode(), words
        for name in ("army.mil", "mines.ml"):
            assert smtp.rcpt(f"carol@{name}")[0] == 250
        smtp.rset()
    keeper.alerts.wait_for(lambda events: [
        e for e in events if e["event"]["action"] == "rhsbl"
        and e["typosink"]["rdata"] == "mail.us.army.ml"])
    assert not world.stranger.sessions
