# SPDX-License-Identifier: BSD-3-Clause
"""A module in an Unbound that it was not built for refuses, in words; in its own it works."""

import pytest

from harness import module_path, rrs

OLD, NEW = "1.17.1", "1.26.2"
LEAN = "1.17.1-lean"  # the same version, built with fewer features: another memory layout


@pytest.mark.parametrize("module_for, loaded_by", [(OLD, NEW), (NEW, OLD), (OLD, LEAN)])
def test_abi__another_version_is_refused(world, module_for, loaded_by):
    resolver = world.resolver(version=loaded_by, module_file=module_path(module_for), wait=False)
    process = resolver.process
    code = process.wait_exit()
    assert process.grep(rf"typosink.*{module_for}"), process.tail()
    assert code == 1, f"ended with {code}:\n{process.tail()}"  # not by a signal
    process.examine()
    resolver.process = None


@pytest.mark.parametrize("version", [OLD, NEW])
def test_abi__its_own_version_works(world, version):
    resolver = world.resolver(version=version)
    assert rrs(resolver.ask("army.ml", "MX")) == ["army.ml. MX 10 mx.sinkhole.example."]
    assert rrs(resolver.ask("army.mil", "MX")) == ["army.mil. MX 10 mx.army.mil."]
    resolver.alerts.wait_count(1, name="army.ml", type="MX")
    resolver.reload()
    assert rrs(resolver.ask("us.army.ml", "MX")) == ["us.army.ml. MX 10 mx.sinkhole.example."]
    if version == NEW:
        resolver.reload("fast_reload")
        assert rrs(resolver.ask("navy.ml", "A", tcp=True)) == ["navy.ml. A 192.0.2.25"]
    resolver.stop()
