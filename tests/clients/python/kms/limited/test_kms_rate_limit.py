"""A server that takes one request a second of each caller, and what the SDK of KMS tells of it."""

import time

import pytest
from alibabacloud_tea_openapi.exceptions import ThrottlingException

NAME = {"SecretName": "hurry"}


@pytest.mark.parametrize(
    ("operation", "message"),
    [("DeleteSecret", "QPS Limit Exceeded"), ("CreateSecret", "The QPS upper limit is exceeded.")],
)
def test_a_caller_in_a_hurry_is_told_when_to_come_back(client_of, operation, message):
    hasty = client_of("dev")
    # Whoever called in another test is forgotten by then.
    time.sleep(1.1)
    with pytest.raises(ThrottlingException) as raised:
        for _ in range(10):
            # That there is no such secret, or no data for it, is told as well.
            with pytest.raises(hasty.error) as each:
                hasty.call(operation, NAME)
            if isinstance(each.value, ThrottlingException):
                raise each.value
    failure = hasty.failure(raised.value)
    assert (failure.code, failure.status, failure.message) == ("Rejected.Throttling", 429, message)
    assert 1 <= raised.value.retry_after <= 1001
