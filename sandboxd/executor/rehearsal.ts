/**
 * Runs a first extension of our own through a new isolate, so that what V8 compiles at its first use, in the isolate and
 * around it, is compiled before a customer waits for it.
 */
import { hostClockMs } from "../host-clock.ts";
import type { EgressHead, InvokeRequest } from "../protocol.ts";
import type { GuestIsolate } from "./isolate.ts";
import { Pace } from "./pace.ts";
import { SourcePlaces } from "./stack.ts";
import { GuestVersion, type VersionLimits } from "./version.ts";

const source = `module.exports = function (ctx, cb) {
  if (ctx.body.sends) {
    const init = { method: "POST", headers: { name: "value" }, body: "text" };
    fetch("http://rehearsal.invalid/", init).then((answer) => answer.text());
    return;
  }
  setTimeout(() => cb(null, [ctx.body, ctx.data]), 1000);
  cb(null, { data: ctx.data });
};`;

const fileName = "rehearsal.js";
/** The time is for a machine that stalls. */
const maxMs = 10_000;

/** What most who require anything of Node's library come to require, in its own order of need. */
const librarySource = `${[
  "process",
  "util",
  "events",
  "stream",
  "url",
  "querystring",
  "crypto",
  "http",
  "zlib",
]
  .map((name) => `require("${name}");`)
  .join("\n")}
new Request("http://rehearsal/");
new Response(new ReadableStream({ type: "bytes" }));
${source}`;

/** The isolate given, warmed, with Node's library loaded where it is wanted; nothing of the rehearsal is left in it. */
export function rehearse(
  isolate: GuestIsolate,
  limits: VersionLimits,
  isStocked: boolean,
): GuestIsolate {
  const version = new GuestVersion("rehearsal", {
    places: new SourcePlaces(fileName, Buffer.alloc(0)),
    isolate,
    limits,
    pace: new Pace(),
    reply: () => undefined,
  });
  version.load(
    {
      type: "load",
      id: 0,
      version: "rehearsal",
      bundleBytes: 0,
      fileName,
      container: "",
      secrets: { name: "value" },
      meta: {},
      timeoutMs: maxMs,
      timersMs: 0,
    },
    isStocked ? librarySource : source,
    () => undefined,
  );
  version.invoke(callOf(1), Buffer.from('{"name":"value"}'));
  if (isStocked) {
    // `fetch` stands on the library.
    version.invoke(callOf(2), Buffer.from('{"sends":true}'));
    version.takeEgress(headOf(2), Buffer.alloc(0));
  }
  return version.handOver();
}

function callOf(id: number): InvokeRequest {
  return {
    type: "invoke",
    id,
    version: "rehearsal",
    invocationId: "rehearsal",
    contentType: "application/json",
    sentMs: hostClockMs(),
    wallMs: maxMs,
    wallClock: "wall_time",
    syncMs: maxMs,
    cpuMs: maxMs,
  };
}

/** An answer to the isolate's first request outward, in this call. */
function headOf(id: number): EgressHead {
  return {
    type: "egress-head",
    id,
    egress: 1,
    status: 200,
    statusText: "OK",
    headers: [["name", "value"]],
  };
}
