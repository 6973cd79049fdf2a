// The life of secrets and namespaces, and the refusals, through whichever way of calling it is given. The suites of the
// other languages run the same scenarios; the values and the errors stand in expectations.json for all.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";

import { cloud } from "./cloud.mjs";
import {
  base64,
  certificate,
  dockerConfig,
  expected,
  largeValue,
  privateKey,
} from "./expectations.mjs";

const { namespaces, regions, values } = expected;
const region = regions[0];
const opaque = "Opaque";
const docker = "kubernetes.io/dockerconfigjson";
const tls = "kubernetes.io/tls";
const minute = 60_000;

const lives = {
  opaque: [opaque, values, { other: "value", plain: "changed" }],
  docker: [docker, dockerConfig(), dockerConfig("docker_config_changed")],
  tls: [
    tls,
    { "tls.crt": certificate, "tls.key": privateKey },
    { "tls.crt": base64(certificate), "tls.key": base64(privateKey) },
  ],
};

function without(object, ...names) {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

// All tests of a suite share one server, so every test makes namespaces of its own.
let serial = 0;
const newNamespaceId = () => `${namespaces.default}:t${++serial}`;

export function scenarios(title, way) {
  const { call, refused } = cloud(way, "dev");

  const creation = (NamespaceId, SecretName, SecretData, SecretType = opaque) => ({
    NamespaceId,
    SecretName,
    SecretType,
    SecretData,
  });
  const create = async (...secret) => (await call("CreateSecret", creation(...secret))).Data.SecretId;
  const read = async (NamespaceId, SecretId) => (await call("DescribeSecret", { NamespaceId, SecretId })).Data;
  const list = async (NamespaceId) => (await call("ListSecrets", { NamespaceId })).Data.Secrets;
  const remove = (NamespaceId, SecretId) => call("DeleteSecret", { NamespaceId, SecretId });

  async function inNamespace(body) {
    const NamespaceId = newNamespaceId();
    await call("CreateNamespace", { NamespaceId, NamespaceName: "scratch", NamespaceDescription: "" });
    try {
      await body(NamespaceId);
    } finally {
      await call("DeleteNamespace", { NamespaceId });
    }
  }

  describe(`${title}: secrets`, () => {
    for (const [life, [type, first, second]] of Object.entries(lives)) {
      it(`create, update, describe, list, delete: ${life}`, () =>
        inNamespace(async (namespace) => {
          const name = `registry-auth_${life}`;
          const id = await create(namespace, name, first, type);
          assert.ok(Number.isSafeInteger(id) && id > 0, `SecretId ${id}`);

          const created = await read(namespace, id);
          const { CreateTime, UpdateTime } = created;
          assert.deepStrictEqual(without(created, "CreateTime", "UpdateTime"), {
            NamespaceId: namespace,
            SecretId: id,
            SecretName: name,
            SecretType: type,
            SecretData: first,
            RelateApps: [],
          });
          // Within a minute of our own clock only if the unit is milliseconds.
          assert.ok(Number.isSafeInteger(CreateTime) && Math.abs(CreateTime - Date.now()) < minute, `${CreateTime}`);
          assert.strictEqual(UpdateTime, CreateTime);

          // So that a moved UpdateTime shows even on a coarse clock.
          await sleep(5);
          const reply = await call("UpdateSecret", { NamespaceId: namespace, SecretId: id, SecretData: second });
          assert.deepStrictEqual(reply.Data, { SecretId: id });

          const updated = await read(namespace, id);
          assert.ok(Number.isSafeInteger(updated.UpdateTime) && updated.UpdateTime > UpdateTime);
          // An update replaces the whole map: no key of the first may be left.
          assert.deepStrictEqual(updated, { ...created, SecretData: second, UpdateTime: updated.UpdateTime });

          // A list shows all but the values.
          assert.deepStrictEqual(await list(namespace), [without(updated, "SecretData")]);

          assert.deepStrictEqual((await remove(namespace, id)).Data, { SecretId: id });
          assert.deepStrictEqual(await list(namespace), []);
          await refused("InvalidSecretId.NotFound", [`${id}`], "DescribeSecret", {
            NamespaceId: namespace,
            SecretId: id,
          });
        }));
    }

    for (const [key, value] of Object.entries(values)) {
      it(`a value comes back as it was sent: ${key}`, async () => {
        // A second key, for a map with the one key SecretData is by rule an envelope and not a secret.
        const data = { [key]: value, beside: "it" };
        const id = await create(namespaces.standing, "value", data);
        try {
          assert.deepStrictEqual((await read(namespaces.standing, id)).SecretData, data);
        } finally {
          await remove(namespaces.standing, id);
        }
      });
    }

    it("a value of 60 KiB", () =>
      inNamespace(async (namespace) => {
        assert.equal(largeValue.length, 60 * 1024);
        const id = await create(namespace, "large", { k: largeValue });
        assert.deepStrictEqual((await read(namespace, id)).SecretData, { k: largeValue });
        const changed = [...largeValue].reverse().join("");
        await call("UpdateSecret", { NamespaceId: namespace, SecretId: id, SecretData: { k: changed } });
        assert.deepStrictEqual((await read(namespace, id)).SecretData, { k: changed });
      }));

    it("a list is in the order of the ids", () =>
      inNamespace(async (namespace) => {
        const names = ["zeta", "alpha", "Mid_dle"];
        const ids = [];
        for (const name of names) {
          ids.push(await create(namespace, name, { k: "v" }));
        }
        assert.ok(ids[0] < ids[1] && ids[1] < ids[2], `${ids}`);
        const listed = await list(namespace);
        assert.deepStrictEqual(listed.map((secret) => secret.SecretId), ids);
        assert.deepStrictEqual(listed.map((secret) => secret.SecretName), names);
      }));

    it("a name is free after deletion and an id never is", () =>
      inNamespace(async (namespace) => {
        const first = await create(namespace, "again", { k: "v" });
        await remove(namespace, first);
        assert.ok((await create(namespace, "again", { k: "v" })) > first);
      }));

    it("a name is taken once in a namespace", () =>
      inNamespace(async (namespace) => {
        await create(namespace, "taken", { k: "v" });
        await refused(
          "SecretNameConflict.AlreadyExist",
          ["taken"],
          "CreateSecret",
          creation(namespace, "taken", { k: "v" }),
        );
        // Elsewhere it is free.
        await remove(namespaces.standing, await create(namespaces.standing, "taken", { k: "v" }));
      }));

    it("the default namespace holds secrets", async () => {
      const id = await create(namespaces.default, "in_default", { k: "v" });
      assert.equal((await read(namespaces.default, id)).NamespaceId, namespaces.default);
      assert.deepStrictEqual((await list(namespaces.default)).map((secret) => secret.SecretId), [id]);
      await remove(namespaces.default, id);
      assert.deepStrictEqual(await list(namespaces.default), []);
    });

    it("a secret is not found from another namespace", () =>
      inNamespace(async (namespace) => {
        const id = await create(namespace, "mine", { k: "v" });
        const elsewhere = { NamespaceId: namespaces.standing, SecretId: id };
        await refused("InvalidSecretId.NotFound", [`${id}`], "DescribeSecret", elsewhere);
        await refused("InvalidSecretId.NotFound", [`${id}`], "UpdateSecret", { ...elsewhere, SecretData: { k: "w" } });
        await refused("InvalidSecretId.NotFound", [`${id}`], "DeleteSecret", elsewhere);
        assert.deepStrictEqual((await read(namespace, id)).SecretData, { k: "v" });
      }));

    it("the quota of a namespace", async () => {
      // Emptied on both sides, so that a failure does not spread.
      const empty = async () => {
        for (const secret of await list(namespaces.tiny)) {
          await remove(namespaces.tiny, secret.SecretId);
        }
      };
      await empty();
      try {
        const only = await create(namespaces.tiny, "only", { k: "v" });
        const second = creation(namespaces.tiny, "second", { k: "v" });
        await refused("QuotaExceeded.SecretInNamespace", undefined, "CreateSecret", second);
        assert.deepStrictEqual((await list(namespaces.tiny)).map((secret) => secret.SecretId), [only]);
        await remove(namespaces.tiny, only);
        await call("CreateSecret", second);
      } finally {
        await empty();
      }
    });

    it("a docker config whose auth contradicts its password", () =>
      refused(
        "InvalidParameter.WithMessage",
        undefined,
        "CreateSecret",
        creation(namespaces.standing, "refused", dockerConfig("docker_config_contradicting"), docker),
      ));

    it("an update must keep the key that the type requires", () =>
      inNamespace(async (namespace) => {
        const id = await create(namespace, "registry", dockerConfig(), docker);
        await refused("InvalidSecretDataKey.NotFound", [".dockerconfigjson", "registry"], "UpdateSecret", {
          NamespaceId: namespace,
          SecretId: id,
          SecretData: { "config.json": "e30=" },
        });
        assert.deepStrictEqual((await read(namespace, id)).SecretData, dockerConfig());
      }));

    it("a certificate needs its private key", async () => {
      await refused(
        "InvalidSecretDataKey.NotFound",
        ["tls.key", "refused"],
        "CreateSecret",
        creation(namespaces.standing, "refused", { "tls.crt": certificate }, tls),
      );
      await refused(
        "InvalidParameter.WithMessage",
        undefined,
        "CreateSecret",
        creation(namespaces.standing, "refused", { "tls.crt": certificate, "tls.key": certificate }, tls),
      );
    });
  });

  describe(`${title}: refusals`, () => {
    for (const { title: refusal, operation, parameters, code, arguments: args } of expected.refusals) {
      it(refusal, async () => {
        const before = await list(namespaces.standing);
        await refused(code, args, operation, parameters);
        assert.deepStrictEqual(await list(namespaces.standing), before);
      });
    }
  });

  describe(`${title}: namespaces`, () => {
    const name = "名 n+a*m~e & 100%";
    const description = '說明 = "quoted" #1';

    for (const identifier of ["NamespaceId", "NameSpaceShortId"]) {
      it(`create, describe, update, delete by ${identifier}`, async () => {
        const id = newNamespaceId();
        const short = id.split(":")[1];
        const named = { [identifier]: identifier === "NamespaceId" ? id : short };
        const expect = (data, NamespaceName, NamespaceDescription) => {
          const { EnableMicroRegistration, ...rest } = data;
          assert.equal(typeof EnableMicroRegistration, "boolean");
          assert.deepStrictEqual(rest, {
            NamespaceId: id,
            NameSpaceShortId: short,
            NamespaceName,
            NamespaceDescription,
            RegionId: region,
          });
        };

        const first = { ...named, NamespaceName: name, NamespaceDescription: "" };
        expect((await call("CreateNamespace", first)).Data, name, "");
        expect((await call("DescribeNamespace", named)).Data, name, "");

        const second = { ...named, NamespaceName: "plain", NamespaceDescription: description };
        expect((await call("UpdateNamespace", second)).Data, "plain", description);
        expect((await call("DescribeNamespace", named)).Data, "plain", description);

        const resources = (await call("DescribeNamespaceResources", named)).Data;
        assert.equal(resources.NamespaceId, id);
        assert.equal(resources.NamespaceName, "plain");
        assert.equal(resources.Description, description);
        assert.equal(resources.BelongRegion, region);
        assert.strictEqual(resources.AppCount, 0);

        assert.ok(!("Data" in (await call("DeleteNamespace", named))));
        await refused("InvalidNamespaceId.NotFound", [], "DescribeNamespace", named);
      });
    }

    it("a namespace of the world", async () => {
      const { Data: data } = await call("DescribeNamespace", { NamespaceId: namespaces.standing });
      assert.equal(data.NamespaceId, namespaces.standing);
      assert.equal(data.NamespaceName, "test");
      assert.strictEqual(data.NamespaceDescription, "");
    });

    it("deletion takes the secrets along", async () => {
      const NamespaceId = newNamespaceId();
      const again = { NamespaceId, NamespaceName: "short-lived", NamespaceDescription: "" };
      await call("CreateNamespace", again);
      const id = await create(NamespaceId, "inside", { k: "v" });
      await call("DeleteNamespace", { NamespaceId });
      await refused("InvalidNamespaceId.NotFound", [], "ListSecrets", { NamespaceId });

      // And a namespace that is made anew under the same id does not bring them back.
      await call("CreateNamespace", again);
      assert.deepStrictEqual(await list(NamespaceId), []);
      await refused("InvalidSecretId.NotFound", [`${id}`], "DescribeSecret", { NamespaceId, SecretId: id });
      await call("DeleteNamespace", { NamespaceId });
    });

    it("pages of namespaces", () =>
      inNamespace(async (namespace) => {
        const size = 2;
        const found = [];
        let total;
        for (let page = 1; total === undefined || (page - 1) * size < total; page += 1) {
          const { Data: data } = await call("DescribeNamespaces", { CurrentPage: page, PageSize: size });
          assert.strictEqual(data.CurrentPage, page);
          assert.strictEqual(data.PageSize, size);
          assert.ok(Number.isSafeInteger(data.TotalSize));
          assert.strictEqual(data.TotalSize, total ?? data.TotalSize);
          total = data.TotalSize;
          assert.equal(data.Namespaces.length, Math.min(size, total - found.length));
          found.push(...data.Namespaces);
        }
        const ids = found.map((entry) => entry.NamespaceId);
        assert.equal(new Set(ids).size, total);
        for (const id of [namespaces.standing, namespaces.tiny, namespace]) {
          assert.ok(ids.includes(id), id);
        }
        const entry = found[ids.indexOf(namespace)];
        assert.equal(entry.NamespaceName, "scratch");
        assert.strictEqual(entry.NamespaceDescription, "");
        assert.equal(entry.RegionId, region);
      }));

    it("the list starts with the default namespace", () =>
      inNamespace(async (namespace) => {
        // Serverless Devs asks without parameters and takes the first entry.
        const { Data: bare } = await call("DescribeNamespaceList", {});
        assert.equal(bare[0].NamespaceId, namespaces.default);
        assert.equal(bare[0].RegionId, region);

        const all = { ContainCustom: true, HybridCloudExclude: true };
        const { Data: complete } = await call("DescribeNamespaceList", all);
        assert.equal(complete[0].NamespaceId, namespaces.default);
        const names = Object.fromEntries(complete.map((entry) => [entry.NamespaceId, entry.NamespaceName]));
        assert.equal(names[namespaces.standing], "test");
        assert.equal(names[namespace], "scratch");
      }));

    it("regions", async () => {
      const { Regions: served } = await call("DescribeRegions", {});
      assert.deepStrictEqual(served.Region.map((entry) => entry.RegionId).sort(), regions);
      for (const entry of served.Region) {
        assert.ok(entry.LocalName);
        assert.ok(entry.RegionEndpoint);
        assert.deepStrictEqual(entry.RecommendZones, { RecommendZone: [] });
      }
    });
  });
}
