# SPDX-License-Identifier: BSD-3-Clause
"""What the module takes it gives back: Unbound under LeakSanitizer, reloaded a hundred times while it is
asked. What counts is a leak with the module in its stack: what Unbound itself loses is not ours."""

import re
import subprocess
import threading

import dns.exception
import pytest

from harness import Policy, rrs
from harness.unbound import module_path, sanitizers

LAB = {"lab": (["198.51.100.0/24"], "observe")}
OURS = re.compile(r"/(module|src/alert)/\w+\.c:|typosink\.so")  # with debugging symbols, and without

# Leaks are told at the end, by functions: so what was once mapped stays mapped. And one thing that is
# lost on purpose, at the module's first own call in init, to see that losses are seen.
KEPT = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
int dlclose(void *handle) { (void)handle; return 0; }
ssize_t getrandom(void *out, size_t size, unsigned flags)
{
	static void *volatile lost;
	if (getenv("LOSE")) lost = malloc(77);
	lost = NULL;
	return syscall(SYS_getrandom, out, size, flags);
}
"""


@pytest.fixture(scope="module")
def preload(world):
    """What goes into LD_PRELOAD: the library above, behind the sanitizer's."""
    folder = world.subfolder("kept")
    (folder / "kept.c").write_text(KEPT, encoding="ascii")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "kept.so", folder / "kept.c"], check=True)
    own = sanitizers(module_path())
    if "libtsan" in own:
        pytest.skip("LeakSanitizer and ThreadSanitizer cannot be in one process")
    if "libasan" in own:  # has it in it, and the harness preloads it
        return str(folder / "kept.so")
    lsan = subprocess.run(["gcc", "-print-file-name=liblsan.so"], check=True, capture_output=True, text=True).stdout
    return f"{lsan.strip()}:{folder / 'kept.so'}"


def start(world, preload, **env):
    """(resolver, the folder of what LeakSanitizer says). Stacks are walked with the unwinder: Unbound
    is built without frame pointers. What only a thread's own variables point to counts as lost (use_tls):
    nothing of ours does, and looking there crashes LeakSanitizer after many reloads."""
    reports = world.subfolder("leaks")
    options = f"use_tls=0:detect_leaks=1:exitcode=0:halt_on_error=1:fast_unwind_on_malloc=0:log_path={reports}/said"
    resolver = world.resolver(policy=Policy(clients=LAB), threads=2, conf="rdata-alerts: yes\nstatus-client: 127.0.0.0/8\n"
                              "rhsbl-zone: list.example\n",
                              env={"LD_PRELOAD": preload, "ASAN_OPTIONS": options, "LSAN_OPTIONS": options, **env})
    return resolver, reports


def leaks(resolver, reports):
    """Ends it; the stacks of what was lost, with the module in them."""
    resolver.stop()
    text = "".join(path.read_text("utf-8", "replace") for path in reports.glob("said.*"))
    assert not re.search("ERROR: AddressSanitizer", text), text
    assert "LeakSanitizer has encountered a fatal error" not in text, text
    return [block for block in text.split("\n\n") if "leak of" in block and OURS.search(block)]


def test_reloads__a_hundred_under_load_lose_nothing(world, preload):
    resolver, reports = start(world, preload)
    ended, answered = threading.Event(), []

    def load(source):
        turn = 0
        while not ended.is_set():
            turn += 1
            for rdtype, name in (("MX", f"n{turn}.army.ml"), ("A", "to-typo.example.com"), ("MX", f"x{turn}.marines.ml"),
                                 ("A", "army.ml.list.example"), ("MX", "marines.ml"), ("MX", f"x{turn}.example.com")):
                try:
                    answered.append(rrs(resolver.ask(name, rdtype, source=source, timeout=0.5)))
                except dns.exception.Timeout:  # it was about to serve again
                    pass

    # In pairs, so that clients that differ meet at one query.
    loads = [threading.Thread(target=load, args=(source,)) for source in ("198.51.100.7", "192.0.2.200") * 2]
    for one in loads:
        one.start()
    turn = 0
    while turn < 100 or (len(answered) <= 1000 and turn < 1000):  # a fast machine answers less between two
        if turn % 10 == 0:  # a policy is replaced as well
            resolver.write_policy(Policy(serial=2 + turn, clients=LAB))
        resolver.reload(("reload", "reload_keep_cache")[turn % 2])
        turn += 1
    ended.set()
    for one in loads:
        one.join()
    lost = leaks(resolver, reports)
    assert not lost, "\n\n".join(lost)
    assert len(answered) > 1000 and any(answered)


def test_leaks__are_seen(world, preload):
    """77 octets a life, lost on purpose in a call from the module, are in the report."""
    resolver, reports = start(world, preload, LOSE="1")
    for _ in range(2):
        resolver.reload()
    assert [block for block in leaks(resolver, reports) if "leak of 231 byte" in block and "in getrandom" in block]
