/** What `process` says and does that is of Annex and not of Node: its environment, and its end. */
import type { Calls } from "./calls.ts";
import { dictionary, ErrorIntrinsic, objectKeys, parse } from "./intrinsics.ts";

/** The parameters of the version: its meta, and its secrets before those of the same name. */
export function environmentOf(
  meta: string,
  secrets: string,
): Record<string, string> {
  const environment = dictionary<string>();
  addTo(environment, meta);
  addTo(environment, secrets);
  return environment;
}

function addTo(environment: Record<string, string>, json: string): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it
  const values = parse(json) as Record<string, string>;
  const names = objectKeys(values);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    const value = name === undefined ? undefined : values[name];
    if (name !== undefined && value !== undefined) environment[name] = value;
  }
}

/** Ends the running call; what it does after that is nobody's. */
export function exitCall(calls: Calls, code: number): never {
  const words = `process.exit(${code}) ended the invocation before it answered`;
  calls.fail(calls.current(), "threw", words);
  throw new ErrorIntrinsic(words);
}
