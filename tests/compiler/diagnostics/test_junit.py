"""Diagnostics as JUnit XML: what Jenkins's xUnit plugin takes, a test for each file, well-formed whatever the input."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence

from dotnn.compiler.diagnostics import Diagnostic, Severity
from dotnn.compiler.diagnostics.junit import to_junit
from dotnn.compiler.source import Source
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.sample_diagnostics import ADDITION, MISSPELT, RENDERINGS, Sample

#: Of each element the attributes that it must have, those that it may have, and its children: `junit-10.xsd` of the
#: xUnit plugin of Jenkins, as far as it is used here.
FORM = {
    "testsuites": (set(), {"name", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, set(), {"testcase"}),
    "testcase": ({"name"}, {"classname"}, {"failure", "system-out"}),
    "failure": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def suite_of(found: Mapping[str, Sequence[Diagnostic]]) -> ElementTree.Element:
    text = to_junit(found)
    assert text.isascii()
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    _assert_form(root)
    (suite,) = root
    failed = len(suite.findall("testcase/failure"))
    for counted in (root, suite):
        assert (counted.get("tests"), counted.get("failures"), counted.get("errors")) == (
            str(len(found)),
            str(failed),
            "0",
        )
    return suite


def _assert_form(element: ElementTree.Element) -> None:
    required, optional, children = FORM[element.tag]
    assert required <= set(element.keys()) <= required | optional
    assert {child.tag for child in element} <= children
    for child in element:
        _assert_form(child)


def test_a_file_is_a_test_and_its_errors_are_one_failure() -> None:
    other = Sample(span=ADDITION.span, says="more is wrong")
    suite = suite_of({"net.nn": [ADDITION, MISSPELT, other], "fine.nn": [], "odd.nn": [MISSPELT]})
    net, fine, odd = suite
    assert [case.get("name") for case in suite] == ["net.nn", "fine.nn", "odd.nn"]
    assert {case.get("classname") for case in suite} == {"dotnn.check"}
    failure, output = net
    assert failure.get("type") == "E000"
    assert failure.get("message") == f"E000: {ADDITION.headline()} (2 errors in all)"
    assert "\n".join(failure.itertext()).count("error[E000]") == 2
    assert "net.nn:5:12\n   |\n 5 |     return main + x" in (failure.text or "")
    assert "warning[W000]" in (output.text or "")
    assert list(fine) == []
    assert [child.tag for child in odd] == ["system-out"]


def test_a_strict_warning_is_a_failure() -> None:
    ((case,),) = (suite_of({"net.nn": [MISSPELT.as_error()]}),)
    (failure,) = case
    assert failure.get("message") == f"W000: {MISSPELT.headline()}"
    assert MISSPELT.severity is Severity.WARNING


def test_what_has_no_place_is_told_as_well() -> None:
    ((case,),) = (suite_of({"w.npz": [RENDERINGS["no_place"]]}),)
    assert "save them again" in (case[0].text or "")


def test_what_xml_has_not_is_escaped() -> None:
    source = Source('<a&"b>\x07.nn', "x\x00\x1b]>\ufffe\n")
    one = Sample(span=source.span(0, 1), says="\x0b <&> ]]> \ud800 ü", hint="a\nb")
    ((case,),) = (suite_of({source.name: [one]}),)
    assert case.get("name") == '<a&"b>\\x07.nn'
    failure = case[0]
    assert failure.get("message") == "E000: \\x0b <&> ]]> \\ud800 ü"
    assert "\\ufffe" in (failure.text or "")


ANY_TEXT = st.text(st.characters(), max_size=12)


@given(name=ANY_TEXT, text=ANY_TEXT, says=ANY_TEXT)
def test_any_name_and_any_text_make_a_document(name: str, text: str, says: str) -> None:
    source = Source(name, text)
    one = Sample(span=source.span(0, len(text)), says=says, beside=says, hint=says, facts=(says,))
    suite_of({name: [one, Sample(says=says)], f"{name}.": []})
