# SPDX-License-Identifier: BSD-3-Clause
"""harness: a small internet on loopback, for the tests of this folder.

README.md of this folder says how a test uses it. Everything runs inside namespaces that the test
run makes for itself (netns.py); nothing here touches the machine's own network or files.
"""

from .alerts import AlertFile, matches
from .dns import ask, make_query, rrs
from .policy import Policy
from .exim import Exim
from .fleet import Fleet
from .mta import Mta, Outcome
from .postfix import Postfix
from .process import Crash, Daemon, Housed, Process
from .recorder import Recorder
from .sinkhole_host import SinkholeHost
from .smtp import Mail, Mailbox
from .unbound import Unbound, command_path, missing, module_path, unbound_prefix
from .world import World, Zone

__all__ = [
    "Fleet",
    "AlertFile", "Crash", "Daemon", "Exim", "Housed", "Mail", "Mailbox", "Mta", "Outcome", "Policy",
    "Postfix", "Process", "Recorder", "SinkholeHost", "Unbound", "World", "Zone", "ask",
    "command_path", "make_query", "matches", "missing", "module_path", "rrs", "unbound_prefix",
]
