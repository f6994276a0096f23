/** How things may be named. */
import { AnnexError } from "../../proto/errors.ts";

const resourcePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const extensionPattern = /^[A-Za-z0-9][-A-Za-z0-9._~!$+=:@]{0,127}$/;
/** So much of a wrong name is repeated to the one who sent it. */
const maxQuotedCharacters = 64;

/** Throws `invalid` unless a container may be called so. */
export function checkContainerName(name: string): void {
  check("a container", name, resourcePattern, resourceRule);
}

/** Throws `invalid` unless an extensibility point may be called so. */
export function checkPointName(name: string): void {
  check("a point", name, resourcePattern, resourceRule);
}

/** Throws `invalid` unless a trust group may be called so. */
export function checkTrustGroupName(name: string): void {
  check("a trust group", name, resourcePattern, resourceRule);
}

/** Throws `invalid` unless an egress proxy may be called so. */
export function checkProxyName(name: string): void {
  check("an egress proxy", name, resourcePattern, resourceRule);
}

/** Throws `invalid` unless an extension may be called so. */
export function checkExtensionName(name: string): void {
  check("an extension", name, extensionPattern, extensionRule);
}

/** A name as messages show it: in quotes, cut where it is long. */
export function quote(name: string): string {
  if (name.length <= maxQuotedCharacters) return JSON.stringify(name);
  return `${JSON.stringify(name.slice(0, maxQuotedCharacters))}…`;
}

const resourceRule =
  "1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit";
const extensionRule =
  "1 to 128 of letters, digits and -._~!$+=:@, beginning with a letter or digit";

function check(
  what: string,
  name: string,
  pattern: RegExp,
  rule: string,
): void {
  if (pattern.test(name)) return;
  throw new AnnexError(
    "invalid",
    `${quote(name)} cannot name ${what}: a name is ${rule}`,
  );
}
