/** Hash, and the jobs and functions that digest. */
import { nativeError } from "../bytes/views.ts";
import { Collector } from "./collector.ts";
import { asked, checkOnce, encoded, type Options } from "./digest-tools.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import type { Members, Tools } from "./tools.ts";

export function digestMembers(tools: Tools): Members {
  const { host, copy, normalEncoding } = tools;
  const check = checkOnce(tools);
  const bytes = (value: unknown) =>
    value === undefined ? undefined : copy(value);

  const hashOptions = (
    length: unknown,
    functionName: unknown,
    customization: unknown,
  ): Options | undefined =>
    length === undefined &&
    functionName === undefined &&
    customization === undefined
      ? undefined
      : {
          outputLength: typeof length === "number" ? length : undefined,
          functionName: bytes(functionName),
          customization: bytes(customization),
        };

  class Hash {
    readonly #algorithm: string;
    readonly #options: Options | undefined;
    readonly #data: Collector;
    #digest: Uint8Array<ArrayBuffer> | undefined;

    constructor(
      algorithm: unknown,
      length: unknown,
      _id?: unknown,
      _cache?: unknown,
      functionName?: unknown,
      customization?: unknown,
    ) {
      const origin = algorithm instanceof Hash ? algorithm : undefined;
      this.#algorithm = origin ? origin.#algorithm : String(algorithm);
      this.#options =
        hashOptions(length, functionName, customization) ??
        (origin ? origin.#options : undefined);
      if (!origin || length !== undefined)
        check("crypto.hash.check", this.#algorithm, this.#options);
      this.#data = new Collector(tools, {
        open: (id) =>
          host("crypto.hash.open", id, this.#algorithm, this.#options),
        updateOperation: "crypto.digest.update",
      });
      if (origin)
        origin.#data.copyInto(this.#data, (from, to) =>
          host("crypto.hash.copy", to, from, this.#options),
        );
    }

    update(data: unknown, encoding: unknown): boolean {
      if (this.#digest) return false;
      this.#data.add(data, encoding);
      return true;
    }

    digest(encoding: unknown): unknown {
      const wanted = normalEncoding(encoding);
      if (this.#digest) return encoded(tools, copy(this.#digest), wanted);
      // A stream may ask again, so bytes are wanted; for a text alone the host encodes.
      const answer = this.#data.finish(
        (data) =>
          host(
            "crypto.hash",
            this.#algorithm,
            this.#options,
            data,
            asked(wanted),
          ),
        (id) => host("crypto.digest.end", id, asked(wanted)),
      );
      if (typeof answer === "string") {
        this.#digest = copy(answer, wanted);
        return answer;
      }
      this.#digest = copy(answer);
      return encoded(tools, answer, wanted);
    }
  }

  /** All at once; the host says what is wrong with the name. */
  const digestOf = (
    algorithm: string,
    options: Options | undefined,
    data: unknown,
    encoding?: string,
  ): unknown => {
    const collector = new Collector(tools, {
      open: (id) => host("crypto.hash.open", id, algorithm, options),
      updateOperation: "crypto.digest.update",
    });
    collector.add(data, undefined);
    return collector.finish(
      (whole) =>
        host("crypto.hash", algorithm, options, whole, asked(encoding)),
      (id) => host("crypto.digest.end", id, asked(encoding)),
    );
  };

  return {
    Hash,
    getHashes: () => host("crypto.hashes"),
    getCachedAliases: () => Object.create(null),
    oneShotDigest: (
      algorithm: string,
      _id: unknown,
      _cache: unknown,
      input: unknown,
      encoding: string,
      _encoding: unknown,
      length: unknown,
      functionName?: unknown,
      customization?: unknown,
    ) => {
      const wanted = normalEncoding(encoding);
      const options = hashOptions(length, functionName, customization);
      try {
        return encoded(
          tools,
          digestOf(algorithm, options, input, wanted),
          wanted,
        );
      } catch (thrown) {
        throw isNoXof(thrown)
          ? new Error(
              `Output length ${String(length)} is invalid for ${algorithm}, which does not support XOF`,
            )
          : thrown;
      }
    },
    HashJob: jobClass(tools, (_mode, algorithm, data, lengthBits) =>
      arrayBuffer(
        digestOf(
          String(algorithm),
          hashOptions(
            typeof lengthBits === "number" ? lengthBits / 8 : undefined,
            undefined,
            undefined,
          ),
          data,
        ),
      ),
    ),
    // No digest of Node's public functions is one.
    CShakeJob: undefined,
    TurboShakeJob: jobClass(tools, notOffered),
    KangarooTwelveJob: jobClass(tools, notOffered),
  };
}

/** OpenSSL's refusal, for which Node has words of its own in one place. */
function isNoXof(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    Reflect.get(thrown, "code") === "ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH"
  );
}

function notOffered(): never {
  throw nativeError(
    Error,
    "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
    "this digest is not offered by this runtime",
  );
}
