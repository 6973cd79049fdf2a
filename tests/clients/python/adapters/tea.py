"""The generated SDKs on top of the Tea core: `new` (2.11), `mid` (2.10, older core), `old` (1.22, JSON bodies)."""

import asyncio
import json
import re
from functools import partial

from alibabacloud_sae20190506 import models
from alibabacloud_sae20190506.client import Client

from cloud import Failure
from expectations import EXPECTED, REGIONS

MESSAGE = re.compile(r"code: (?P<status>\d+), (?P<message>.*) request id: (?P<request_id>\S+)", re.DOTALL)


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Tea:
    def __init__(self, host, *, config, error, identifiers, signature_algorithm=None, asynchronous=False):
        settings = config(
            access_key_id=EXPECTED["credentials"]["id"],
            access_key_secret=EXPECTED["credentials"]["secret"],
            endpoint=host,
            protocol="http",
            region_id=REGIONS[0],
        )
        if signature_algorithm:
            settings.signature_algorithm = signature_algorithm
        self.client = Client(settings)
        self.error = error
        self.namespace_identifiers = identifiers
        self.asynchronous = asynchronous

    def call(self, operation, parameters):
        arguments = [self.request(operation, parameters)] if operation != "DescribeRegions" else []
        method = snake(operation)
        if self.asynchronous:
            response = asyncio.run(getattr(self.client, method + "_async")(*arguments))
        else:
            response = getattr(self.client, method)(*arguments)
        assert response.status_code == 200
        # The map is read back out of the typed model: a member that the model does not know, or that arrives where the
        # model does not look for it, is lost here exactly as it is for the SDK's user.
        return response.body.to_map()

    def request(self, operation, parameters):
        fields = {snake(name): value for name, value in parameters.items()}
        if "secret_data" in fields:
            text = json.dumps(fields["secret_data"], ensure_ascii=False)
            wrapper = getattr(models, operation + "RequestSecretData", None)
            fields["secret_data"] = wrapper(secret_data=text) if wrapper else text
        return getattr(models, operation + "Request")(**fields)

    def failure(self, exception):
        text = MESSAGE.fullmatch(exception.message)
        assert text, exception.message
        # The older cores spell the status as their Java sibling does.
        status = exception.status_code if hasattr(exception, "status_code") else exception.statusCode
        assert int(text["status"]) == status
        return Failure(
            code=exception.code,
            status=status,
            message=text["message"],
            request_id=text["request_id"],
            body=exception.data,
        )


def new():
    from alibabacloud_tea_openapi.exceptions import ClientException
    from alibabacloud_tea_openapi.utils_models import Config

    return partial(Tea, config=Config, error=ClientException, identifiers=["NamespaceId", "NameSpaceShortId"])


def earlier(identifiers):
    from alibabacloud_tea_openapi.models import Config
    from Tea.exceptions import TeaException

    return partial(Tea, config=Config, error=TeaException, identifiers=identifiers)


def ways(build):
    return {
        "acs3": build,
        "roa-sha1": partial(build, signature_algorithm="v2"),
        "async": partial(build, asynchronous=True),
    }


class Generations(dict):
    """Builds a generation's adapters on first use: their imports exist only in its own virtual environment."""

    BUILDERS = {
        "new": new,
        "mid": partial(earlier, ["NamespaceId", "NameSpaceShortId"]),
        "old": partial(earlier, ["NamespaceId"]),
    }

    def __missing__(self, generation):
        return ways(self.BUILDERS[generation]())


ADAPTERS = Generations()
