/**
 * The runtimes that this release holds: a name, and what an isolate is made of for it. A version runs in the runtime that it
 * was built for; one to come is one more row here, and its parts in main.ts.
 */
import type { Library, CodedScript } from "./isolate.ts";

/** What code finds in an isolate. */
export interface Surface {
  /** Evaluated in every context before the code. */
  runtime: CodedScript;
  /** What is evaluated when it is first required. */
  library: Library;
}

/** By name: which of the parts that an executor carries. */
const surfaces: Readonly<Record<string, (parts: Surface) => Surface>> = {
  "2026.1": ({ runtime, library }) => ({ runtime, library }),
};

/** The newest: what isolates that wait for no version in particular are made for. */
export const defaultRuntime = "2026.1";

/** What hosts tell the control plane. */
export const runtimeNames: readonly string[] = Object.keys(surfaces);

/** What an isolate of a runtime is made of; throws for one that a host should have refused. */
export function surfaceOf(name: string, parts: Surface): Surface {
  const surface = surfaces[name];
  if (surface) return surface(parts);
  throw new Error(`there is no runtime ${JSON.stringify(name)} here`);
}
