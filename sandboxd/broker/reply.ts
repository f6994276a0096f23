/**
 * Checks the shape of what came from the broker: it parses what hostile servers send and may have been taken over, so
 * nothing of it is believed.
 */
import type { LimitHit } from "../../proto/errors.ts";
import type { EgressNoteName, EgressProblem } from "../protocol.ts";
import {
  maxAnswerHeaders,
  maxMessageChars,
  type BrokerReply,
} from "./messages.ts";

type Fields = Record<string, unknown>;

const maxTextChars = 64 * 1024;
const kinds = ["denied", "limit", "failed"] as const;
const notes = [
  "connected",
  "secured",
  "taken",
  "finished",
  "found",
] as const satisfies EgressNoteName[];
/** As Node spells them. */
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;
const limits = [
  "egress_requests",
  "egress_bytes",
  "egress_ms",
  "open_egress",
] as const;

/** The reply, rebuilt from checked fields; throws on any other shape. */
export function checkReply(head: unknown): BrokerReply {
  const fields = object(head);
  switch (fields["type"]) {
    case "ready":
      return { type: "ready" };
    case "head":
      return {
        type: "head",
        id: count(fields["id"]),
        status: status(fields["status"]),
        statusText: text(fields["statusText"], maxMessageChars),
        headers: headers(fields["headers"]),
      };
    case "note":
      return {
        type: "note",
        id: count(fields["id"]),
        note: noteName(fields["note"]),
      };
    case "chunk":
      return { type: "chunk", id: count(fields["id"]) };
    case "end":
      return { type: "end", id: count(fields["id"]) };
    case "failure":
      return {
        type: "failure",
        id: count(fields["id"]),
        failure: problem(object(fields["failure"])),
      };
    default:
      throw new Error("unknown reply");
  }
}

function problem(fields: Fields): EgressProblem {
  const kind = kinds.find((known) => known === fields["kind"]);
  if (!kind) throw new Error("unknown kind of problem");
  return {
    kind,
    message: text(fields["message"], maxMessageChars),
    ...(fields["limit"] !== undefined && {
      limit: limitHit(object(fields["limit"])),
    }),
    ...(fields["code"] !== undefined && { code: code(fields["code"]) }),
  };
}

function code(value: unknown): string {
  if (typeof value !== "string" || !codePattern.test(value))
    throw new Error("no code of an error");
  return value;
}

function noteName(value: unknown): EgressNoteName {
  const note = notes.find((known) => known === value);
  if (!note) throw new Error("unknown note");
  return note;
}

function limitHit(fields: Fields): LimitHit {
  const name = limits.find((known) => known === fields["name"]);
  if (!name) throw new Error("unknown limit");
  return {
    name,
    value: count(fields["value"]),
    observed: count(fields["observed"]),
  };
}

function headers(value: unknown): [name: string, value: string][] {
  if (!Array.isArray(value) || value.length > maxAnswerHeaders)
    throw new Error("no list of headers");
  return value.map((header: unknown) => {
    if (!Array.isArray(header)) throw new Error("no header");
    return [text(header[0], maxTextChars), text(header[1], maxTextChars)];
  });
}

function status(value: unknown): number {
  const number = count(value);
  if (number < 200 || number > 599) throw new Error("no HTTP status");
  return number;
}

function object(value: unknown): Fields {
  if (typeof value !== "object" || value === null)
    throw new Error("not an object");
  return value as Fields; // an object from JSON.parse is one
}

function text(value: unknown, maxChars: number): string {
  if (typeof value !== "string" || value.length > maxChars)
    throw new Error("not a text");
  return value;
}

function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Error("not a count");
  return value;
}
