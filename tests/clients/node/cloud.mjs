// What a scenario talks to: the server as one caller sees it through one SDK, with every reply held against the
// documented envelope.

import assert from "node:assert/strict";

import { assertGatewayRefused, assertRefused, assertSuccess } from "./expectations.mjs";

export function cloud(way, caller) {
  const adapter = way.as(process.env.SAE_SERVER, caller);

  async function failure(operation, parameters, headers) {
    let thrown;
    try {
      await adapter.call(operation, parameters, headers);
    } catch (error) {
      thrown = error;
    }
    assert.ok(thrown, `${operation} was not refused`);
    return adapter.failure(thrown);
  }

  return {
    async call(operation, parameters, headers = {}) {
      const body = await adapter.call(operation, parameters, headers);
      assertSuccess(operation, body);
      return body;
    },
    async refused(code, args, operation, parameters) {
      assertRefused(await failure(operation, parameters, {}), code, args);
    },
    // For what the gateway does not let through; resolves to what the SDK threw.
    async gatewayRefused(code, operation, parameters, headers = {}) {
      const thrown = await failure(operation, parameters, headers);
      assertGatewayRefused(thrown, code, way.signing);
      return thrown;
    },
  };
}
