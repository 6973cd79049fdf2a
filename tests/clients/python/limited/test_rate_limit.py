"""A server that takes one request a second of each caller, and what the newest SDK tells of it."""

import time

import pytest
from alibabacloud_tea_openapi.exceptions import ThrottlingException

from expectations import NAMESPACES, assert_gateway_refused

STANDING = NAMESPACES["standing"]


def test_a_caller_in_a_hurry_is_told_when_to_come_back(clouds):
    hasty = clouds("dev")
    # Whoever called in another test is forgotten by then.
    time.sleep(1.1)
    with pytest.raises(ThrottlingException) as raised:
        for _ in range(10):
            hasty.listed(STANDING)
    assert_gateway_refused(hasty.adapter.failure(raised.value), "Throttling.User", hasty.adapter.signing)
    wait = raised.value.retry_after
    assert type(wait) is int
    assert 1 <= wait <= 1001
    # Others are not held up by it.
    assert clouds("reader").listed(STANDING) == []
    time.sleep(wait / 1000)
    assert hasty.listed(STANDING) == []
