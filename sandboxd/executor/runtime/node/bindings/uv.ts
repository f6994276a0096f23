/** The errors of libuv by their numbers, with its words for them, as the build found them. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ loadScript }: RealmParts): Exports {
  const facts = loadScript("facts:uv_errors");
  const found: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- natives.ts wrote it
  const errors = found as Record<string, [number: number, words: string]>;
  const map = new Map<number, [name: string, words: string]>();
  for (const [name, [number, words]] of Object.entries(errors))
    map.set(number, [name, words]);
  return {
    errname: (number: number) => map.get(number)?.[0] ?? unknown(number),
    getErrorMessage: (number: number) =>
      map.get(number)?.[1] ?? unknown(number),
    getErrorMap: () => map,
  };
}

function unknown(number: number): string {
  return `Unknown system error ${number}`;
}
