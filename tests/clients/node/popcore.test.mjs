import { popCore } from "./adapters.mjs";
import { callers } from "./callers.mjs";
import { kmsPopCore } from "./kms-ways.mjs";
import { kmsScenarios } from "./kms.mjs";
import { scenarios } from "./scenarios.mjs";

scenarios("ROAClient", popCore);
callers("ROAClient", popCore);

kmsScenarios("RPCClient by POST", kmsPopCore("POST"));
kmsScenarios("RPCClient by GET", kmsPopCore("GET"));
