/**
 * A trial: code that serves nobody, run on payloads with an extension's secrets and meta, as calls of it would be. Its request
 * is one frame: four bytes of the head's length, the head as JSON, the bundle, and its source map. `annex extension check`
 * asks for it through the control plane, which has built the code.
 */
import { createHash } from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { reasonNameOf } from "../../proto/rpc/failure-names.ts";
import { mayManage } from "../../proto/token.ts";
import { authenticate } from "./credentials.ts";
import { readBody } from "./body.ts";
import { headersOf } from "./headers.ts";
import type { Exchange, RunDependencies } from "./run.ts";
import type { HttpAnswer } from "./answer.ts";

/** A bundle with its map may have 20 MiB; the rest is the head. */
const maxTrialBytes = 21 * 1024 * 1024;
const maxHeadBytes = 1024 * 1024;
export const maxTrialSamples = 100;
/** Longer payloads are told by their digest. */
const maxPayloadTold = 64 * 1024;
const prefix = "/api/trial/";

/** Code that came with a request, already built. */
export interface Trial {
  runtime: string;
  /** The bundle followed by its source map. */
  content: Uint8Array;
  bundleBytes: number;
}

export interface TrialSample {
  payload: string;
  contentType: string;
  http?: {
    method: string;
    path: string;
    query: string;
    headers: [name: string, value: string][];
  };
}

interface TrialHead {
  runtime: string;
  bundleBytes: number;
  samples: TrialSample[];
}

/** Whether a path asks for a trial. */
export function isTrialPath(path: string): boolean {
  return path.startsWith(prefix);
}

/** Runs the samples one after another; throws AnnexError where the trial could not be handled. */
export async function runTrial(
  exchange: Exchange,
  dependencies: RunDependencies,
): Promise<HttpAnswer> {
  const { request, response } = exchange;
  const { container, extension, query } = targetOf(request.url ?? "");
  if (!dependencies.isReady())
    throw new AnnexError("unavailable", "this host is not ready yet");
  const { claims } = await authenticate(dependencies.verifier, {
    headers: headersOf(request),
    query,
  });
  if (!mayManage(claims, container))
    throw new AnnexError(
      "denied",
      `the token does not manage container ${JSON.stringify(container)}`,
    );
  const body = await readBody(request, response, {
    name: "trial_bytes",
    value: maxTrialBytes,
  });
  if (!Buffer.isBuffer(body))
    throw new AnnexError(
      "exhausted",
      `${body.name} is ${body.observed} or more; at most ${body.value} are taken`,
    );
  const { samples, trial } = readTrial(body, dependencies.runtimes);
  const outcomes = [];
  for (const sample of samples) {
    const invoked = await dependencies.invoke(
      requestOf(sample, { container, extension, exchange }),
      { mayManage: true, signal: exchange.signal, trial },
    );
    outcomes.push(outcomeOf(invoked));
  }
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: Buffer.from(JSON.stringify({ outcomes })),
  };
}

function targetOf(url: string) {
  const { pathname, search } = new URL(url, "http://host.invalid");
  const [container = "", extension = "", ...more] = pathname
    .slice(prefix.length)
    .split("/");
  if (container === "" || extension === "" || more.length > 0)
    throw new AnnexError(
      "not_found",
      "trials run at /api/trial/{container}/{extension}",
    );
  return {
    container: decodeURIComponent(container),
    extension: decodeURIComponent(extension),
    query: search.slice(1),
  };
}

function readTrial(body: Buffer, runtimes: readonly string[]) {
  const headBytes = body.length < 4 ? 0 : body.readUInt32BE(0);
  if (headBytes === 0 || headBytes > maxHeadBytes)
    throw new AnnexError(
      "invalid",
      `a trial begins with its head of at most ${maxHeadBytes} bytes`,
    );
  const head = headOf(body.toString("utf8", 4, 4 + headBytes));
  const content = body.subarray(4 + headBytes);
  if (head.bundleBytes > content.length)
    throw new AnnexError("invalid", "the trial ends before its bundle does");
  if (!runtimes.includes(head.runtime))
    throw new AnnexError(
      "precondition",
      `this host holds the runtimes ${runtimes.join(", ")}, not ${head.runtime}`,
    );
  const { runtime, bundleBytes, samples } = head;
  return { samples, trial: { runtime, bundleBytes, content } };
}

function headOf(text: string): TrialHead {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch (cause) {
    throw new AnnexError("invalid", "a trial's head is JSON", { cause });
  }
  if (isHead(head)) return head;
  throw new AnnexError(
    "invalid",
    `a trial's head names the runtime, the bundle's length, and at most ${maxTrialSamples} samples`,
  );
}

function isHead(head: unknown): head is TrialHead {
  if (typeof head !== "object" || head === null) return false;
  const { runtime, bundleBytes, samples }: Partial<TrialHead> = head;
  return (
    typeof runtime === "string" &&
    Number.isSafeInteger(bundleBytes) &&
    Number(bundleBytes) >= 0 &&
    Array.isArray(samples) &&
    samples.length <= maxTrialSamples &&
    samples.every(isSample)
  );
}

function isSample(sample: unknown): sample is TrialSample {
  if (typeof sample !== "object" || sample === null) return false;
  const { payload, contentType, http }: Partial<TrialSample> = sample;
  if (typeof payload !== "string" || typeof contentType !== "string")
    return false;
  if (http === undefined) return true;
  const { method, path, query, headers } = http;
  return (
    [method, path, query].every((one) => typeof one === "string") &&
    Array.isArray(headers) &&
    headers.flat().every((one) => typeof one === "string")
  );
}

function requestOf(
  { payload, contentType, http }: TrialSample,
  call: { container: string; extension: string; exchange: Exchange },
): InvokeRequest {
  const { container, extension, exchange } = call;
  return {
    container,
    target: { $case: "extension", value: extension },
    payload: Buffer.from(payload),
    contentType,
    timeoutMs: 0,
    traceparent: exchange.trace.traceparent,
    tracestate: exchange.trace.tracestate,
    token: "",
    caller: "trial",
    cpuMs: 0,
    syncMs: 0,
    http: http && {
      ...http,
      headers: http.headers.map(([name, value]) => ({ name, value })),
    },
  };
}

function outcomeOf({ outcome, timings, invocationId }: InvokeResponse) {
  const told = { invocationId, runUs: timings?.runUs ?? 0 };
  if (outcome?.$case === "result") {
    const { payload, contentType, httpStatus, headers } = outcome.value;
    return {
      ...told,
      kind: "result",
      status: httpStatus === 0 ? 200 : httpStatus,
      contentType,
      headers: headers.map(({ name, value }) => [name, value]),
      digest: createHash("sha256").update(payload).digest("hex"),
      bytes: payload.length,
      ...(payload.length <= maxPayloadTold && { payload: payload.toString() }),
    };
  }
  if (outcome?.$case === "failure") {
    const { reason, message, errorName, stack } = outcome.value;
    const name = reasonNameOf(reason) ?? "";
    return {
      ...told,
      kind: "failure",
      reason: name,
      message,
      errorName,
      stack,
    };
  }
  throw new AnnexError("internal", "a trial had no outcome");
}
