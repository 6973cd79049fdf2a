// KMS through whichever way of calling it is given: plays the scenarios of kms.json, which tells what they are made of.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClock } from "./callers.mjs";
import { kms } from "./expectations.mjs";

const requestId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function kmsScenarios(title, way) {
  describe(`${title}: KMS`, () => {
    const titles = kms.scenarios.map((scenario) => scenario.title);
    assert.deepStrictEqual(way.lacks.filter((lacking) => !titles.includes(lacking)), []);

    for (const scenario of kms.scenarios) {
      if (!way.lacks.includes(scenario.title) && (scenario.over ?? way.method) === way.method) {
        it(scenario.title, () => play(scenario, way));
      }
    }

    for (const { title: refusal, caller, clock_seconds: seconds = 0, refused } of kms.caller_refusals) {
      it(refusal, () =>
        withClock(seconds, () => assertRefused(connect(way, caller), "GetSecretValue", { SecretName: "unwelcome" }, refused)),
      );
    }
  });
}

const connect = (way, caller) => way.as(process.env.SAE_SERVER, caller);

let serial = 0;

async function play(scenario, way) {
  const known = { ...kms.texts, here: `t${++serial}` };
  for (const [index, step] of scenario.steps.entries()) {
    const { call: operation, as: caller = "dev", reply: expectation, absent = [], save = {}, refused } = step;
    const client = connect(way, caller);
    const parameters = filled(step.with, known);
    const where = `step ${index + 1}, ${operation}`;
    if (refused) {
      await assertRefused(client, operation, parameters, filled(refused, known), where);
      continue;
    }
    const reply = await client.call(operation, parameters);
    assert.match(reply.RequestId, requestId, where);
    // Some clients take a reply that holds these for an error.
    for (const name of ["Code", "Message", "Success", ...absent]) {
      assert.ok(!(name in reply), `${where}: ${name}`);
    }
    const wrong = mismatch(client.readable(operation, filled(expectation, known)), reply);
    assert.ok(wrong === undefined, `${where}: ${wrong}`);
    for (const [name, path] of Object.entries(save)) {
      known[name] = path.split(".").reduce((value, member) => value[member], reply);
    }
  }
}

// The template with what its `${…}` stand for, in names as well as in texts.
function filled(template, known) {
  if (typeof template === "string") {
    return template.replace(/\$\{([^}]*)\}/g, (_, name) => {
      assert.ok(name in known, name);
      return known[name];
    });
  }
  if (Array.isArray(template)) {
    return template.map((each) => filled(each, known));
  }
  if (typeof template === "object") {
    return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, filled(value, known)]));
  }
  return template;
}

async function assertRefused(client, operation, parameters, [code, template], where = "") {
  let thrown;
  try {
    await client.call(operation, parameters);
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown, `${where}: not refused`);
  const failure = client.failure(thrown);
  const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  assert.equal(failure.code, code, where);
  assert.equal(failure.status, kms.statuses[code], where);
  assert.match(failure.message, new RegExp(`^${template.split("%s").map(literal).join(".+")}$`, "s"), where);
  assert.match(failure.requestId, requestId, where);
  const { body } = failure;
  assert.equal(body.Code, code);
  assert.equal(body.Message, failure.message);
  assert.equal(body.RequestId, failure.requestId);
  assert.equal(body.HttpStatus, failure.status);
  assert.ok(body.HostId);
  assert.ok(body.Recommend);
}

// Where the value is not what the pattern asks for; undefined if nowhere.
function mismatch(pattern, value, path = "reply") {
  const shown = JSON.stringify(value);
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) {
      return `${path} is not a list of ${pattern.length}: ${shown}`;
    }
    const rest = [...value];
    for (const inner of pattern) {
      const found = rest.findIndex((each) => mismatch(inner, each) === undefined);
      if (found < 0) {
        return `${path} has none like ${JSON.stringify(inner)}: ${JSON.stringify(rest)}`;
      }
      rest.splice(found, 1);
    }
    return undefined;
  }
  if (typeof pattern === "object") {
    if ("$json" in pattern) {
      return typeof value === "string" ? mismatch(pattern.$json, JSON.parse(value), path) : `${path} is no text: ${shown}`;
    }
    if (typeof value !== "object") {
      return `${path} is no map: ${shown}`;
    }
    return Object.entries(pattern)
      .map(([name, inner]) =>
        name in value ? mismatch(inner, value[name], `${path}.${name}`) : `${path}.${name} is not there`,
      )
      .find((wrong) => wrong !== undefined);
  }
  const kind = typeof pattern === "string" && /^<(.+)>$/s.exec(pattern);
  const isRight = kind ? isOfKind(kind[1], value) : value === pattern;
  return isRight ? undefined : `${path} is not ${JSON.stringify(pattern)}: ${shown}`;
}

function isOfKind(kind, value) {
  if (kind === "number") {
    return Number.isSafeInteger(value);
  }
  if (typeof value !== "string" || value === "") {
    return false;
  }
  const [first, second] = kind.split(" ");
  if (first === "text") {
    return true;
  }
  if (first === "time") {
    const seconds = (Date.parse(value) - Date.now()) / 1000 - Number(second ?? 0);
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && Math.abs(seconds) < 120;
  }
  if (second === "characters") {
    return value.length === Number(first);
  }
  assert.equal(second, "bytes", `<${kind}> is nothing that a value can be`);
  return Buffer.from(value, "base64").length === Number(first);
}
