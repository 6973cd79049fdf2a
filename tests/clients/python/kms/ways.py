"""One adapter a way of calling KMS, made for a server and one of the `callers` in `expectations.json`:

* `call(operation, parameters)` sends them as that SDK's users do, and returns the reply as a map with the wire's names;
* `error`: the exception class its users catch, and `failure(exception)`: what they can read from it.

Each way tells the `method` that it calls by, the titles of scenarios that its SDK cannot play in `lacks`, and in
`compares_signed` whether it compares the string that the server signed with its own.
"""

import json
from importlib import import_module

from cloud import Failure
from expectations import CALLERS, REGIONS

# The parameters that are numbered; every other list is JSON in its parameter.
NUMBERED = ("ResourceId", "TagKey", "Tag")


def text(value):
    """A list or a map as the JSON text that it is sent as; anything else as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


class Tea:
    """The generated SDKs on top of the Tea core: 3.3 (core 0.4), 2.2 (core 0.3)."""

    method = "POST"
    compares_signed = False
    lacks = ()
    algorithm = None

    def __init__(self, server, caller):
        # Imported here because the other generations' virtual environments do not have it.
        from alibabacloud_kms20160120 import models
        from alibabacloud_kms20160120.client import Client

        from adapters.tea import ADAPTERS, MESSAGE, snake

        core = ADAPTERS[self.generation]["acs3"].keywords["core"]
        keys = CALLERS[caller]["secret"]
        self.client = Client(
            core.config(
                access_key_id=keys["id"],
                access_key_secret=keys["secret"],
                security_token=keys.get("token"),
                endpoint=server.host,
                protocol="https" if server.ca else "http",
                region_id=REGIONS[0],
                signature_algorithm=self.algorithm,
            )
        )
        self.runtime = core.runtime(ca=server.ca)
        self.error = core.error
        self.models, self.message, self.snake = models, MESSAGE, snake

    def call(self, operation, parameters):
        arguments = [self.runtime]
        if operation != "DescribeRegions":
            arguments.insert(0, self.request(operation, parameters))
        response = getattr(self.client, self.snake(operation) + "_with_options")(*arguments)
        assert response.status_code == 200
        return response.body.to_map()

    def request(self, operation, parameters):
        fields = {}
        for name, value in parameters.items():
            match name:
                case "Tag" | "SecretsList":
                    value = [self.model(f"{operation}Request{name}", each) for each in value]
                case "ExtendedConfig.CustomData":
                    name, value = "ExtendedConfig", self.model(f"{operation}RequestExtendedConfig", {"CustomData": value})
                # What the models have as maps and lists, too.
                case "ExtendedConfig" | "EncryptionContext" | "ResourceId" | "TagKey":
                    pass
                case _:
                    value = text(value)
            fields[name] = value
        return self.model(operation + "Request", fields)

    def model(self, name, fields):
        spelled = {"DKMSInstanceId": "dkmsinstance_id"}
        return getattr(self.models, name)(
            **{spelled.get(field) or self.snake(field): value for field, value in fields.items()}
        )

    def failure(self, exception):
        said = self.message.fullmatch(exception.message)
        assert said, exception.message
        status = exception.status_code if hasattr(exception, "status_code") else exception.statusCode
        assert int(said["status"]) == status
        return Failure(
            code=exception.code,
            status=status,
            message=said["message"],
            request_id=said["request_id"],
            body=exception.data,
            access_denied=None,
        )


class New(Tea):
    generation = "new"


class NewRpc(New):
    algorithm = "v2"


class Mid(Tea):
    generation = "mid"
    lacks = ("many values at once",)


class MidRpc(Mid):
    algorithm = "v2"


class Classic:
    """The classic SDK (`aliyunsdkcore`)."""

    method = "POST"
    lacks = ()

    def __init__(self, server, caller):
        from aliyunsdkcore.acs_exception.exceptions import ServerException
        from aliyunsdkcore.auth.credentials import StsTokenCredential
        from aliyunsdkcore.client import AcsClient

        self.error = ServerException
        self.server = server
        self.address, port = server.host.split(":")
        keys = CALLERS[caller]["secret"]
        if "token" in keys:
            credentials = {"credential": StsTokenCredential(keys["id"], keys["secret"], keys["token"])}
        else:
            credentials = {"ak": keys["id"], "secret": keys["secret"]}
        # This core takes the port with the client; a port in the endpoint would end up in the host name.
        self.client = AcsClient(region_id=REGIONS[0], port=int(port), verify=server.ca, **credentials)

    def call(self, operation, parameters):
        # The client adds its own region.
        request = self.request(operation, {name: value for name, value in parameters.items() if name != "RegionId"})
        request.set_method(self.method)
        request.set_protocol_type("https" if self.server.ca else "http")
        return json.loads(self.client.do_action_with_exception(request))

    def failure(self, exception):
        # This core keeps nothing of the reply but these four.
        return Failure(
            code=exception.error_code,
            status=exception.http_status,
            message=exception.message,
            request_id=exception.request_id,
            body=None,
            access_denied=None,
        )


class Typed(Classic):
    compares_signed = True
    lacks = ("many values at once",)

    def request(self, operation, parameters):
        name = operation + "Request"
        request = getattr(import_module("aliyunsdkkms.request.v20160120." + name), name)()
        request.set_endpoint(self.address)
        for name, value in parameters.items():
            if name in NUMBERED:
                getattr(request, f"set_{name}s")(value)
            else:
                getattr(request, "set_" + name.replace(".", ""))(text(value))
        return request


class TypedByGet(Typed):
    method = "GET"


class Common(Classic):
    # It looks for what was signed in the request that it was given, and signs another.
    compares_signed = False

    def request(self, operation, parameters):
        from aliyunsdkcore.request import CommonRequest

        from scenario import KMS

        request = CommonRequest(domain=self.address, version=KMS["version"], action_name=operation, product="kms")
        for name, value in flat(parameters):
            self.add(request, name, value)
        return request


class CommonByGet(Common):
    """The default of the vendor's own samples: everything in the query."""

    method = "GET"

    def add(self, request, name, value):
        request.add_query_param(name, value)


class CommonForm(Common):
    def add(self, request, name, value):
        request.add_body_params(name, value)


def flat(parameters):
    """The parameters as users write them who have no types: numbered ones by their numbers."""
    for name, value in parameters.items():
        if name not in NUMBERED:
            yield name, text(value)
            continue
        for number, each in enumerate(value, 1):
            if isinstance(each, dict):
                yield from ((f"{name}.{number}.{member}", inner) for member, inner in each.items())
            else:
                yield f"{name}.{number}", each


WAYS = {
    "new": {"acs3": New, "rpc": NewRpc},
    "mid": {"acs3": Mid, "rpc": MidRpc},
    "classic": {"typed": Typed, "typed-get": TypedByGet, "common-get": CommonByGet, "common-form": CommonForm},
    "caching": {"typed": Typed},
}
