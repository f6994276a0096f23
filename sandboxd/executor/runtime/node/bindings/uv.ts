/** The error numbers of libuv by their names; the build found them as constants. */
import type { Exports, RealmParts } from "../realm.ts";

const prefix = "UV_";

export function createBinding({ loadScript }: RealmParts): Exports {
  const facts = numbersOf(loadScript("facts:uv"));
  const names = new Map<number, string>();
  for (const [name, number] of facts) names.set(number, name);
  const nameOf = (number: number) =>
    names.get(number) ?? `Unknown system error ${number}`;
  return {
    errname: nameOf,
    getErrorMessage: nameOf,
    getErrorMap: () =>
      new Map([...names].map(([number, name]) => [number, [name, name]])),
  };
}

function numbersOf(facts: unknown): [name: string, number: number][] {
  const all: unknown = typeof facts === "function" ? facts() : {};
  if (typeof all !== "object" || all === null) return [];
  return Object.entries(all).flatMap(([name, number]) =>
    name.startsWith(prefix) && typeof number === "number"
      ? [[name.slice(prefix.length), number] as [string, number]]
      : [],
  );
}
