import { popCore } from "./adapters.mjs";
import { callers } from "./callers.mjs";
import { scenarios } from "./scenarios.mjs";

scenarios("ROAClient", popCore);
callers("ROAClient", popCore);
