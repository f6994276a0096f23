/** Fills `process`, the object that every module of Node's library was given before it was complete. */
import type { Exports, RealmParts } from "../../realm.ts";

export function createModule(parts: RealmParts): Exports {
  const { process, loadScript, runtime } = parts;
  const facts = loadScript("facts:node");
  const node: unknown = typeof facts === "function" ? facts() : {};
  const version = String(Reflect.get(Object(node), "version"));
  Object.assign(process, {
    title: "node",
    version: `v${version}`,
    versions: { node: version },
    release: { name: "node" },
    platform: "linux",
    arch: "x64",
    argv: ["/usr/local/bin/node", "/extension.js"],
    execArgv: [],
    execPath: "/usr/local/bin/node",
    pid: 1,
    ppid: 0,
    features: {},
    config: { variables: {}, target_defaults: {} },
    env: runtime.environment(),
    cwd: () => "/",
    exit: (code = 0) => runtime.exit(Number(code)),
    emitWarning: () => undefined,
    nextTick: (work: (...rest: unknown[]) => void, ...rest: unknown[]) =>
      runtime.soon(() => work(...rest)),
    binding: (name: string) => {
      throw new Error(`No such module: ${name}`);
    },
  });
  return {};
}
