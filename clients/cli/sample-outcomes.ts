/** What came of samples, compared with what was expected and with what the active version makes of them. */
import { isDeepStrictEqual } from "node:util";
import { AnnexError } from "../../proto/errors.ts";
import type { Expectation, Sample } from "./samples.ts";

/** As a host tells it. */
export type Outcome =
  | {
      kind: "result";
      runUs: number;
      status: number;
      contentType: string;
      headers: [name: string, value: string][];
      /** SHA-256 of the payload. */
      digest: string;
      bytes: number;
      /** Absent where it is long. */
      payload?: string;
    }
  | {
      kind: "failure";
      runUs: number;
      reason: string;
      message: string;
      errorName: string;
      stack?: string;
    };

/** One sample's judgement. */
export interface Judged {
  sample: string;
  outcome: Outcome;
  ms: number;
  /** Absent where the sample expects nothing. */
  isAsExpected?: boolean;
  /** Absent where there is no active version to compare with. */
  isSame?: boolean;
  /** What is not as it should be. */
  differences: string[];
  /** Expectations decide; without any, the active version's outcome; without that, whether there is a result. */
  isGood: boolean;
}

/** Reads what a check answered. */
export function outcomesOf(value: unknown, count: number): Outcome[] {
  if (Array.isArray(value) && value.length === count) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the control plane's own words, of this release or a later one
    return value as Outcome[];
  }
  throw new AnnexError(
    "internal",
    "the control plane told of other samples than were sent",
  );
}

/** Judges one sample. */
export function judge(
  sample: Sample,
  outcome: Outcome,
  active: Outcome | undefined,
): Judged {
  const differences = sample.expect ? unmet(sample.expect, outcome) : [];
  const isSame = active && isSameOutcome(outcome, active);
  const isAsExpected = sample.expect && differences.length === 0;
  if (active && !isSame && !isAsExpected)
    differences.push(`the active version: ${shownOutcome(active)}`);
  return {
    sample: sample.name,
    outcome,
    ms: Math.round(outcome.runUs / 10) / 100,
    ...(isAsExpected !== undefined && { isAsExpected }),
    ...(isSame !== undefined && { isSame }),
    differences,
    isGood: isAsExpected ?? isSame ?? outcome.kind === "result",
  };
}

/** An outcome in a table's cell. */
export function shownOutcome(outcome: Outcome): string {
  if (outcome.kind === "failure") {
    const { reason, errorName, message } = outcome;
    const name = errorName === "" ? "" : `${errorName}: `;
    return short(`${reason}: ${name}${message}`);
  }
  const { status, payload, bytes } = outcome;
  return short(`${status} ${payload ?? `(${bytes} bytes)`}`);
}

const longestShown = 80;

function short(text: string): string {
  const [line = ""] = text.split("\n");
  const cut = line.length > longestShown || line.length < text.length;
  return cut ? `${line.slice(0, longestShown)}…` : line;
}

function isSameOutcome(one: Outcome, other: Outcome): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function comparable(outcome: Outcome): unknown {
  if (outcome.kind === "failure") {
    const { reason, errorName, message } = outcome;
    return { reason, errorName, message };
  }
  const { status, contentType, headers, digest } = outcome;
  return { status, contentType, headers, digest };
}

function unmet(expect: Expectation, outcome: Outcome): string[] {
  const { reason, message, status } = expect;
  const isFailure = outcome.kind === "failure";
  const wantsFailure = reason !== undefined || message !== undefined;
  if (isFailure !== wantsFailure)
    return [
      `expected ${wantsFailure ? `a failure${reason === undefined ? "" : ` '${reason}'`}` : "a result"}, got ${shownOutcome(outcome)}`,
    ];
  const found: string[] = [];
  if (isFailure) {
    if (reason !== undefined && reason !== outcome.reason)
      found.push(`expected reason '${reason}', got '${outcome.reason}'`);
    if (message !== undefined && !outcome.message.includes(message))
      found.push(
        `expected a message with '${message}', got '${outcome.message}'`,
      );
    return found;
  }
  if (status !== undefined && status !== outcome.status)
    found.push(`expected status ${status}, got ${outcome.status}`);
  if (!("payload" in expect)) return found;
  const got = payloadOf(outcome);
  if (!isDeepStrictEqual(got, expect.payload))
    found.push(
      `expected ${JSON.stringify(expect.payload)}, got ${got === undefined ? `${outcome.bytes} bytes, too many to compare` : JSON.stringify(got)}`,
    );
  return found;
}

function payloadOf(outcome: Outcome & { kind: "result" }): unknown {
  const { payload, contentType } = outcome;
  if (payload === undefined) return undefined;
  if (!/^application\/(.+\+)?json/.test(contentType)) return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
