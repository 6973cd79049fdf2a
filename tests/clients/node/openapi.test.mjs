import { openapi } from "./adapters.mjs";
import { callers } from "./callers.mjs";
import { kmsTyped } from "./kms-ways.mjs";
import { kmsScenarios } from "./kms.mjs";
import { scenarios } from "./scenarios.mjs";

const ways = {
  query: openapi({}),
  "JSON body": openapi({ jsonBody: true }),
  "SM3 signature": openapi({ signatureAlgorithm: "ACS3-HMAC-SM3" }),
  "RSA signature": openapi({ signatureAlgorithm: "ACS3-RSA-SHA256", key: "rsa" }),
  "ROA signature": openapi({ signatureAlgorithm: "v2" }),
};

for (const [title, way] of Object.entries(ways)) {
  scenarios(title, way);
  callers(title, way);
}

kmsScenarios("KMS SDK", kmsTyped);
