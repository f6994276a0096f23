/** Node's command line, of which there is none: every option has its default. */
import type { Exports, RealmParts } from "../../realm.ts";

/** Those whose default is not "off". */
const defaults: Record<string, unknown> = {
  "--warnings": true,
  "--deprecation": true,
  // A name is connected to by the broker, which tries its addresses itself.
  "--network-family-autoselection": false,
  "--network-family-autoselection-attempt-timeout": 500,
  "--max-http-header-size": 16 * 1024,
  "--unhandled-rejections": "throw",
  "--stack-trace-limit": 10,
  "--experimental-global-navigator": true,
  "--experimental-websocket": true,
  "--experimental-fetch": true,
  "--localstorage-file": "",
  "--verify-base-objects": false,
  "--heapsnapshot-near-heap-limit": 0,
  "--disable-warning": [],
  "--require-module": true,
  "--conditions": [],
  "--icu-data-dir": "",
  "--secure-heap": 0,
  "--secure-heap-min": 2,
  "--async-context-frame": true,
};

export function createModule({
  internalBinding,
  loadScript,
}: RealmParts): Exports {
  const constants: unknown = internalBinding("constants")["crypto"];
  defaults["--tls-cipher-list"] = Reflect.get(
    Object(constants),
    "defaultCoreCipherList",
  );
  return {
    options: new Map(),
    aliases: new Map(),
    getOptionValue: (name: string) => defaults[name],
    getEmbedderOptions: () => ({ hasEmbedderPreload: false }),
    getAllowUnauthorized: () => false,
    refreshOptions: () => undefined,
    generateConfigJsonSchema: () => ({}),
    getCLIOptionsInfo: () => environmentFlags(loadScript, internalBinding),
    getOptionsAsFlagsFromBinding: () => [],
  };
}

/** As far as they may stand in NODE_OPTIONS; their aliases and negations are told as options of their own. */
function environmentFlags(
  loadScript: RealmParts["loadScript"],
  internalBinding: RealmParts["internalBinding"],
): Exports {
  const facts = loadScript("facts:environment_flags");
  const flags: unknown = typeof facts === "function" ? facts() : [];
  const { kAllowedInEnvvar } = Object(
    internalBinding("options")["envSettings"],
  );
  const options = new Map<unknown, object>();
  for (const flag of Array.isArray(flags) ? flags : [])
    options.set(flag, { envVarSettings: kAllowedInEnvvar });
  return { options, aliases: new Map() };
}
