/** The errors of requests outward, and which of them the runtime made itself: a guest can forge the words, not that. */
import {
  ErrorIntrinsic,
  TypeErrorIntrinsic,
  createNotes,
  defineProperty,
  isObject,
  valueProperty,
} from "../intrinsics.ts";

export interface EgressErrors {
  /** What `fetch` rejects with. `kind` is the broker's: denied, limit or failed; `nodeCode` is its cause's, as clients ask. */
  create(kind: string, message: string, nodeCode?: string): Error;
  /** One that words itself, as a denial. */
  markDenied(error: Error, message: string): Error;
  /** What a socket or a look-up fails with; `code` is Node's. */
  createCoded(kind: string, message: string, code: string): Error;
  /** The message of a denial, if a denial is what was thrown. */
  denialOf(thrown: unknown): string | undefined;
}

export function createEgressErrors(): EgressErrors {
  const denials = createNotes<string>();
  return {
    create: (kind, message, nodeCode = "") => {
      const code = codeOf(kind);
      const cause = withCode(
        new ErrorIntrinsic(message),
        nodeCode === "" ? code : nodeCode,
      );
      const error = withCode(new TypeErrorIntrinsic(message, { cause }), code);
      if (kind === "denied") denials.set(error, message);
      return error;
    },
    markDenied: (error, message) => {
      denials.set(error, message);
      return withCode(error, codeOf("denied"));
    },
    createCoded: (kind, message, code) => {
      const error = withCode(
        new ErrorIntrinsic(message),
        code === "" ? codeOf(kind) : code,
      );
      if (kind === "denied") denials.set(error, message);
      return error;
    },
    denialOf: (thrown) => (isObject(thrown) ? denials.get(thrown) : undefined),
  };
}

function codeOf(kind: string): string {
  if (kind === "denied") return "EGRESS_DENIED";
  return kind === "limit" ? "EGRESS_LIMIT" : "EGRESS_FAILED";
}

function withCode<Thrown extends Error>(error: Thrown, code: string): Thrown {
  defineProperty(error, "code", valueProperty(code));
  return error;
}
