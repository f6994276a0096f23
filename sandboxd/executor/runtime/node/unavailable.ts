/**
 * What an isolate cannot offer: its modules load, have every member that Node's have, constants with their values, and each
 * function and class throws an error that says so when it is used.
 */
import type { Exports, RealmParts } from "./realm.ts";

/** On every error of this kind. */
export const unavailableCode = "ERR_ANNEX_UNAVAILABLE";

export function refusal(name: string, reason: string): Error {
  const error = new Error(`${name} cannot be offered here: ${reason}`);
  Object.defineProperty(error, "code", {
    value: unavailableCode,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  return error;
}

/** A class of a binding that nobody can make an instance of. */
export function refusedClass(name: string, reason: string): unknown {
  return function () {
    throw refusal(name, reason);
  };
}

/** As the build found it in Node; natives.ts there. */
type Member =
  | { kind: "function"; length: number }
  | { kind: "class"; methods: string[]; statics: string[] }
  | { kind: "data"; value?: unknown }
  | { kind: "object"; members: Record<string, Member> };

/** All members of a module of Node's; `offered` are the ones that work. */
export function unavailableModule(
  { loadScript }: Pick<RealmParts, "loadScript">,
  id: string,
  reason: string,
  offered: Exports = {},
): Exports {
  const facts = loadScript(`facts:members:${id}`);
  const found: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build wrote it
  const members = found as Record<string, Member>;
  const exports = objectOf(members, id, reason);
  Object.defineProperties(exports, Object.getOwnPropertyDescriptors(offered));
  return exports;
}

function objectOf(
  members: Record<string, Member>,
  path: string,
  reason: string,
): Exports {
  const object: Exports = {};
  for (const [name, member] of Object.entries(members))
    object[name] = valueOf(member, name, `${path}.${name}`, reason);
  return object;
}

function valueOf(
  member: Member,
  name: string,
  path: string,
  reason: string,
): unknown {
  switch (member.kind) {
    case "data":
      return member.value;
    case "object":
      return objectOf(member.members, path, reason);
    case "function":
      return named(name, member.length, () => {
        throw refusal(path, reason);
      });
    case "class":
      return classOf(member, name, path, reason);
  }
}

function classOf(
  { methods, statics }: Extract<Member, { kind: "class" }>,
  name: string,
  path: string,
  reason: string,
): unknown {
  const refuse = (of: string) =>
    named(of, 0, () => {
      throw refusal(`${path}.${of}`, reason);
    });
  const made = named(name, 0, function () {
    throw refusal(path, reason);
  });
  for (const method of methods) define(made.prototype, method, refuse(method));
  for (const method of statics) define(made, method, refuse(method));
  return made;
}

function define(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, {
    value,
    writable: true,
    configurable: true,
  });
}

function named<Value extends object>(
  name: string,
  length: number,
  value: Value,
): Value {
  Object.defineProperty(value, "name", { value: name, configurable: true });
  Object.defineProperty(value, "length", { value: length, configurable: true });
  return value;
}
