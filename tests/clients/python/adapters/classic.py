"""The classic SDK (`aliyunsdkcore`): its typed requests, and CommonRequest with three places for the parameters."""

import json
from functools import partial
from importlib import import_module

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from cloud import Failure
from expectations import CALLERS, EXPECTED, REGIONS


class Classic:
    error = ServerException
    namespace_identifiers = ["NamespaceId", "NameSpaceShortId"]
    key = "secret"
    signing = "roa"

    def __init__(self, server, caller, *, prepare):
        self.address, port = server.host.split(":")
        keys = CALLERS[caller][self.key]
        if "token" in keys:
            credentials = {"credential": StsTokenCredential(keys["id"], keys["secret"], keys["token"])}
        else:
            credentials = {"ak": keys["id"], "secret": keys["secret"]}
        # This core takes the port with the client; a port in the endpoint would end up in the host name.
        self.client = AcsClient(region_id=REGIONS[0], port=int(port), **credentials)
        self.prepare = prepare

    def call(self, operation, parameters, headers):
        request = self.prepare(self.address, operation, parameters)
        request.set_protocol_type("http")
        for name, value in headers.items():
            request.add_header(name, value)
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


def typed_class(operation):
    name = operation + "Request"
    return getattr(import_module("aliyunsdksae.request.v20190506." + name), name)


def nested(data):
    return json.dumps({"SecretData": json.dumps(data)})


def typed(address, operation, parameters):
    request = typed_class(operation)()
    request.set_endpoint(address)
    for name, value in parameters.items():
        getattr(request, "set_" + name)(nested(value) if name == "SecretData" else value)
    return request


def common(address, operation):
    # The typed class knows the route; taking it from there keeps a second copy of the routes out of the tests.
    route = typed_class(operation)()
    request = CommonRequest(
        domain=address, version=EXPECTED["version"], uri_pattern=route.get_uri_pattern(), product="sae"
    )
    request.set_method(route.get_method())
    return request


def common_query(address, operation, parameters):
    """Everything in the query, SecretData as the bare map, and the empty JSON body of the vendor's own samples."""
    request = common(address, operation)
    for name, value in parameters.items():
        request.add_query_param(name, json.dumps(value) if name == "SecretData" else value)
    request.add_header("Content-Type", "application/json")
    request.set_content(b"{}")
    return request


def common_json(address, operation, parameters):
    """SecretData in a JSON body, as the vendor's sample for UpdateSecret has it, and the rest in the query."""
    request = common(address, operation)
    for name, value in parameters.items():
        if name != "SecretData":
            request.add_query_param(name, value)
    if "SecretData" in parameters:
        request.set_content_type("application/json")
        request.set_content(json.dumps({"SecretData": json.dumps(parameters["SecretData"])}).encode("utf-8"))
    return request


def common_form(address, operation, parameters):
    """Everything in a form, for the methods that have one."""
    request = common(address, operation)
    add = request.add_body_params if request.get_method() in ("POST", "PUT") else request.add_query_param
    for name, value in parameters.items():
        add(name, json.dumps(value) if name == "SecretData" else value)
    return request


ADAPTERS = {
    "typed": partial(Classic, prepare=typed),
    "common-query": partial(Classic, prepare=common_query),
    "common-json": partial(Classic, prepare=common_json),
    "common-form": partial(Classic, prepare=common_form),
}
