# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the integration tests, and the way into namespaces of their own. See README.md."""

import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True  # a run leaves nothing in the source tree
sys.path.insert(0, str(Path(__file__).parent))

from harness import World, netns  # noqa: E402  pylint: disable=wrong-import-position

_skip_reason = None


def pytest_configure(config):
    global _skip_reason  # pylint: disable=global-statement
    if netns.inside():
        netns.set_up()
        return
    if config.option.collectonly:
        return
    _skip_reason = netns.why_not()
    if _skip_reason is None:
        capture = config.pluginmanager.getplugin("capturemanager")
        if capture:
            capture.stop_global_capturing()  # or the output would go to a file of this process
        netns.enter([sys.executable, "-m", "pytest", *config.invocation_params.args])


def pytest_collection_modifyitems(items):
    if _skip_reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=_skip_reason))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The default world, one for each test file."""
    with World(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def signed_world(tmp_path_factory):
    """The same with every zone signed, and the root's key as the resolvers' trust anchor."""
    with World(tmp_path_factory.mktemp("signed"), signed=True) as made:
        yield made


@pytest.fixture(scope="module")
def resolver(world):
    """Unbound with the module and the default policy."""
    return world.resolver()


@pytest.fixture(scope="module")
def plain_resolver(world):
    """Unbound without the module."""
    return world.resolver(module=False)


@pytest.fixture(autouse=True)
def _fresh_mailboxes(request):
    """Each test starts with empty mailboxes."""
    for name in ("world", "signed_world"):
        if name in request.fixturenames:
            request.getfixturevalue(name).clear_mail()
