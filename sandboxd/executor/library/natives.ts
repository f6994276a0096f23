/**
 * Node's own library as the Node that builds has it inside: the sources of its modules, and the constants of the bindings
 * they stand on. So the surface is that of the pinned Node, and none of it lies in this repository.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Node's library and what it knows of itself. */
export interface Natives {
  /** Of Node, without its "v". */
  version: string;
  /** By module id, e.g. "internal/util/inspect". */
  sources: Record<string, string>;
  /** By the name of a binding: all of it that is plain data. */
  facts: Record<string, Record<string, unknown>>;
  /** `process.versions`. */
  versions: Record<string, string>;
  /** `process.release`. */
  release: Record<string, string>;
  /** What NODE_OPTIONS may hold. */
  flags: string[];
  /** The public modules, those that need their scheme with it. */
  builtins: string[];
  /** By the name of a public module: what kind of thing each of its members is, and those that are plain data. */
  members: Record<string, Record<string, MemberFact>>;
}

/** A member of a public module: data with its value, a class with the names of its methods. */
export type MemberFact =
  | { kind: "function"; length: number }
  | { kind: "class"; methods: string[]; statics: string[] }
  | { kind: "data"; value: unknown }
  | { kind: "object"; members: Record<string, MemberFact> };

/** Those of which the surface offers the names alone. */
const describedModules = [
  "child_process",
  "cluster",
  "dgram",
  "http2",
  "ffi",
  "inspector",
  "inspector/promises",
  "repl",
  "sea",
  "sqlite",
  "test",
  "test/reporters",
  "trace_events",
  "wasi",
  "worker_threads",
];

const maxOutputBytes = 256 * 1024 * 1024;

/** Runs in a Node that shows its insides. Functions, buffers and what has no JSON form are left out. */
const program = `
const { internalBinding } = require("internal/test/binding");
const natives = process.binding("natives");
const sources = {};
for (const id of Object.keys(natives))
  if (typeof natives[id] === "string") sources[id] = natives[id];
const names = new Set();
for (const text of Object.values(sources))
  for (const [, name] of text.matchAll(/internalBinding\\('([a-z0-9_]+)'\\)/g)) names.add(name);
const plain = (value, depth) => {
  if (value === null || ["string", "boolean"].includes(typeof value)) return value;
  // It has no form in JSON; scripts.ts writes it as what it is.
  if (value === Infinity) return "number:Infinity";
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "object" || depth > 5) return undefined;
  if (value instanceof Map)
    return { map: [...value].map(([key, item]) => [key, plain(item, depth + 1)]) };
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (ArrayBuffer.isView(value)) return undefined;
  const data = {};
  for (const key of Object.getOwnPropertyNames(value)) {
    const item = plain(value[key], depth + 1);
    if (item !== undefined) data[key] = item;
  }
  return data;
};
const facts = {};
for (const name of [...names].sort()) {
  // Whole texts of Node, or of this machine.
  if (["builtins", "icu", "credentials", "report", "process_methods"].includes(name)) continue;
  try { facts[name] = plain(internalBinding(name), 0) ?? {}; } catch { continue; }
}
// How many columns a character takes: the code points at which that changes, each with what it is from there on.
const { getStringWidth } = internalBinding("icu");
facts.icu = { widths: [] };
for (let point = 0, last; point <= 0x10ffff; point++) {
  const width = getStringWidth(String.fromCodePoint(point));
  if (width !== last) facts.icu.widths.push(point, width);
  last = width;
}
facts.uv_errors = {};
for (const [number, [name, words]] of internalBinding("uv").getErrorMap())
  facts.uv_errors[name] = [number, words];
facts.private_symbols = { names: Object.keys(internalBinding("util").privateSymbols) };
facts.util.privateSymbols = undefined;
const isClass = (value) =>
  typeof value === "function" && typeof value.prototype === "object" &&
  (/^class/.test(Function.prototype.toString.call(value)) ||
    Object.getOwnPropertyNames(value.prototype).length > 1 ||
    Object.getPrototypeOf(value.prototype) !== Object.prototype);
const describe = (value, depth) => {
  if (isClass(value)) return {
    kind: "class",
    methods: Object.getOwnPropertyNames(value.prototype).filter((name) => name !== "constructor"),
    statics: Object.getOwnPropertyNames(value).filter((name) =>
      !["length", "name", "prototype", "arguments", "caller"].includes(name) && typeof value[name] === "function"),
  };
  if (typeof value === "function") return { kind: "function", length: value.length };
  if (typeof value !== "object" || value === null || depth > 0) {
    const data = plain(value, 0);
    return data === undefined && value !== undefined ? undefined : { kind: "data", value: data };
  }
  const members = {};
  let isData = true;
  for (const name of Object.getOwnPropertyNames(value)) {
    let member;
    try { member = describe(value[name], depth + 1); } catch { continue; }
    if (!member) continue;
    if (member.kind !== "data") isData = false;
    members[name] = member;
  }
  return isData ? { kind: "data", value: plain(value, 0) } : { kind: "object", members };
};
const builtins = require("node:module").builtinModules.filter((id) => !id.startsWith("internal/"));
const members = {};
for (const name of ${JSON.stringify(describedModules)}) {
  const exported = require("node:" + name);
  const described = describe(exported, 0);
  members[name] = described.members ?? {};
  if (typeof exported === "function") for (const key of Object.keys(exported))
    if (exported[key] !== exported) members[name][key] = describe(exported[key], 1);
  if (described.kind === "data") for (const [key, value] of Object.entries(described.value))
    members[name][key] = { kind: "data", value };
}
process.stdout.write(JSON.stringify({ versions: process.versions, release: process.release, flags: [...process.allowedNodeEnvironmentFlags], builtins, members, version: process.versions.node, sources, facts }));
`;

/** Asks a child of the Node that runs this. */
export async function readNatives(): Promise<Natives> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-internals", "--no-warnings", "-e", program],
    { maxBuffer: maxOutputBytes, env: {} },
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program above wrote it
  return JSON.parse(stdout) as Natives;
}
