"""Done-when 1: the data set that everybody can check, loaded through batch operations."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack import REPOSITORY

DATA = Path(os.environ.get("THROUGHLINE_MAVEN_CRM", REPOSITORY.parent / "shared" / "data" / "maven-crm"))
WON_VALUE_MINOR = 1_000_553_400


@pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there; THROUGHLINE_MAVEN_CRM says where it is")
def test_maven_crm_loads_with_its_totals(stack):
    done = stack.run_cli("demo", "load", str(DATA), timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    firm = stack.profile("maven")
    [total] = firm.get("/v1/pipeline").expect(200).json()["totals"]
    assert (total["currency"], total["count"], total["won_minor"]) == ("USD", 8_800, WON_VALUE_MINOR)
    assert len(firm.all("/v1/client-companies?limit=100")) == 85
    assert len(firm.all("/v1/members?limit=100")) == 35 + 1
