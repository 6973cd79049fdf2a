// Who may call: what a program is told when its key, its clock or its rights are wrong.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";

import { cloud } from "./cloud.mjs";
import { expected } from "./expectations.mjs";

const listing = { NamespaceId: expected.namespaces.standing };
const secret = { ...listing, SecretName: "unwelcome", SecretType: "Opaque", SecretData: { k: "v" } };

// Runs the body with a clock that is wrong by so many seconds.
export async function withClock(seconds, body) {
  const { Date: rightful } = globalThis;
  globalThis.Date = class extends rightful {
    constructor(...values) {
      super(...(values.length > 0 ? values : [rightful.now() + seconds * 1000]));
    }

    static now() {
      return rightful.now() + seconds * 1000;
    }
  };
  try {
    return await body();
  } finally {
    globalThis.Date = rightful;
  }
}

export function callers(title, way) {
  const isKnown = ({ caller }) => way.key in expected.callers[caller];
  const listed = async (as) => (await as.call("ListSecrets", listing)).Data.Secrets;
  const dev = cloud(way, "dev");

  describe(`${title}: callers`, () => {
    const refusals = expected.caller_refusals.filter(isKnown);
    for (const { title: refusal, caller, clock_seconds: seconds = 0, code } of refusals) {
      it(refusal, async () => {
        await withClock(seconds, () => cloud(way, caller).gatewayRefused(code, "CreateSecret", secret));
        assert.deepStrictEqual(await listed(dev), []);
      });
    }

    for (const minutes of [-14, 14]) {
      it(`a clock that is almost right: ${minutes} minutes`, async () => {
        assert.deepStrictEqual(await withClock(minutes * 60, () => listed(dev)), []);
      });
    }

    it("a nonce counts once", async () => {
      const nonce = { "x-acs-signature-nonce": randomUUID() };
      // A signature that is not right must not use it up.
      await cloud(way, "forger").gatewayRefused("SignatureDoesNotMatch", "ListSecrets", listing, nonce);
      await dev.call("ListSecrets", listing, nonce);
      await dev.gatewayRefused("SignatureNonceUsed", "ListSecrets", listing, nonce);
      // Another key may happen to use the same one.
      await cloud(way, "reader").call("ListSecrets", listing, nonce);
    });

    for (const { caller, principal, principal_type: type, kind } of expected.denials.filter(isKnown)) {
      it(`denied actions: ${caller}`, async () => {
        const denied = cloud(way, caller);
        const { accessDenied } = await denied.gatewayRefused("NoPermission", "CreateSecret", secret);
        // Some of their parsers make objects without a prototype.
        assert.deepStrictEqual({ ...accessDenied }, {
          AuthAction: "sae:CreateSecret",
          AuthPrincipalDisplayName: principal,
          AuthPrincipalOwnerId: expected.account,
          AuthPrincipalType: type,
          NoPermissionType: kind,
          PolicyType: "AccountLevelIdentityBasedPolicy",
        });
        assert.deepStrictEqual(await listed(denied), []);
      });
    }
  });
}
