/**
 * What a request that came to nothing tells its author: what, and what to do, and no address that the author did not name.
 */
import type { LimitHit } from "../../proto/errors.ts";
import type { EgressProblem } from "../protocol.ts";
import type { Refusal } from "./guard.ts";

/** Thrown where a request ends, with what its author is told. */
export class EgressError extends Error {
  readonly problem: EgressProblem;

  constructor(problem: EgressProblem) {
    super(problem.message);
    this.name = "EgressError";
    this.problem = problem;
  }
}

/** Thrown by a connection that may not be made; whoever knows what its author calls the target says why. */
export class TargetRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

/** Thrown where a proxy made no connection. What it said is dropped: it may tell of the platform. */
export class ProxyFailed extends Error {}

export function denied(message: string): EgressError {
  return new EgressError({ kind: "denied", message });
}

export function failed(message: string): EgressError {
  return new EgressError({ kind: "failed", message });
}

/** A cap was reached; its name is the setting's, in the unit it ends with. */
export function limited(limit: LimitHit, message: string): EgressError {
  return new EgressError({ kind: "limit", message, limit });
}

/** `place` is what the author calls the target. */
export function refused(
  refusal: Refusal,
  place: string,
  isRaw = false,
): EgressError {
  switch (refusal) {
    case "port":
      return denied(
        isRaw
          ? `${place}: that port is open only to a container with a rule that names it`
          : `${place}: that port is not for HTTP`,
      );
    case "rule":
      return denied(`${place} is not open to this container's code`);
    case "address":
      return denied(
        `${place} is not at a public address: private, loopback, link-local and metadata addresses are closed`,
      );
  }
}

/** What is told of anything thrown on the way; `place` is what the author calls the target. */
export function problemOf(error: unknown, place: string): EgressProblem {
  const causes = causesOf(error);
  for (const cause of causes) {
    if (cause instanceof EgressError) return cause.problem;
    if (cause instanceof TargetRefused)
      return refused(cause.refusal, place).problem;
  }
  const phrase = causes.map(phraseOf).find((known) => known !== undefined);
  return { kind: "failed", message: `${place} ${phrase ?? "failed"}` };
}

/** As `problemOf`, of a connection or a look-up, whose callers know errors by the codes of Node's `net` and `dns`. */
export function codedProblemOf(error: unknown, place: string): EgressProblem {
  const problem = problemOf(error, place);
  const code = errorCodeOf(problem, error);
  return { code: nodeCodes[code] ?? code, ...problem };
}

/** As `problemOf`, of a request, whose callers know the failures of the way by undici's codes. */
export function requestProblemOf(error: unknown, place: string): EgressProblem {
  const problem = problemOf(error, place);
  if (problem.kind !== "failed") return problem;
  return { code: errorCodeOf(problem, error), ...problem };
}

function errorCodeOf({ kind }: EgressProblem, error: unknown): string {
  if (kind === "denied") return "EACCES";
  if (kind === "limit") return "EGRESS_LIMIT";
  const codes = causesOf(error).map((cause) =>
    cause instanceof ProxyFailed ? "EHOSTUNREACH" : codeOf(cause),
  );
  return codes.find((known) => known in phrases || isCode(known)) ?? "EIO";
}

function isCode(code: string): boolean {
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code);
}

/** Where undici's or the resolver's words are not those of `connect`. */
const nodeCodes: Record<string, string> = {
  ABORT_ERR: "ECONNABORTED",
  UND_ERR_SOCKET: "ECONNRESET",
  UND_ERR_CONNECT_TIMEOUT: "ETIMEDOUT",
};

/** The error, what caused it, and what it gathers. */
function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const gathered: unknown[] =
    error instanceof AggregateError ? error.errors : [];
  return [
    error,
    ...[error.cause, ...gathered].flatMap((cause) =>
      causesOf(cause, depth + 1),
    ),
  ];
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

const phrases: Record<string, string> = {
  ECONNREFUSED: "refused the connection",
  ENOTFOUND: "was not found",
  ENODATA: "was not found",
  ETIMEOUT: "could not be looked up in time",
  ECONNRESET: "closed the connection",
  EPIPE: "closed the connection",
  UND_ERR_SOCKET: "closed the connection",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "closed the connection",
  ETIMEDOUT: "did not answer in time",
  UND_ERR_CONNECT_TIMEOUT: "did not answer in time",
  UND_ERR_HEADERS_TIMEOUT: "did not answer in time",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  EADDRNOTAVAIL: "cannot be reached",
  EMFILE: "could not be asked: too many connections are open; try again",
  UND_ERR_HEADERS_OVERFLOW: "answered with headers of more than 16 KiB",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "has a certificate that is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "has a certificate that is not trusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a certificate that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "has a certificate that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "has a certificate that is not trusted",
  CERT_HAS_EXPIRED: "has a certificate that has expired",
  CERT_NOT_YET_VALID: "has a certificate that is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another name",
};

/** Codes that begin so. */
const families: [prefix: string, phrase: string][] = [
  ["HPE_", "does not speak HTTP as it should"],
  ["Z_", "sent a body that cannot be decompressed"],
  ["ERR__ERROR", "sent a body that cannot be decompressed"], // brotli
  ["ERR_BROTLI", "sent a body that cannot be decompressed"],
  ["ZSTD_", "sent a body that cannot be decompressed"],
  ["ERR_SSL_", "does not speak TLS as it should"],
  ["EAI_", "was not found"],
  ["ESERVFAIL", "was not found"],
];

function phraseOf(error: Error): string | undefined {
  if (error instanceof ProxyFailed)
    return "could not be reached through the platform's proxy";
  const code = codeOf(error);
  return (
    phrases[code] ?? families.find(([prefix]) => code.startsWith(prefix))?.[1]
  );
}
