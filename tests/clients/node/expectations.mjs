// The shared expectations, read from expectations.json, and how a reply or a refusal is held against them.

import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";

const folder = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, folder), "utf8");

export const expected = JSON.parse(read("expectations.json"));
export const kms = JSON.parse(read("kms.json"));
export const largeValue = expected.large_value.unit.repeat(expected.large_value.times);
export const certificate = read(expected.tls.certificate);
export const privateKey = read(expected.tls.key);

// The text of a private key as users hand it to the SDK: PKCS #8 in PEM, without the remark that stands before it in the
// file.
export const privateKeyOf = (path) =>
  createPrivateKey(read(path)).export({ type: "pkcs8", format: "pem" }).trim();

const requestId = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const traceId = /^[0-9a-f]{8}\d{13}\d{4}[a-z][0-9a-f]{4}$/;

export const base64 = (text) => Buffer.from(text, "utf8").toString("base64");

// The one key of a registry secret, with the value as kubectl writes it.
export const dockerConfig = (which = "docker_config") => ({
  ".dockerconfigjson": base64(JSON.stringify(expected[which])),
});

export function assertSuccess(operation, body) {
  assert.match(body.RequestId, requestId);
  assert.equal(body.Message, "success");
  if (operation === "DescribeRegions") {
    // The one operation whose documented Code is a number, and which has no Data, Success and TraceId.
    assert.strictEqual(body.Code, 200);
    return;
  }
  assert.strictEqual(body.Code, "200");
  assert.strictEqual(body.Success, true);
  assert.match(body.TraceId, traceId);
  assert.ok(!("ErrorCode" in body));
}

// Holds what an SDK threw against the error table. Without args a placeholder stands for any text.
export function assertRefused(failure, code, args) {
  const { status, message } = expected.errors[code];
  assertFailure(failure, code, status, message, args);
  const { body } = failure;
  assert.equal(body.ErrorCode, code);
  assert.strictEqual(body.Success, false);
  assert.match(body.TraceId, traceId);
}

// The same for what the gateway refuses: its replies have fewer members, and one message depends on the signature.
export function assertGatewayRefused(failure, code, signing) {
  const { status, message, [signing]: ofSigning } = expected.gateway_errors[code];
  assertFailure(failure, code, status, message ?? ofSigning);
  for (const name of ["ErrorCode", "Success", "TraceId"]) {
    assert.ok(!(name in failure.body), name);
  }
  assert.equal("AccessDeniedDetail" in failure.body, code === "NoPermission");
}

function assertFailure(failure, code, status, message, args) {
  assert.equal(failure.code, code);
  assert.equal(failure.status, status);
  const parts = message.split("%s");
  if (args) {
    assert.equal(parts.length - 1, args.length, `arguments of ${code}`);
    assert.equal(failure.message, parts.reduce((text, part, i) => text + args[i - 1] + part));
  } else {
    const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    assert.match(failure.message, new RegExp(`^${parts.map(literal).join(".+")}$`, "s"));
  }
  const { body } = failure;
  assert.equal(body.Code, code);
  assert.equal(body.Message, failure.message);
  assert.match(body.RequestId, requestId);
  assert.equal(body.RequestId, failure.requestId);
  assert.ok(body.HostId);
  assert.ok(body.Recommend);
  assert.ok(!("Data" in body));
}
