import constants from "node:constants";
import { nodeConstants } from "../constant-names.ts";
import { valuesOf, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "constants",
  checks: {
    ...valuesOf(constants, nodeConstants),
    // Node puts it there when tls is first loaded.
    defaultCipherList: () => {
      process.getBuiltinModule("node:tls");
      return Reflect.get(constants, "defaultCipherList");
    },
  },
};
