# SPDX-License-Identifier: BSD-3-Clause
"""The proof: mail to a mistyped address ends at the sinkhole with the module, and at the stranger's
without it. The second half shows that the first one could fail."""

from collections import Counter

import pytest

from harness import matches

# What people type, and what each exercises.
TYPOS = {
    "army.ml": "bare domain",
    "us.army.ml": "subdomain with an MX of its own",
    "mail.us.army.ml": "host name, deeper",
    "no.such.unit.army.ml": "below a wildcard",
    "navy.ml": "no MX: the A record counts",
    "mail.navy.ml": "no MX, subdomain",
    "af.ml": "no MX, AAAA alone",
    "ARMY.mL": "any case",
    "marines.ml": "evidence by DNS: marines.mil exists",
}
HONEST = {
    "army.mil": "legit", "us.army.mil": "legit", "navy.mil": "legit", "marines.mil": "legit",
    "example.com": "legit",
    "mines.ml": "elsewhere",  # allowed
    "orange.ml": "elsewhere",  # no such name in .mil
}
MAILS_PER_NAME = 12


def mailing_list(names):
    return [f"user{number}@{name}" for number in range(MAILS_PER_NAME) for name in names]


def lower(addresses):
    """Addresses as a Counter, host part in lower case."""
    return Counter("@".join((local, domain.lower())) for local, domain in
                   (address.split("@") for address in addresses))


@pytest.fixture(scope="module")
def sender(world, resolver):
    return world.sender(resolver)


def test_with_the_module__all_typos_end_in_the_sinkhole(world, resolver, sender):
    mails = mailing_list(TYPOS)
    mark = sender.mark()
    sender.send(*mails)
    outcomes = sender.wait_outcomes(len(mails), since=mark)

    assert {outcome.status for outcome in outcomes} == {"sent"}, outcomes
    assert lower(world.sinkhole.recipients()) == lower(mails)
    assert not world.stranger.sessions
    for name in TYPOS:
        alerts = resolver.alerts.wait_count(1, name=name, type="MX", action="sinkhole")
        for alert in alerts:
            # On a loopback the sender's address is the one that it asks.
            assert alert["source"]["ip"] == resolver.address
            assert alert["typosink"]["counterpart"] == name.lower().removesuffix("ml") + "mil"
            assert alert["typosink"]["applied"] is True


def test_with_the_module__honest_mail_arrives_where_it_should(world, resolver, sender):
    mails = mailing_list(HONEST)
    mark = sender.mark()
    sender.send(*mails)
    outcomes = sender.wait_outcomes(len(mails), since=mark)

    assert {outcome.status for outcome in outcomes} == {"sent"}, outcomes
    for box in ("legit", "elsewhere"):
        wanted = [mail for mail in mails if HONEST[mail.split("@")[1]] == box]
        assert lower(world.mailboxes[box].recipients()) == lower(wanted)
    assert not world.stranger.sessions and not world.sinkhole.sessions
    for name in HONEST:
        assert not [event for event in resolver.alerts.events() if matches(event, name=name)]


def test_with_the_module__a_sender_that_asks_for_the_address_alone(world, resolver):
    """A transport map with [brackets] asks for no MX at all."""
    sender = world.sender(
        resolver, main="transport_maps = inline:{navy.ml=smtp:[navy.ml], "
                       "mail.army.ml=smtp:[mail.army.ml], af.ml=smtp:[af.ml]}\n")
    mails = ["a@navy.ml", "a@mail.army.ml", "a@af.ml"]
    sender.send(*mails)
    outcomes = sender.wait_outcomes(len(mails))
    assert {outcome.status for outcome in outcomes} == {"sent"}, outcomes
    assert world.sinkhole.recipients() == sorted(mails)
    assert not world.stranger.sessions
    for name in ("navy.ml", "mail.army.ml", "af.ml"):
        assert resolver.alerts.wait_count(1, name=name, type="A", action="sinkhole")


def test_with_the_module__an_alias_into_a_typo(world, resolver, sender):
    """The look-up is of an honest name; what it leads to is not."""
    mails = ["a@to-typo.example.com", "a@to-typo-twice.example.com", "a@army.d.example.com"]
    mark = sender.mark()
    sender.send(*mails)
    sender.wait_outcomes(len(mails), since=mark)
    assert len(world.sinkhole.wait_mails(len(mails))) == len(mails)
    assert not world.stranger.sessions


def test_without_the_module__typos_go_to_the_stranger(world, plain_resolver):
    mails = mailing_list([*TYPOS, *HONEST])
    sender = world.sender(plain_resolver)
    sender.send(*mails)
    outcomes = sender.wait_outcomes(len(mails))

    assert {outcome.status for outcome in outcomes} == {"sent"}, outcomes
    assert lower(world.stranger.recipients()) == lower(mailing_list(TYPOS))
    assert not world.sinkhole.sessions
    for box in ("legit", "elsewhere"):
        wanted = [mail for mail in mails if HONEST.get(mail.split("@")[1]) == box]
        assert lower(world.mailboxes[box].recipients()) == lower(wanted)
