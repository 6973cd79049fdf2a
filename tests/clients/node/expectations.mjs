// The shared expectations, read from expectations.json, and how a reply or a refusal is held against them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const folder = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, folder), "utf8");

export const expected = JSON.parse(read("expectations.json"));
export const largeValue = expected.large_value.unit.repeat(expected.large_value.times);
export const certificate = read(expected.tls.certificate);
export const privateKey = read(expected.tls.key);

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
  assert.equal(body.ErrorCode, code);
  assert.strictEqual(body.Success, false);
  assert.equal(body.Message, failure.message);
  assert.match(body.RequestId, requestId);
  assert.equal(body.RequestId, failure.requestId);
  assert.match(body.TraceId, traceId);
  assert.ok(body.HostId);
  assert.ok(body.Recommend);
  assert.ok(!("Data" in body));
}
