/** Packages that a library's modules take whole: each is one script, given `require` for what it needs of Node. */
import { join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

const repository = join(import.meta.dirname, "../../..");

/** The classes of fetch, of undici, without what sends: requests leave by the broker. What is named first is needed by the rest. */
const fetchEntry = `
  const { Response, fromInnerResponse, makeResponse, filterResponse } = require("undici/lib/web/fetch/response.js");
  const { FormData } = require("undici/lib/web/fetch/formdata.js");
  const { Headers } = require("undici/lib/web/fetch/headers.js");
  const { Request, cloneRequest, getRequestState, removeRequestAbortListener } = require("undici/lib/web/fetch/request.js");
  const { MessageEvent, CloseEvent, ErrorEvent, createFastMessageEvent } = require("undici/lib/web/websocket/events.js");
  const { dataURLProcessor, serializeAMimeType } = require("undici/lib/web/fetch/data-url.js");
  const {
    requestBadPort, appendRequestOriginHeader, appendFetchMetadata, determineRequestsReferrer, responseLocationURL,
    sameOrigin, setRequestReferrerPolicyOnRedirect,
  } = require("undici/lib/web/fetch/util.js");
  const { bytesMatch } = require("undici/lib/web/subresource-integrity/subresource-integrity.js");
  module.exports = {
    FormData, Headers, Request, Response, MessageEvent, CloseEvent, ErrorEvent, createFastMessageEvent,
    cloneRequest, getRequestState, removeRequestAbortListener, fromInnerResponse, makeResponse, filterResponse,
    dataURLProcessor, serializeAMimeType, requestBadPort, appendRequestOriginHeader, appendFetchMetadata,
    determineRequestsReferrer, responseLocationURL, sameOrigin, setRequestReferrerPolicyOnRedirect, bytesMatch,
    // With all that its messages need, for who names it.
    get WebSocket() { return require("undici/lib/web/websocket/websocket.js").WebSocket; },
  };
`;

/** In the place of undici's own, where its WebSocket asks for them: a handshake leaves over a socket of ours. */
const webSocketStands: Record<string, string> = {
  "../fetch/index": `
    const { HeadersList } = require("undici/lib/web/fetch/headers.js");
    const { requestBadPort } = require("undici/lib/web/fetch/util.js");
    module.exports = { fetching: (asked) => openWebSocket(asked, HeadersList, requestBadPort) };`,
  "../../global": `module.exports = { getGlobalDispatcher: () => undefined };`,
};
const ofWebSocket = /undici\/lib\/web\/websocket\/[\w-]+\.js$/;

/** In the place of whole modules of Node that undici names for one thing, or for what is not reached here. */
const stands: Record<string, string> = {
  "node:assert": `
    const assert = (value, message) => { if (!value) throw new Error(message ?? "assertion failed"); };
    assert.ok = assert;
    assert.equal = assert.strictEqual = (a, b) => assert(a === b);
    assert.notStrictEqual = (a, b) => assert(a !== b);
    module.exports = assert;`,
  "node:http": `module.exports = { IncomingMessage: class IncomingMessage {} };`,
  "node:net": `module.exports = {};`,
  "node:querystring": `module.exports = {};`,
  "node:perf_hooks": `module.exports = { performance: { now: Date.now } };`,
  "node:worker_threads": `module.exports = { markAsUncloneable };`,
  "node:zlib": `
    module.exports = {
      Z_DEFAULT_WINDOWBITS: 15,
      createInflateRaw: (options) => library("zlib").createInflateRaw(options),
    };`,
  "node:stream": `
    const { isErrored, isDisturbed } = library("internal/streams/utils");
    module.exports = {
      isErrored, isDisturbed, Transform: class Transform {}, get Writable() { return library("stream").Writable; },
    };`,
  // So that of a cloned body each has chunks of its own.
  "node:stream/web": `
    module.exports = {
      ReadableStreamTee: (stream, isCloned) =>
        library("internal/webstreams/readablestream").readableStreamTee(stream, isCloned),
    };`,
  // randomInt: for the boundary of a form, which is no secret. The rest is loaded when a hash is asked for, or a mask.
  "node:crypto": `
    module.exports = {
      randomInt: (max) => Math.floor(Math.random() * max),
      getHashes: () => ["sha256", "sha384", "sha512"],
      hash: (...parameters) => library("crypto").hash(...parameters),
      createHash: (name) => library("crypto").createHash(name),
      randomBytes: (count) => library("crypto").randomBytes(count),
      randomFillSync: (...parameters) => library("crypto").randomFillSync(...parameters),
    };`,
};

/** By name, as `loadScript` is asked for them. */
export async function packageSources(
  common: BuildOptions,
): Promise<[name: string, text: string][]> {
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: fetchEntry, resolveDir: repository },
    platform: "node",
    format: "cjs",
    target: "esnext",
    charset: "ascii",
    // Or classes that name themselves would be called something else.
    keepNames: true,
    write: false,
    plugins: [standIns],
  });
  const [output] = outputFiles;
  if (!output) throw new Error("esbuild gave nothing for undici");
  return [
    [
      "package:fetch",
      `(function (library, markAsUncloneable, openWebSocket) { const module = { exports: {} }; const require = (id) => library(id.replace(/^node:/, ""));
      ${output.text}
      return module.exports; })`,
    ],
  ];
}

const standIns: Plugin = {
  name: "stand-ins",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^\.\./ }, ({ path, importer }) =>
      path in webSocketStands && ofWebSocket.test(importer)
        ? { path, namespace: "web-socket" }
        : undefined,
    );
    bundler.onLoad({ filter: /./, namespace: "web-socket" }, ({ path }) => ({
      contents: webSocketStands[path] ?? "",
      resolveDir: repository,
    }));
    bundler.onResolve({ filter: /^node:/ }, ({ path }) =>
      path in stands
        ? { path, namespace: "stand-in" }
        : { path, external: true },
    );
    bundler.onLoad({ filter: /./, namespace: "stand-in" }, ({ path }) => ({
      contents: stands[path] ?? "",
    }));
  },
};
