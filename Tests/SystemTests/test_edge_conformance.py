"""Row E1: what RFC 9113 and RFC 7541 ask of a server, case by case, as h2spec's three sections ask it."""

from __future__ import annotations

import pytest

import edge_cases_generic
import edge_cases_hpack
import edge_cases_http2
from edge_gateway import TRANSPORTS

SECTIONS = {"generic": edge_cases_generic.CASES, "http2": edge_cases_http2.CASES, "hpack": edge_cases_hpack.CASES}
CASES = [pytest.param(case, id=f"{section} {case.section} {case.name}") for section, cases in SECTIONS.items() for case in cases]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("case", CASES)
def test_e01_conformance(edge, transport, case):
    with edge.gateway.connect(transport, first=case.first) as peer:
        case.run(peer)
