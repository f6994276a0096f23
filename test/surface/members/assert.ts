import assert from "node:assert";
import type { Surface } from "../check.ts";
import { assertChecks } from "../assert-checks.ts";

export const surface: Surface = {
  module: "assert",
  checks: assertChecks(assert),
};
