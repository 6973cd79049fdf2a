import { popCore } from "./adapters.mjs";
import { scenarios } from "./scenarios.mjs";

scenarios("ROAClient", popCore(process.env.SAE_SERVER));
