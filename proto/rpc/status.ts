/** The one table between our error codes and gRPC's, and Connect's names for them over HTTP. */
import { Metadata, status } from "@grpc/grpc-js";
import { AnnexError, type ErrorCode } from "../errors.ts";

interface StatusRow {
  grpc: number;
  /** The Connect protocol's name, https://connectrpc.com/docs/protocol/#error-codes */
  connect: string;
  http: number;
}

const statusTable: Record<ErrorCode, StatusRow> = {
  invalid: {
    grpc: status.INVALID_ARGUMENT,
    connect: "invalid_argument",
    http: 400,
  },
  unauthenticated: {
    grpc: status.UNAUTHENTICATED,
    connect: "unauthenticated",
    http: 401,
  },
  denied: {
    grpc: status.PERMISSION_DENIED,
    connect: "permission_denied",
    http: 403,
  },
  not_found: { grpc: status.NOT_FOUND, connect: "not_found", http: 404 },
  already_exists: {
    grpc: status.ALREADY_EXISTS,
    connect: "already_exists",
    http: 409,
  },
  conflict: { grpc: status.ABORTED, connect: "aborted", http: 409 },
  precondition: {
    grpc: status.FAILED_PRECONDITION,
    connect: "failed_precondition",
    http: 400,
  },
  exhausted: {
    grpc: status.RESOURCE_EXHAUSTED,
    connect: "resource_exhausted",
    http: 429,
  },
  unavailable: { grpc: status.UNAVAILABLE, connect: "unavailable", http: 503 },
  cancelled: { grpc: status.CANCELLED, connect: "canceled", http: 499 },
  deadline: {
    grpc: status.DEADLINE_EXCEEDED,
    connect: "deadline_exceeded",
    http: 504,
  },
  internal: { grpc: status.INTERNAL, connect: "internal", http: 500 },
};

const codes = Object.keys(statusTable) as ErrorCode[]; // the table's own keys

/** gRPC's number for a code. */
export function grpcStatusOf(code: ErrorCode): number {
  return statusTable[code].grpc;
}

/** Connect's name and HTTP status for a code. */
export function connectStatusOf(code: ErrorCode): {
  code: string;
  http: number;
} {
  return { code: statusTable[code].connect, http: statusTable[code].http };
}

/** The code behind a gRPC status number; what we never send is `internal`. */
export function codeOfGrpcStatus(grpc: number): ErrorCode {
  return codes.find((code) => statusTable[code].grpc === grpc) ?? "internal";
}

/** The code behind a Connect name; what we never send is `internal`. */
export function codeOfConnectStatus(connect: string): ErrorCode {
  return (
    codes.find((code) => statusTable[code].connect === connect) ?? "internal"
  );
}

/** What grpc-js wants for an error: AnnexErrors as they are, anything else without its text. */
export function statusObjectOf(thrown: unknown): {
  code: number;
  details: string;
  metadata: Metadata;
} {
  const error = AnnexError.from(thrown);
  return {
    code: grpcStatusOf(error.code),
    details: error.message,
    metadata: new Metadata(),
  };
}
