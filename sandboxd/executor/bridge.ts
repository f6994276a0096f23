/** Reads what comes out of an isolate. The runtime wrote it in hostile territory: every shape and bound is checked here. */
import type { EgressReply, LogLine, LookupRecord } from "../protocol.ts";
import type { BodyForm } from "./inflow.ts";
import type { GuestReason } from "./runtime/calls.ts";
import {
  headerCostChars,
  maxEgressHeaderChars,
  maxHostChars,
  maxMethodChars,
  maxUrlChars,
} from "../egress-bounds.ts";

/** One thing the runtime says. */
export type GuestItem =
  | { kind: "loaded"; call: number; model: string; payload: PayloadForm }
  /** The top level waits for something. */
  | { kind: "awaits"; call: number }
  | { kind: "timer"; call: number; timer: number; delayMs: number }
  | { kind: "clear"; call: number; timer: number }
  | { kind: "log"; call: number; line: LogLine }
  | { kind: "dropped"; call: number; lines: number }
  | GuestEgress
  | GuestConnect
  | GuestLookup
  | GuestSocketItem
  | GuestReading
  | GuestResult
  | GuestFailure;

/** How a programming model takes its payload. */
export type PayloadForm = "none" | "parsed" | "bytes";

/** A request outward. */
export interface GuestEgress extends Pick<
  EgressReply,
  "egress" | "method" | "url" | "headers"
> {
  kind: "egress";
  call: number;
  body: Buffer;
}

/** A wish for a connection. */
export interface GuestConnect {
  kind: "connect";
  call: number;
  egress: number;
  host: string;
  port: number;
  /** Empty: any that the host has. */
  address: string;
  /** `TlsWishes` as JSON, which the broker checks; empty: none. */
  tls: Buffer;
}

/** A name asked about. */
export interface GuestLookup {
  kind: "lookup";
  call: number;
  egress: number;
  name: string;
  record: LookupRecord;
}

/** What is asked of an open connection. */
export type GuestSocketItem =
  | { kind: "write"; call: number; egress: number; body: Buffer }
  | { kind: "finish"; call: number; egress: number }
  | { kind: "upgrade"; call: number; egress: number; tls: Buffer };

/** How what comes from outside is taken, a request's answer or a connection's bytes. */
export type GuestReading =
  | { kind: "read"; call: number; egress: number; form: BodyForm }
  | { kind: "abort"; call: number; egress: number };

export interface GuestResult {
  kind: "result";
  call: number;
  httpStatus: number;
  contentType: string;
  headers: [name: string, value: string][];
  body: Buffer;
}

export interface GuestFailure {
  kind: "failure";
  call: number;
  reason: GuestReason;
  message: string;
  stack: string;
  httpStatus?: number;
  /** How much there was of what is limited. */
  observed: number;
}

/** What one `drain` gave. */
export interface Drained {
  hasMore: boolean;
  items: GuestItem[];
}

/** Longer than anything the runtime puts together within its own bounds. */
const maxHeadChars = 4 * 1024 * 1024;
/** Of a line, a message or a stack: the runtime cuts each of them far earlier, and the pipe's heads are bounded. */
const maxTextChars = 32 * 1024;

/** undefined for anything the runtime would not say: then the isolate can no longer be trusted. */
export function readDrained(text: string): Drained | undefined {
  try {
    return read(text);
  } catch {
    return undefined;
  }
}

function read(text: string): Drained {
  const headEnd = text.indexOf("\n");
  check(headEnd > 0 && headEnd <= maxHeadChars);
  const items: unknown = JSON.parse(text.slice(1, headEnd));
  check(Array.isArray(items));
  const body = text.slice(headEnd + 1);
  return {
    hasMore: text.startsWith("1"),
    items: items.map((item) => readItem(item, body)),
  };
}

function readItem(item: unknown, body: string): GuestItem {
  check(Array.isArray(item));
  const [kind, call, ...rest]: unknown[] = item;
  check(isCount(call));
  switch (kind) {
    case "loaded": {
      const [model, payload] = rest;
      check(isText(model) && isPayloadForm(payload));
      return { kind, call, model, payload };
    }
    case "awaits":
      return { kind, call };
    case "timer": {
      const [timer, delayMs] = rest;
      check(isCount(timer) && isCount(delayMs));
      return { kind, call, timer, delayMs };
    }
    case "clear": {
      const [timer] = rest;
      check(isCount(timer));
      return { kind, call, timer };
    }
    case "log":
      return { kind, call, line: readLine(rest) };
    case "dropped": {
      const [lines] = rest;
      check(isCount(lines));
      return { kind, call, lines };
    }
    case "egress":
      return readEgress(call, rest, body);
    case "read": {
      const [egress, form] = rest;
      check(isCount(egress) && isBodyForm(form));
      return { kind, call, egress, form };
    }
    case "abort": {
      const [egress] = rest;
      check(isCount(egress));
      return { kind, call, egress };
    }
    case "connect":
      return readConnect(call, rest, body);
    case "lookup": {
      const [egress, name, record] = rest;
      check(isCount(egress) && isHostText(name) && isLookupRecord(record));
      return { kind, call, egress, name, record };
    }
    case "write": {
      const [egress, form] = rest;
      check(isCount(egress) && isBodyForm(form));
      return { kind, call, egress, body: Buffer.from(body, form) };
    }
    case "finish": {
      const [egress] = rest;
      check(isCount(egress));
      return { kind, call, egress };
    }
    case "upgrade": {
      const [egress] = rest;
      check(isCount(egress));
      return { kind, call, egress, tls: Buffer.from(body) };
    }
    case "result":
      return readResult(call, rest, body);
    case "failure":
      return readFailure(call, rest);
    default:
      throw new Error("unknown item");
  }
}

function readLine([level, timeMs, text]: unknown[]): LogLine {
  check(isLevel(level) && isCount(timeMs) && isText(text));
  return { level, timeMs, text };
}

function readEgress(call: number, rest: unknown[], body: string): GuestEgress {
  const [egress, method, url, flat, encoding] = rest;
  check(isCount(egress) && isBodyForm(encoding));
  check(typeof method === "string" && method.length <= maxMethodChars);
  check(tokenPattern.test(method) && Array.isArray(flat));
  check(typeof url === "string" && url.length <= maxUrlChars);
  const headers = readHeaders(flat);
  const headerChars =
    headers.flat().join("").length + headers.length * headerCostChars;
  check(headerChars <= maxEgressHeaderChars);
  return {
    kind: "egress",
    call,
    egress,
    method,
    url,
    headers,
    body: Buffer.from(body, encoding),
  };
}

function readConnect(
  call: number,
  rest: unknown[],
  body: string,
): GuestConnect {
  const [egress, host, port, address] = rest;
  check(isCount(egress) && isHostText(host) && isHostText(address));
  check(isCount(port) && port <= maxPort);
  const tls = Buffer.from(body);
  return { kind: "connect", call, egress, host, port, address, tls };
}

function readResult(call: number, rest: unknown[], body: string): GuestResult {
  const [httpStatus, contentType, flat, encoding] = rest;
  check(isHttpStatus(httpStatus) && typeof contentType === "string");
  check(isValue(contentType) && Array.isArray(flat));
  check(isBodyForm(encoding));
  return {
    kind: "result",
    call,
    httpStatus,
    contentType,
    headers: readHeaders(flat),
    body: Buffer.from(body, encoding),
  };
}

function readHeaders(flat: unknown[]): [string, string][] {
  const headers: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i];
    const value = flat[i + 1];
    check(typeof name === "string" && typeof value === "string");
    check(tokenPattern.test(name) && isValue(value));
    headers.push([name, value]);
  }
  return headers;
}

function readFailure(call: number, rest: unknown[]): GuestFailure {
  const [reason, message, stack, httpStatus, observed] = rest;
  check(isReason(reason) && isText(message));
  check(isText(stack) && isCount(observed));
  return {
    kind: "failure",
    call,
    reason,
    message,
    stack,
    ...(isHttpStatus(httpStatus) && { httpStatus }),
    observed,
  };
}

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const badValuePattern = /[^\t\x20-\x7e\x80-\xff]/;
const payloadForms: readonly unknown[] = ["none", "parsed", "bytes"];
const levels: readonly unknown[] = ["debug", "log", "info", "warn", "error"];
const reasons: Record<GuestReason, true> = {
  threw: true,
  rejected: true,
  callback_error: true,
  invalid_result: true,
  invalid_export: true,
  module_not_found: true,
  result_size: true,
  egress_denied: true,
};

const lookupRecords: Record<LookupRecord, true> = {
  address: true,
  reverse: true,
  A: true,
  AAAA: true,
  CNAME: true,
  MX: true,
  NS: true,
  PTR: true,
  SOA: true,
  SRV: true,
  TXT: true,
};
const maxPort = 65_535;

function isHostText(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxHostChars;
}

function isLookupRecord(value: unknown): value is LookupRecord {
  return typeof value === "string" && Object.hasOwn(lookupRecords, value);
}

function isValue(text: string): boolean {
  return !badValuePattern.test(text);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxTextChars;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isHttpStatus(value: unknown): value is number {
  return isCount(value) && value >= 100 && value <= 599;
}

function isPayloadForm(value: unknown): value is PayloadForm {
  return payloadForms.includes(value);
}

function isBodyForm(value: unknown): value is BodyForm {
  return value === "utf8" || value === "latin1";
}

function isLevel(value: unknown): value is LogLine["level"] {
  return levels.includes(value);
}

function isReason(value: unknown): value is GuestReason {
  return typeof value === "string" && Object.hasOwn(reasons, value);
}

function check(holds: boolean): asserts holds {
  if (!holds) throw new Error("the runtime broke its bounds");
}
