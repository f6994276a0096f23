/** Hash, Hmac, Mac, and the jobs that digest. */
import { arrayBuffer, jobClass } from "./jobs.ts";
import { Collector, type Collected } from "./collector.ts";
import { secretOf } from "./keys.ts";
import { timingSafeEqual } from "./equal.ts";
import type { Members, Tools } from "./tools.ts";
import { nativeError } from "../bytes/views.ts";
import type { HostValue } from "../realm.ts";

/** The host's Node answers in these; other encodings are made here. */
const hostEncodings = new Set(["hex", "base64", "base64url", "latin1"]);
const verifyMode = 1;
/** Names found good are not asked for again. */
const maxKnownNames = 256;

interface Options {
  readonly [name: string]: HostValue;
}

export function digestMembers(tools: Tools): Members {
  const { host, copy, buffer, normalEncoding } = tools;
  const check = checkOnce(tools);
  const bytes = (value: unknown) =>
    value === undefined ? undefined : copy(value);

  /** Bytes as the caller wants them. */
  const encoded = (answer: unknown, encoding: string | undefined): unknown => {
    if (typeof answer === "string") return answer;
    const made = buffer(answer);
    if (encoding === undefined) return made;
    return Reflect.apply(Reflect.get(made, "toString"), made, [encoding]);
  };
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
      if (this.#digest) return encoded(copy(this.#digest), wanted);
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
      return encoded(answer, wanted);
    }
  }

  class Hmac {
    #algorithm = "";
    #key: Uint8Array = new Uint8Array(0);
    #data: Collector | undefined;

    init(algorithm: string, key: unknown): void {
      check("crypto.hmac.check", algorithm, undefined);
      this.#algorithm = algorithm;
      this.#key = secretOf(tools, key);
      this.#data = new Collector(tools, {
        open: (id) => host("crypto.hmac.open", id, algorithm, this.#key),
        updateOperation: "crypto.digest.update",
      });
    }

    update(data: unknown, encoding: unknown): boolean {
      this.#data?.add(data, encoding);
      return this.#data !== undefined;
    }

    digest(encoding: unknown): unknown {
      const wanted = normalEncoding(encoding);
      const data = this.#data;
      this.#data = undefined;
      if (!data) return encoded(new Uint8Array(0), wanted);
      return encoded(
        data.finish(
          (whole) =>
            host(
              "crypto.hmac",
              this.#algorithm,
              this.#key,
              whole,
              asked(wanted),
            ),
          (id) => host("crypto.digest.end", id, asked(wanted)),
        ),
        wanted,
      );
    }
  }

  class Mac {
    readonly #data: Collector;
    readonly #algorithm: string;
    readonly #options: Options;

    constructor(
      algorithm: string,
      _id: unknown,
      _cache: unknown,
      key: unknown,
      digest?: HostValue,
      cipher?: HostValue,
      iv?: unknown,
      customization?: unknown,
      salt?: unknown,
      outputLength?: HostValue,
    ) {
      this.#algorithm = algorithm;
      this.#options = {
        key: secretOf(tools, key),
        digest,
        cipher,
        iv: bytes(iv),
        customization: bytes(customization),
        salt: bytes(salt),
        outputLength,
      };
      host("crypto.mac.check", algorithm, this.#options);
      this.#data = new Collector(tools, {
        open: (id) => host("crypto.mac.open", id, algorithm, this.#options),
        updateOperation: "crypto.digest.update",
      });
    }

    update(data: unknown, encoding: unknown): boolean {
      this.#data.add(data, encoding);
      return true;
    }

    final(encoding: unknown): unknown {
      const answer = this.#data.finish(
        (data) =>
          host("crypto.mac", this.#algorithm, this.#options, allBytes(data)),
        (id) => host("crypto.digest.end", id),
      );
      return encoded(answer, normalEncoding(encoding));
    }
  }

  const allBytes = (data: Collected) =>
    typeof data === "string" ? copy(data) : data;

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

  const macJob = (made: Hmac | Mac, data: unknown, signature: unknown) => {
    made.update(data, undefined);
    const mac = copy(
      "final" in made ? made.final(undefined) : made.digest(undefined),
    );
    if (signature === undefined) return arrayBuffer(mac);
    const given = copy(signature);
    return given.length === mac.length && timingSafeEqual(given, mac);
  };

  return {
    Hash,
    Hmac,
    Mac,
    getHashes: () => host("crypto.hashes"),
    getMacs: () => host("crypto.macs"),
    getCachedAliases: () => Object.create(null),
    getCachedMacAliases: () => Object.create(null),
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
        return encoded(digestOf(algorithm, options, input, wanted), wanted);
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
    HmacJob: jobClass(
      tools,
      (_mode, signMode, algorithm, key, data, signature) => {
        const hmac = new Hmac();
        hmac.init(String(algorithm), key);
        return macJob(
          hmac,
          data,
          signMode === verifyMode ? signature : undefined,
        );
      },
    ),
    KmacJob: jobClass(
      tools,
      (
        _mode,
        signMode,
        key,
        algorithm,
        custom,
        _bits,
        lengthBits,
        data,
        signature,
      ) => {
        const length = Number(lengthBits) / 8;
        const mac = new Mac(
          String(algorithm),
          0,
          0,
          key,
          undefined,
          undefined,
          undefined,
          custom,
          undefined,
          length,
        );
        return macJob(
          mac,
          data,
          signMode === verifyMode ? signature : undefined,
        );
      },
    ),
    TurboShakeJob: jobClass(tools, notOffered),
    KangarooTwelveJob: jobClass(tools, notOffered),
  };
}

/** What the host is asked for: bytes, where it does not know the encoding. */
function asked(encoding: string | undefined): string | undefined {
  return encoding !== undefined && hostEncodings.has(encoding)
    ? encoding
    : undefined;
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

/** Whether the host's Node has an algorithm is asked once; it throws if not. */
function checkOnce({ host }: Tools) {
  const known = new Set<string>();
  return (operation: string, name: string, options: Options | undefined) => {
    if (options !== undefined) {
      host(operation, name, options);
      return;
    }
    const question = `${operation} ${name}`;
    if (known.has(question)) return;
    host(operation, name, options);
    if (known.size < maxKnownNames) known.add(question);
  };
}
