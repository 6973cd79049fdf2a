// One adapter a way of calling, made for a server and for one of the `callers` in expectations.json:
//   call(operation, parameters, headers)  sends them as that SDK's users do – SecretData is given as a plain map – with the
//                                         headers that such a user may add, and resolves to the reply's body;
//   failure(error)                        what a user can read from the error that it rejects with.
// Each way tells the kind of key that it signs with, `secret` or `rsa`, and its way of signing, `acs3` or `roa`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

import { expected, privateKeyOf } from "./expectations.mjs";

// The packages are installed in a cache folder that is not an ancestor of this file, where an import would look.
const require = createRequire(join(process.env.CLIENT_PACKAGES, "package.json"));

const SECRET = "/pop/v1/sam/secret/secret";
const NAMESPACE = "/pop/v1/paas/namespace";

// Neither package knows the product: their users write the routes themselves.
const routes = {
  CreateSecret: ["POST", SECRET],
  UpdateSecret: ["PUT", SECRET],
  DescribeSecret: ["GET", SECRET],
  DeleteSecret: ["DELETE", SECRET],
  ListSecrets: ["GET", "/pop/v1/sam/secret/secrets"],
  CreateNamespace: ["POST", NAMESPACE],
  UpdateNamespace: ["PUT", NAMESPACE],
  DescribeNamespace: ["GET", NAMESPACE],
  DeleteNamespace: ["DELETE", NAMESPACE],
  DescribeNamespaces: ["GET", "/pop/v1/paas/namespaces"],
  DescribeNamespaceList: ["GET", "/pop/v1/sam/namespace/describeNamespaceList"],
  DescribeNamespaceResources: ["GET", "/pop/v1/sam/namespace/describeNamespaceResources"],
  DescribeRegions: ["GET", "/pop/v1/paas/regionConfig"],
};

function readMessage(text, pattern) {
  const found = pattern.exec(text);
  assert.ok(found, text);
  return found.groups;
}

// The Tea core for Node, called as the generated TypeScript SDK calls it. `jsonBody` puts SecretData into the body, as the
// generation before did.
export function openapi({ jsonBody, signatureAlgorithm, key = "secret" }) {
  const signing = signatureAlgorithm === "v2" ? "roa" : "acs3";
  return { key, signing, as: (host, caller) => openapiAs(host, caller, { jsonBody, signatureAlgorithm, key }) };
}

function openapiAs(host, caller, { jsonBody, signatureAlgorithm, key }) {
  const { default: Client, Config, OpenApiRequest, Params } = require("@alicloud/openapi-client");
  const { default: OpenApiUtil } = require("@alicloud/openapi-util");
  const { RuntimeOptions } = require("@alicloud/tea-util");

  const keys = expected.callers[caller][key];
  const client = new Client(
    new Config({
      accessKeyId: keys.id,
      accessKeySecret: key === "rsa" ? privateKeyOf(keys.key) : keys.secret,
      securityToken: keys.token,
      endpoint: host,
      protocol: "http",
      regionId: expected.regions[0],
      signatureAlgorithm,
    }),
  );

  return {
    async call(operation, parameters, headers) {
      const [method, pathname] = routes[operation];
      const { SecretData: data, ...query } = parameters;
      let body;
      if (data !== undefined && jsonBody) {
        body = OpenApiUtil.parseToMap({ SecretData: JSON.stringify(data) });
      } else if (data !== undefined) {
        query.SecretData = OpenApiUtil.arrayToStringWithSpecifiedStyle(
          { SecretData: JSON.stringify(data) },
          "SecretData",
          "json",
        );
      }
      const reply = await client.callApi(
        new Params({
          action: operation,
          version: expected.version,
          protocol: "HTTP",
          pathname,
          method,
          authType: "AK",
          style: "ROA",
          reqBodyType: "json",
          bodyType: "json",
        }),
        new OpenApiRequest({ query: OpenApiUtil.query(query), body, headers }),
        new RuntimeOptions({}),
      );
      assert.equal(reply.statusCode, 200);
      return reply.body;
    },
    failure(error) {
      const text = readMessage(error.message, /code: (?<status>\d+), (?<message>.*) request id: (?<requestId>\S+)$/s);
      assert.equal(error.data.statusCode, Number(text.status));
      return {
        code: error.code,
        status: error.data.statusCode,
        message: text.message,
        requestId: text.requestId,
        body: error.data,
        accessDenied: error.accessDeniedDetail,
      };
    },
  };
}

// The ROA client that Serverless Devs is built on, used in its way: the bare map in the query, and an empty JSON object as
// the body of every request, GET and DELETE included.
export const popCore = { key: "secret", signing: "roa", as: popCoreAs };

function popCoreAs(host, caller) {
  const { ROAClient } = require("@alicloud/pop-core");
  const keys = expected.callers[caller].secret;
  const client = new ROAClient({
    endpoint: `http://${host}`,
    apiVersion: expected.version,
    accessKeyId: keys.id,
    accessKeySecret: keys.secret,
    securityToken: keys.token,
  });

  return {
    async call(operation, parameters, headers) {
      const query = { ...parameters };
      if (query.SecretData !== undefined) {
        query.SecretData = JSON.stringify(query.SecretData);
      }
      const reply = await client.request(...routes[operation], query, "{}", {
        "Content-Type": "application/json",
        ...headers,
      });
      // A string is what this client hands out, without an error, when the content type is not one that it knows.
      assert.equal(typeof reply, "object", "a reply that was not parsed");
      // Its JSON parser makes objects without a prototype, which deepStrictEqual tells from ordinary ones, and big numbers
      // into objects, which come out of here as strings and so still fail a test that wants a number.
      return JSON.parse(JSON.stringify(reply));
    },
    failure(error) {
      const text = readMessage(error.message, /^code: (?<status>\d+), (?<message>.*), requestid: (?<requestId>\S+)$/s);
      assert.equal(error.statusCode, Number(text.status));
      assert.equal(error.name, `${error.code}Error`);
      return {
        code: error.code,
        status: error.statusCode,
        message: text.message,
        requestId: text.requestId,
        body: error.result,
        accessDenied: error.result.AccessDeniedDetail,
      };
    },
  };
}
