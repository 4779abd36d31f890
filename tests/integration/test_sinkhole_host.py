# SPDX-License-Identifier: BSD-3-Clause
"""The sinkhole host as tools/sinkhole-host sets it up: it refuses with the reason, whatever comes,
offers TLS, and takes no content."""

import smtplib
import ssl
import subprocess

import pytest

from harness import Policy
from harness.policy import SINKHOLE_A, SINKHOLE_AAAA
from harness.sinkhole_host import TOOL

POLICY = Policy()


@pytest.fixture(scope="module")
def host(world):
    return world.sinkhole_host(POLICY)


def refusal(smtp, recipient):
    smtp.ehlo_or_helo_if_needed()
    smtp.mail("alice@sender.example")
    code, text = smtp.rcpt(recipient)
    smtp.rset()
    return code, text.decode()


@pytest.mark.parametrize("recipient, words", [
    ("carol@army.ml", "did you mean army.mil?"),
    ("carol@mail.us.army.ml", "did you mean mail.us.army.mil?"),
    ("CAROL@ARMY.ML", "did you mean army.mil?"),
    ("carol@marines.ml", "did you mean marines.mil?"),  # evidence by DNS brought it here
    ("carol@mines.ml", "takes no mail"),  # allowed: nothing brings it here but a mistake
    ("carol@army.mil", "takes no mail"),
    ("carol@example.com", "takes no mail"),
    ('"a b"@army.ml', "did you mean army.mil?"),
    ("postmaster", "takes no mail"),  # which Postfix by itself never refuses
    ("PostMaster", "takes no mail"),
    ("postmaster@[192.0.2.25]", "takes no mail"),
    ("a@b@army.ml", ""),
    ("carol@" + "x" * 250 + ".ml", ""),
    ("carol@\\010.ml", ""),
])
def test_refuses__at_rcpt_with_the_reason(host, recipient, words):
    with smtplib.SMTP(SINKHOLE_A, 25, timeout=20) as smtp:
        code, text = refusal(smtp, recipient)
        assert 500 <= code < 600, (code, text)
        assert words in text
        assert smtp.docmd("DATA")[0] // 100 == 5  # no content without a recipient
    host.process.examine()


@pytest.mark.parametrize("address", [SINKHOLE_A, SINKHOLE_AAAA])
def test_starttls__is_offered_and_works(host, address):
    assert host.process.running()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(address, 25, timeout=20) as smtp:
        smtp.starttls(context=context)
        assert refusal(smtp, "carol@army.ml") == (
            550, "5.1.2 <carol@army.ml>: Recipient address rejected: "
                 "No mail was taken: did you mean army.mil?")


def test_probe__tells_what_a_sender_sees(host):
    assert host.process.running()
    done = subprocess.run([TOOL, "probe", SINKHOLE_A, "carol@navy.ml"], check=True,
                          capture_output=True, text=True)
    assert "did you mean navy.mil?" in done.stdout


def test_policy_change__is_taken_up_without_a_restart(host):
    with smtplib.SMTP(SINKHOLE_A, 25, timeout=20) as smtp:
        assert "takes no mail" in refusal(smtp, "carol@examplecom")[1]
        Policy(protect={"example.com": ["examplecom"]}).write(host.policy_path)
        assert "did you mean example.com?" in refusal(smtp, "carol@examplecom")[1]
        host.policy_path.write_text("nonsense", encoding="ascii")
        assert "did you mean example.com?" in refusal(smtp, "carol@examplecom")[1]
        POLICY.write(host.policy_path)
        assert "takes no mail" in refusal(smtp, "carol@examplecom")[1]


def test_setup__again_keeps_the_certificate(host):
    certificate = (host.folder / "etc" / "sinkhole.pem").read_bytes()
    host.stop()
    host.start()
    assert (host.folder / "etc" / "sinkhole.pem").read_bytes() == certificate


@pytest.mark.parametrize("arguments, words", [
    (["setup"], "needs a folder"),
    (["setup", "F"], "--hostname"),
    (["setup", "F", "--hostname", "a b"], "--listen"),
    (["setup", "F", "--hostname", "a b", "--listen", "192.0.2.25", "--policy", "P"],
     "not a host name"),
    (["setup", "F", "--hostname", "mx.example", "--listen", "192.0.2.25", "--policy", "/nosuch"],
     "no such file"),
    (["setup", "F", "--hostname", "mx.example", "--listen", "localhost", "--policy", "P"],
     "not an address"),
    (["setup", "F", "--hostname"], "needs a value"),
    (["setup", "F", "--nosuch", "1"], "no option"),
    (["setup", "F", "--hostname", "mx.example", "--listen", "192.0.2.25", "--policy", "BAD"],
     "does not load"),
    (["start", "/nosuch"], "not set up"),
    (["probe", "192.0.2.200", "a@example.com"], "nothing listens"),
])
def test_wrong_use__is_told(tmp_path, world, arguments, words):
    from harness import command_path
    good, bad = POLICY.write(tmp_path / "policy.zone"), tmp_path / "bad.zone"
    bad.write_text("nonsense\n", encoding="ascii")
    what = {"F": tmp_path / "folder", "P": good, "BAD": bad}
    if "--policy" in arguments:
        arguments = [*arguments, "--typosink", command_path()]
    done = subprocess.run([TOOL, *(what.get(word, word) for word in arguments)],
                          capture_output=True, text=True)
    assert done.returncode != 0 and words in done.stderr
    assert not (tmp_path / "folder" / "etc" / "main.cf").exists()


def test_probe__fails_where_a_mail_would_be_taken(world):
    done = subprocess.run([TOOL, "probe", "192.0.2.10", "carol@army.mil"],
                          capture_output=True, text=True)
    assert done.returncode != 0 and "STARTTLS" in done.stderr
    assert not world.legit.mails
