import strict from "node:assert/strict";
import type { Surface } from "../check.ts";
import { assertChecks } from "../assert-checks.ts";

export const surface: Surface = {
  module: "assert/strict",
  // Its classes are those of assert, where their members count.
  checks: Object.fromEntries(
    Object.entries(assertChecks(strict)).filter(
      ([name]) => !name.includes("#"),
    ),
  ),
};
