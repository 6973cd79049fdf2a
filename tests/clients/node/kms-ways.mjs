// The ways of calling KMS, each made for a server and for one of the `callers` in expectations.json:
//   call(operation, parameters)    sends them as that SDK's users do, and resolves to the reply;
//   failure(error)                 what a user can read from the error that it rejects with;
//   readable(operation, pattern)   what of an expected reply the SDK shows at all.
// Each tells the method that it calls by, and the titles of the scenarios that its SDK cannot play.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

import { expected, kms } from "./expectations.mjs";

const require = createRequire(join(process.env.CLIENT_PACKAGES, "package.json"));

// Sends these by their numbers; every other list is JSON in its parameter.
const numbered = ["ResourceId", "TagKey", "Tag"];

const text = (value) => (typeof value === "object" ? JSON.stringify(value) : value);

const firstLower = (name) => name[0].toLowerCase() + name.slice(1);

// The generated SDK, whose models end with what KMS could do in 2020.
export const kmsTyped = {
  method: "POST",
  lacks: [
    "a list that is filtered",
    "tags of resources",
    "tags of keys",
    "a managed secret",
    "the policy of a secret",
    "many values at once",
    "refusals of rotation",
    "instances",
  ],
  as(host, caller) {
    const sdk = require("@alicloud/kms20160120");
    const { Config } = require("@alicloud/rpc-client");
    const { RuntimeOptions } = require("@alicloud/tea-util");

    const keys = expected.callers[caller].secret;
    const client = new sdk.default(
      new Config({
        accessKeyId: keys.id,
        accessKeySecret: keys.secret,
        securityToken: keys.token,
        endpoint: host,
        protocol: "HTTP",
        regionId: kms.region,
      }),
    );

    return {
      async call(operation, parameters) {
        const request = new sdk[`${operation}Request`]({});
        const names = Object.values(request.constructor.names());
        for (const [name, value] of Object.entries(parameters)) {
          assert.ok(names.includes(name), `${operation} of this SDK has no ${name}`);
          // A map that it were given would become a parameter for each member.
          request[firstLower(name)] = text(value);
        }
        const reply = await client[`${firstLower(operation)}Ex`](request, new RuntimeOptions({}));
        return reply.toMap();
      },
      failure(error) {
        const found = /^(?<code>\S+): code: (?<status>\d+), (?<message>.*) requestid: (?<requestId>\S+)$/s.exec(error.message);
        assert.ok(found, error.message);
        assert.equal(error.code, found.groups.code);
        assert.equal(error.code, `${error.data.Code}Error`);
        return { ...found.groups, code: error.data.Code, status: Number(found.groups.status), body: error.data };
      },
      readable: (operation, pattern) => known(sdk[`${operation}Response`], pattern),
    };
  },
};

// What of a pattern a model has members for.
function known(model, pattern) {
  if (Array.isArray(pattern)) {
    return pattern.map((each) => known(model, each));
  }
  if (typeof model !== "function" || typeof pattern !== "object") {
    return pattern;
  }
  const types = model.types();
  const members = Object.entries(model.names()).filter(([, name]) => name in pattern);
  return Object.fromEntries(
    members.map(([member, name]) => [name, known(types[member].itemType ?? types[member], pattern[name])]),
  );
}

// The RPC client of the older core, whose users write the operations themselves.
export const kmsPopCore = (method) => ({
  method,
  lacks: [],
  as(host, caller) {
    const { RPCClient } = require("@alicloud/pop-core");
    const keys = expected.callers[caller].secret;
    const client = new RPCClient({
      endpoint: `http://${host}`,
      apiVersion: kms.version,
      accessKeyId: keys.id,
      accessKeySecret: keys.secret,
      securityToken: keys.token,
    });

    return {
      async call(operation, parameters) {
        const given = Object.entries(parameters).map(([name, value]) => [
          name,
          numbered.includes(name) ? value : text(value),
        ]);
        const reply = await client.request(operation, Object.fromEntries(given), { method });
        // Its JSON parser makes objects without a prototype.
        return JSON.parse(JSON.stringify(reply));
      },
      failure(error) {
        const ending = `, URL: ${error.url}`;
        assert.ok(error.message.endsWith(ending), error.message);
        assert.equal(error.name, `${error.code}Error`);
        return {
          code: error.code,
          status: error.entry.response.statusCode,
          message: error.message.slice(0, -ending.length),
          requestId: error.data.RequestId,
          body: error.data,
        };
      },
      readable: (_, pattern) => pattern,
    };
  },
});
