/** Checks the shape of what came from an executor: what runs there may have been taken over, so nothing of it is believed. */
import type { CallFailure, LimitHit } from "../../proto/errors.ts";
import {
  maxEgressHeaderChars,
  maxHostChars,
  maxMethodChars,
  maxUrlChars,
} from "../egress-bounds.ts";
import type {
  ExecutorReply,
  LookupRecord,
  LoadFailure,
  LogLine,
} from "../protocol.ts";

type Fields = Record<string, unknown>;

const maxMessageChars = 8192;
const maxMicros = 2 ** 32 - 1;
const maxStackChars = 16_384;
const maxAddressChars = 64;
const maxPort = 65_535;
/** Of an answer or a request: each is looked at again on its way out of here. */
const maxHeaders = 2048;
/** What an executor can know; that sandboxd refused or lost a call is sandboxd's to say. */
const reasons: readonly unknown[] = [
  "syntax",
  "module_not_found",
  "invalid_export",
  "invalid_result",
  "threw",
  "rejected",
  "callback_error",
  "cpu_time",
  "sync_time",
  "wall_time",
  "deadline",
  "memory",
  "result_size",
  "egress_denied",
] satisfies CallFailure["reason"][];
const lookupRecords = [
  "address",
  "reverse",
  "A",
  "AAAA",
  "CNAME",
  "MX",
  "NS",
  "PTR",
  "SOA",
  "SRV",
  "TXT",
] as const satisfies LookupRecord[];
const logLevels = ["debug", "log", "info", "warn", "error"] as const;

/** The reply, rebuilt from checked fields; throws on any other shape. */
export function checkReply(head: unknown): ExecutorReply {
  const fields = object(head);
  switch (fields["type"]) {
    case "ready":
      return { type: "ready" };
    case "loaded":
      return {
        type: "loaded",
        id: count(fields["id"]),
        ...(fields["failure"] !== undefined && {
          failure: loadFailure(fields["failure"]),
        }),
        compileUs: micros(fields["compileUs"]),
        evaluateUs: micros(fields["evaluateUs"]),
        isSettled: fields["isSettled"] === true,
      };
    case "settled":
      return { type: "settled", id: count(fields["id"]) };
    case "answered":
      return {
        type: "answered",
        id: count(fields["id"]),
        contentType: text(fields["contentType"], maxMessageChars),
        httpStatus: httpStatus(fields["httpStatus"]),
        headers: headers(fields["headers"]),
        runUs: micros(fields["runUs"]),
      };
    case "failed":
      return {
        type: "failed",
        id: count(fields["id"]),
        failure: callFailure(object(fields["failure"])),
        runUs: micros(fields["runUs"]),
      };
    case "displaced":
      return {
        type: "displaced",
        id: count(fields["id"]),
        effects: count(fields["effects"]),
      };
    case "cancelled":
      return { type: "cancelled", id: count(fields["id"]) };
    case "discarded":
      return {
        type: "discarded",
        version: text(fields["version"], maxMessageChars),
      };
    case "logged":
      return {
        type: "logged",
        id: count(fields["id"]),
        version: text(fields["version"], maxMessageChars),
        invocationId: text(fields["invocationId"], maxMessageChars),
        lines: list(fields["lines"]).map(logLine),
        dropped: count(fields["dropped"]),
      };
    case "egress":
      return {
        type: "egress",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
        method: method(fields["method"]),
        url: bounded(fields["url"], maxUrlChars),
        headers: egressHeaders(fields["headers"]),
      };
    case "egress-connect":
      return {
        type: "egress-connect",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
        host: bounded(fields["host"], maxHostChars),
        port: port(fields["port"]),
        address: bounded(fields["address"], maxAddressChars),
      };
    case "egress-lookup":
      return {
        type: "egress-lookup",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
        name: bounded(fields["name"], maxHostChars),
        record: lookupRecord(fields["record"]),
      };
    case "egress-write":
      return {
        type: "egress-write",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
      };
    case "egress-finish":
      return {
        type: "egress-finish",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
      };
    case "egress-upgrade":
      return {
        type: "egress-upgrade",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
      };
    case "egress-pull":
      return {
        type: "egress-pull",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
        bytes: count(fields["bytes"]),
      };
    case "egress-abort":
      return {
        type: "egress-abort",
        id: count(fields["id"]),
        egress: count(fields["egress"]),
      };
    default:
      throw new Error("unknown reply");
  }
}

function loadFailure(value: unknown): LoadFailure {
  const fields = object(value);
  return {
    ...callFailure(fields),
    ...(fields["file"] !== undefined && {
      file: text(fields["file"], maxMessageChars),
    }),
    ...(fields["line"] !== undefined && { line: count(fields["line"]) }),
    ...(fields["column"] !== undefined && { column: count(fields["column"]) }),
  };
}

function callFailure(fields: Fields): CallFailure {
  const { reason, limit, stack, httpStatus: status, errorName } = fields;
  if (!isReason(reason)) throw new Error("unknown reason");
  return {
    reason,
    message: text(fields["message"], maxMessageChars),
    ...(limit !== undefined && { limit: limitHit(object(limit)) }),
    ...(stack !== undefined && { stack: text(stack, maxStackChars) }),
    ...(status !== undefined && { httpStatus: httpStatus(status) }),
    ...(errorName !== undefined && {
      errorName: text(errorName, maxMessageChars),
    }),
  };
}

function limitHit(fields: Fields): LimitHit {
  return {
    name: text(fields["name"], maxMessageChars),
    value: count(fields["value"]),
    observed: count(fields["observed"]),
  };
}

function logLine(value: unknown): LogLine {
  const fields = object(value);
  const level = logLevels.find((known) => known === fields["level"]);
  if (!level) throw new Error("unknown log level");
  return {
    level,
    timeMs: count(fields["timeMs"]),
    text: text(fields["text"], Infinity),
  };
}

function egressHeaders(value: unknown): [name: string, value: string][] {
  const checked = headers(value);
  let chars = 0;
  for (const [name, content] of checked) chars += name.length + content.length;
  if (chars > maxEgressHeaderChars) throw new Error("headers out of bounds");
  return checked;
}

function headers(value: unknown): [name: string, value: string][] {
  const all = list(value);
  if (all.length > maxHeaders) throw new Error("too many headers");
  return all.map(header);
}

function method(value: unknown): string {
  const name = bounded(value, maxMethodChars);
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new Error("no HTTP method");
  return name;
}

function lookupRecord(value: unknown): LookupRecord {
  const record = lookupRecords.find((known) => known === value);
  if (!record) throw new Error("unknown kind of record");
  return record;
}

function port(value: unknown): number {
  const number = count(value);
  if (number > maxPort) throw new Error("no port");
  return number;
}

function header(value: unknown): [name: string, value: string] {
  const [name, content] = list(value);
  return [text(name, maxMessageChars), text(content, Infinity)];
}

function isReason(value: unknown): value is CallFailure["reason"] {
  return reasons.includes(value);
}

function httpStatus(value: unknown): number {
  const status = count(value);
  if (status < 100 || status > 599) throw new Error("no HTTP status");
  return status;
}

function object(value: unknown): Fields {
  if (typeof value !== "object" || value === null)
    throw new Error("not an object");
  return value as Fields; // an object from JSON.parse is one
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value;
}

/** Text that means something else when it is cut. */
function bounded(value: unknown, maxChars: number): string {
  if (typeof value !== "string" || value.length > maxChars)
    throw new Error("not a string, or too long");
  return value;
}

function text(value: unknown, maxChars: number): string {
  if (typeof value !== "string") throw new Error("not a string");
  return value.length > maxChars ? value.slice(0, maxChars) : value;
}

/** Microseconds, as the wire can say them. */
function micros(value: unknown): number {
  const us = count(value);
  if (us > maxMicros) throw new Error("no time a call can take");
  return us;
}

/** A number that counts: finite, whole, not negative. */
function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Error("not a count");
  return value;
}
