/**
 * /api/run through to a host, so that one base URL serves old clients. Every byte goes through as it came, both ways; only
 * the headers that concern the connection itself stay here.
 */
import {
  Agent,
  request as openRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance } from "fastify";
import { AnnexError } from "../../proto/errors.ts";
import { connectErrorOf } from "../../proto/rpc/connect.ts";

/** The hosts that can serve. */
export interface RunHosts {
  /** Where those answer that serve a container. */
  runUrls(container: string): string[];
}

/** Where a call that did not come through is told. */
export interface RunLog {
  warn(fields: object, message: string): void;
}

/** A host answers within its own limits; this is for one that has stopped. */
export const hostSilenceMs = 120_000;

/** Adds the way through. */
export async function addRunProxy(
  app: FastifyInstance,
  { hosts, log }: { hosts: RunHosts; log: RunLog },
): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  app.addHook("onClose", async () => agent.destroy());
  // The body is the host's to read: nothing here looks into it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.all("/api/run/*", async ({ raw }, reply) => {
    reply.hijack();
    const container = containerOf(raw.url);
    const url = pick(hosts.runUrls(container));
    if (url === undefined) return refuse(reply.raw, noHost(container));
    try {
      await passThrough(raw, reply.raw, { url, agent });
    } catch (thrown) {
      log.warn({ err: thrown, host: url }, "host did not answer");
      refuse(reply.raw, hostLost(thrown));
    }
  });
}

async function passThrough(
  call: IncomingMessage,
  answer: ServerResponse,
  host: { url: string; agent: Agent },
): Promise<void> {
  const response = await forward(call, answer, host);
  answer.sendDate = false;
  const { statusCode = 502, statusMessage = "", rawHeaders } = response;
  const headers = endToEnd(rawHeaders, response.headers.connection);
  answer.writeHead(statusCode, statusMessage, headers);
  // Begins the answer before its first byte. Not flushHeaders, which writes what is not ASCII in other bytes.
  answer.write(Buffer.alloc(0));
  await pipeline(response, answer);
}

function forward(
  call: IncomingMessage,
  answer: ServerResponse,
  { url, agent }: { url: string; agent: Agent },
): Promise<IncomingMessage> {
  const gone = new AbortController();
  answer.once("close", () => gone.abort());
  return new Promise((resolve, reject) => {
    const target = new URL(call.url ?? "/", url);
    const onward = openRequest(target, {
      agent,
      method: call.method,
      headers: onwardHeadersOf(call, target.host),
      signal: gone.signal,
    });
    onward.setTimeout(hostSilenceMs, () => onward.destroy(silent()));
    onward.once("response", resolve);
    onward.on("error", reject);
    // Not a pipeline: that would take the caller's connection down with the host's, and the reason with it.
    call.pipe(onward);
  });
}

/** Headers that concern one connection, RFC 9110 §7.6.1; `expect` was answered here. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers that go through, in their order and spelling, however often each comes. */
function endToEnd(rawHeaders: string[], connection = ""): string[] {
  const named = connection.split(",").map((name) => name.trim().toLowerCase());
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.includes(lower)) kept.push(name, value);
  }
  return kept;
}

function onwardHeadersOf(
  { rawHeaders, headers }: IncomingMessage,
  host: string,
): string[] {
  const kept = endToEnd(rawHeaders, headers.connection);
  // HTTP/1.0 may come without.
  if (headers.host === undefined) kept.push("host", host);
  if (headers["transfer-encoding"] !== undefined)
    return [...kept, "transfer-encoding", "chunked"];
  // Node would send a body of unknown length where there is none.
  if (headers["content-length"] === undefined)
    return [...kept, "content-length", "0"];
  return kept;
}

/** The first part of what follows /api/run/, as the host will read it. */
function containerOf(url = ""): string {
  const [, encoded = ""] = /^\/api\/run\/([^/?#]*)/.exec(url) ?? [];
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded; // no container's name: the host will say so
  }
}

function pick(urls: string[]): string | undefined {
  return urls[Math.floor(Math.random() * urls.length)];
}

function refuse(answer: ServerResponse, error: AnnexError): void {
  if (answer.headersSent) return void answer.destroy();
  const { status, body } = connectErrorOf(error);
  const text = JSON.stringify(body);
  answer.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    // What the caller has yet to send will not be read.
    connection: "close",
  });
  answer.end(text);
}

function noHost(container: string): AnnexError {
  const name = JSON.stringify(container.slice(0, 100));
  return new AnnexError(
    "unavailable",
    `no host that serves container ${name} is connected to this control plane; start sandboxd, or try again when it has joined`,
  );
}

function hostLost(cause: unknown): AnnexError {
  return new AnnexError(
    "unavailable",
    "the host that was to run this did not answer; try again",
    { cause },
  );
}

function silent(): AnnexError {
  return new AnnexError(
    "unavailable",
    `the host was silent for ${hostSilenceMs} ms`,
  );
}
