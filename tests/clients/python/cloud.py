"""What a scenario talks to: one SDK behind one `call`, with every reply held against the documented envelope."""

from dataclasses import dataclass

import pytest

from expectations import assert_refused, assert_success


@dataclass(frozen=True)
class Failure:
    """What an SDK exception tells its caller. `body` is the whole reply, for the SDKs that keep it."""

    code: str
    status: int
    message: str
    request_id: str
    body: dict | None


class Cloud:
    def __init__(self, adapter):
        self.adapter = adapter

    def call(self, operation, **parameters):
        """Runs an operation and returns its reply as a map with the wire's names."""
        body = self.adapter.call(operation, parameters)
        assert_success(operation, body)
        return body

    def refused(self, code, arguments, operation, **parameters):
        """Runs an operation that the SDK must raise for."""
        with pytest.raises(self.adapter.error) as raised:
            self.adapter.call(operation, parameters)
        assert_refused(self.adapter.failure(raised.value), code, arguments)

    def create(self, namespace, name, data, kind="Opaque"):
        reply = self.call("CreateSecret", NamespaceId=namespace, SecretName=name, SecretType=kind, SecretData=data)
        return reply["Data"]["SecretId"]

    def describe(self, namespace, secret_id):
        return self.call("DescribeSecret", NamespaceId=namespace, SecretId=secret_id)["Data"]

    def listed(self, namespace):
        return self.call("ListSecrets", NamespaceId=namespace)["Data"]["Secrets"]

    def delete(self, namespace, secret_id):
        return self.call("DeleteSecret", NamespaceId=namespace, SecretId=secret_id)
