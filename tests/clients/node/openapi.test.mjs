import { openapi } from "./adapters.mjs";
import { scenarios } from "./scenarios.mjs";

const host = process.env.SAE_SERVER;

scenarios("query", openapi(host, {}));
scenarios("JSON body", openapi(host, { jsonBody: true }));
scenarios("ROA signature", openapi(host, { signatureAlgorithm: "v2" }));
