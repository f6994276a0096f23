/**
 * Runs a first extension of our own through a new isolate, so that what V8 compiles at its first use, in the isolate and
 * around it, is compiled before a customer waits for it.
 */
import type { GuestIsolate } from "./isolate.ts";
import { GuestVersion, type VersionLimits } from "./version.ts";

const source = `module.exports = function (ctx, cb) {
  setTimeout(() => cb(null, [ctx.body, ctx.data]), 1000);
  cb(null, { data: ctx.data });
};`;

/** The time is for a machine that stalls. */
const maxMs = 10_000;

/** The isolate given, warmed; nothing of the rehearsal is left in it. */
export function rehearse(
  isolate: GuestIsolate,
  limits: VersionLimits,
): GuestIsolate {
  const version = new GuestVersion("rehearsal", {
    isolate,
    limits,
    reply: () => undefined,
  });
  const bundle = Buffer.from(source);
  version.load(
    {
      type: "load",
      id: 0,
      version: "rehearsal",
      bundleBytes: bundle.length,
      fileName: "rehearsal.js",
      container: "",
      secrets: { name: "value" },
      meta: {},
      timeoutMs: maxMs,
    },
    bundle,
  );
  version.invoke(
    {
      type: "invoke",
      id: 1,
      version: "rehearsal",
      invocationId: "rehearsal",
      contentType: "application/json",
      wallMs: maxMs,
      wallClock: "wall_time",
      syncMs: maxMs,
      cpuMs: maxMs,
    },
    Buffer.from('{"name":"value"}'),
  );
  return version.handOver();
}
