"""The generated SDKs on top of the Tea core: `new` (2.11), `mid` (2.10, older core), `old` (1.22, JSON bodies)."""

import asyncio
import json
import re
from functools import lru_cache, partial
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# These SDKs read the private key for each request, which takes longer than all else that the suites do. Before they are
# imported, since they take the function by its name.
serialization.load_pem_private_key = lru_cache(serialization.load_pem_private_key)

from alibabacloud_sae20190506 import models
from alibabacloud_sae20190506.client import Client

from cloud import Failure
from expectations import CALLERS, FOLDER, REGIONS

MESSAGE = re.compile(r"code: (?P<status>\d+), (?P<message>.*) request id: (?P<request_id>\S+)", re.DOTALL)


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Core(NamedTuple):
    """What the generations' cores name differently."""

    config: type
    runtime: type
    error: type
    identifiers: list[str]
    # The form in which this core wants the private key of an RSA pair: PKCS #8 or the older one.
    private_key: PrivateFormat


class Tea:
    def __init__(self, server, caller, *, core, key="secret", algorithm=None, asynchronous=False):
        keys = CALLERS[caller][key]
        settings = core.config(
            access_key_id=keys["id"],
            access_key_secret=private_key(keys["key"], core.private_key) if key == "rsa" else keys["secret"],
            security_token=keys.get("token"),
            endpoint=server.host,
            protocol="https" if server.ca else "http",
            region_id=REGIONS[0],
            signature_algorithm=algorithm,
        )
        self.client = Client(settings)
        self.runtime = core.runtime(ca=server.ca)
        self.error = core.error
        self.namespace_identifiers = core.identifiers
        self.key = key
        self.signing = "roa" if algorithm == "v2" else "acs3"
        self.asynchronous = asynchronous

    def call(self, operation, parameters, headers):
        arguments = [self.request(operation, parameters)] if operation != "DescribeRegions" else []
        arguments += [headers, self.runtime]
        method = snake(operation) + "_with_options"
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
            # The older cores spell this one, too, as their Java sibling does.
            access_denied=getattr(exception, "access_denied_detail", None)
            or getattr(exception, "accessDeniedDetail", None),
        )


def private_key(path, form):
    """The text of a private key as users hand it to the core: PEM, without the remark before it in the file."""
    key = serialization.load_pem_private_key((FOLDER / path).read_bytes(), password=None)
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii").strip()


def new():
    from alibabacloud_tea_openapi.exceptions import ClientException
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.runtime import RuntimeOptions

    return Core(Config, RuntimeOptions, ClientException, ["NamespaceId", "NameSpaceShortId"], PrivateFormat.PKCS8)


def earlier(identifiers):
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_tea_util.models import RuntimeOptions
    from Tea.exceptions import TeaException

    return Core(Config, RuntimeOptions, TeaException, identifiers, PrivateFormat.TraditionalOpenSSL)


def ways(core):
    build = partial(Tea, core=core)
    return {
        "acs3": build,
        "acs3-sm3": partial(build, algorithm="ACS3-HMAC-SM3"),
        "acs3-rsa": partial(build, algorithm="ACS3-RSA-SHA256", key="rsa"),
        "roa-sha1": partial(build, algorithm="v2"),
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
