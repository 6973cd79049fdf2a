"""What a scenario talks to: one SDK behind one `call`, with every reply held against the documented envelope."""

from dataclasses import dataclass

import pytest

from expectations import assert_gateway_refused, assert_refused, assert_success


@dataclass(frozen=True)
class Failure:
    """What an SDK exception tells its caller. `body` is the whole reply, for the SDKs that keep it."""

    code: str
    status: int
    message: str
    request_id: str
    body: dict | None
    access_denied: dict | None


@dataclass(frozen=True)
class Server:
    """Where the server listens; `ca` is the file with the certificate to trust, where it speaks TLS."""

    host: str
    ca: str | None


class Cloud:
    def __init__(self, adapter):
        self.adapter = adapter

    def call(self, operation, headers=None, **parameters):
        """Runs an operation and returns its reply as a map with the wire's names."""
        body = self.adapter.call(operation, parameters, headers or {})
        assert_success(operation, body)
        return body

    def refused(self, code, arguments, operation, **parameters):
        """Runs an operation that the SDK must raise for."""
        assert_refused(self.failure(operation, parameters, {}), code, arguments)

    def gateway_refused(self, code, operation, headers=None, **parameters):
        """Runs an operation that the gateway does not let through; returns what the SDK raised."""
        failure = self.failure(operation, parameters, headers or {})
        assert_gateway_refused(failure, code, self.adapter.signing)
        return failure

    def failure(self, operation, parameters, headers):
        with pytest.raises(self.adapter.error) as raised:
            self.adapter.call(operation, parameters, headers)
        return self.adapter.failure(raised.value)

    def create(self, namespace, name, data, kind="Opaque"):
        reply = self.call("CreateSecret", NamespaceId=namespace, SecretName=name, SecretType=kind, SecretData=data)
        return reply["Data"]["SecretId"]

    def describe(self, namespace, secret_id):
        return self.call("DescribeSecret", NamespaceId=namespace, SecretId=secret_id)["Data"]

    def listed(self, namespace):
        return self.call("ListSecrets", NamespaceId=namespace)["Data"]["Secrets"]

    def delete(self, namespace, secret_id):
        return self.call("DeleteSecret", NamespaceId=namespace, SecretId=secret_id)
