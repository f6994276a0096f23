/** Hmac, Mac, and the jobs that authenticate with either. */
import { Collector, type Collected } from "./collector.ts";
import { asked, checkOnce, encoded, type Options } from "./digest-tools.ts";
import { timingSafeEqual } from "./equal.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import { secretOf } from "./keys.ts";
import type { HostValue } from "../realm.ts";
import type { Members, Tools } from "./tools.ts";

const verifyMode = 1;

export function macMembers(tools: Tools): Members {
  const { host, copy, normalEncoding } = tools;
  const check = checkOnce(tools);
  const bytes = (value: unknown) =>
    value === undefined ? undefined : copy(value);

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
      if (!data) return encoded(tools, new Uint8Array(0), wanted);
      return encoded(
        tools,
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
      return encoded(tools, answer, normalEncoding(encoding));
    }
  }

  const allBytes = (data: Collected) =>
    typeof data === "string" ? copy(data) : data;

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
    Hmac,
    Mac,
    getMacs: () => host("crypto.macs"),
    getCachedMacAliases: () => Object.create(null),
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
  };
}
