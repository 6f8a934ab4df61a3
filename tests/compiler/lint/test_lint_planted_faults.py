"""Faults of published kinds, planted into the examples: each is found, or known not to be, and nothing else is said."""

from __future__ import annotations

import sys

import pytest

from tests.helpers.paths import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from planted_faults import KINDS, SOURCES, Fault, false_alarms, networks, outcomes

FAULTS = [fault for kind in KINDS for fault in kind.faults]

#: Faults for which there may be a rule one day: nobody says that they cannot be found.
OPEN: set[tuple[str, str]] = set()


def test_there_are_many_faults_of_many_kinds_in_many_networks() -> None:
    assert len(FAULTS) >= 100
    assert len(networks()) >= 25
    assert {letter for kind in KINDS for letter in kind.sources} == set(SOURCES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.network}: {fault.after.strip()[:40]}")
def test_a_fault_is_found_or_known_not_to_be(fault: Fault) -> None:
    one = outcomes()[FAULTS.index(fault)]
    if fault.unseen == "select":
        assert one.what in {"on selection", "otherwise"}
    elif not fault.unseen and (fault.network, fault.after) not in OPEN:
        assert one.what in {"found", "otherwise"}, one.codes


def test_what_cannot_be_found_is_not_found() -> None:
    """A reason why nothing is said would else stay behind where something is."""
    assert {one.fault.after for one in outcomes() if one.fault.unseen and one.what == "found"} == set()


def test_most_are_found_by_what_is_for_them() -> None:
    found = [one for one in outcomes() if one.what == "found"]
    assert len(found) >= 0.75 * len(outcomes())


def test_sound_networks_are_silent() -> None:
    assert false_alarms() == []
