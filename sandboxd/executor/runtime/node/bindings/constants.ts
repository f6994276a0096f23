/** Node's constants as its own binding has them: nobody changes one for all who come after. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ loadScript }: RealmParts): Exports {
  const facts = loadScript("facts:constants");
  const groups: unknown = typeof facts === "function" ? facts() : {};
  const made: Exports = {};
  for (const [name, group] of Object.entries(Object(groups)))
    made[name] = name === "os" ? listOfGroups(group) : constantsOf(group);
  // The one that has no form in JSON.
  Object.defineProperty(made["zlib"], "Z_MAX_CHUNK", {
    value: Infinity,
    enumerable: true,
  });
  return made;
}

/** Errors, signals and the like stand in groups of their own. */
function listOfGroups(groups: unknown): object {
  const made = Object.create(null);
  for (const [name, value] of Object.entries(Object(groups)))
    if (typeof value === "object") made[name] = constantsOf(value);
    else define(made, name, value);
  return made;
}

/** Node's library adds some of its own, so it is not frozen. */
function constantsOf(values: unknown): object {
  const made = Object.create(null);
  for (const [name, value] of Object.entries(Object(values)))
    define(made, name, value);
  return made;
}

function define(constants: object, name: string, value: unknown): void {
  Object.defineProperty(constants, name, { value, enumerable: true });
}
