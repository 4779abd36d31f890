# SPDX-License-Identifier: BSD-3-Clause
"""netns: puts the whole test run into namespaces of its own.

The run is executed again under `unshare -m -n -p -f`: its mounts, its network (a loopback and
nothing else) and its processes are private, and all of them end with it, whatever happens.
"""

import os
import subprocess
import sys

MARK = "TYPOSINK_IN_NAMESPACE"
UNSHARE = ["unshare", "-m", "-n", "-p", "-f", "--mount-proc", "--kill-child"]

# Every address of these is the loopback's: a server may listen on any of them, a client may ask
# from any of them. They are documentation prefixes, so a mistake never meets a real host.
LOCAL_V4 = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
LOCAL_V6 = ["2001:db8::/32"]


def inside():
    return os.environ.get(MARK) == "1"


def why_not():
    """Why namespaces cannot be made here, in words; None where they can."""
    if os.geteuid() != 0:
        return "needs root, to make private namespaces"
    try:
        probe = subprocess.run(UNSHARE + ["true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "needs unshare (package util-linux)"
    if probe.returncode != 0:
        return "may not make private namespaces: " + probe.stderr.strip()
    return None


def enter(argv):
    """Executes the run again inside; does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **{MARK: "1"})
    os.execvpe(UNSHARE[0], UNSHARE + argv, env)


def set_up():
    """Brings up the loopback of the new network."""
    with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w", encoding="ascii") as knob:
        knob.write("1")  # IPv6 wants it for binding to an address of a local route
    commands = ["link set lo up"]
    commands += [f"route add local {prefix} dev lo" for prefix in LOCAL_V4]
    commands += [f"-6 route add local {prefix} dev lo" for prefix in LOCAL_V6]
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)
