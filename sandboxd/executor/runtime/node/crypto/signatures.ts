/** Sign, Verify, and the job that does either at once. */
import { Collector, type Collected } from "./collector.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import type { Reference } from "./key-source.ts";
import type { KeyMembers } from "./keys.ts";
import { maybeNumber, maybeText, type Members, type Tools } from "./tools.ts";

const verifyMode = 1;
const p1363 = 1;
const maxKnownNames = 256;

export function signatureMembers(tools: Tools, keys: KeyMembers): Members {
  const { host, copy, buffer } = tools;
  const known = new Set<string>();
  /** Throws for a digest the host's Node has not; a good name is asked for once. */
  const check = (algorithm: string) => {
    if (known.has(algorithm)) return;
    host("crypto.sign.check", algorithm);
    if (known.size < maxKnownNames) known.add(algorithm);
  };

  /** Data for one signature, which is made or checked all at once, or from a stream on the host. */
  class Collection {
    readonly #operation: "sign" | "verify";
    #algorithm = "";
    #data: Collector | undefined;

    constructor(operation: "sign" | "verify") {
      this.#operation = operation;
    }

    begin(algorithm: string): void {
      check(algorithm);
      this.#algorithm = algorithm;
      this.#data = new Collector(tools, {
        open: (id) => host(`crypto.${this.#operation}.open`, id, algorithm),
        updateOperation: "crypto.sign.update",
      });
    }

    add(data: unknown, encoding: unknown): void {
      needed(this.#data).add(data, encoding);
    }

    finish(...how: (Reference | Uint8Array)[]): unknown {
      const collected = needed(this.#data);
      this.#data = undefined;
      const operation = `crypto.${this.#operation}`;
      return collected.finish<unknown>(
        (all) => host(operation, this.#algorithm, bytesOf(all), ...how),
        (id) => host(`${operation}.end`, id, ...how),
      );
    }
  }
  const bytesOf = (data: Collected) =>
    typeof data === "string" ? copy(data) : data;

  class Sign {
    readonly #data = new Collection("sign");

    init(algorithm: string): void {
      this.#data.begin(algorithm);
    }

    update(data: unknown, encoding: unknown): void {
      this.#data.add(data, encoding);
    }

    sign(...parameters: unknown[]): unknown {
      const [key, padding, saltLength, encoding] = keys.split(parameters);
      return buffer(
        this.#data.finish(key, signOptions(padding, saltLength, encoding)),
      );
    }
  }

  class Verify {
    readonly #data = new Collection("verify");

    init(algorithm: string): void {
      this.#data.begin(algorithm);
    }

    update(data: unknown, encoding: unknown): void {
      this.#data.add(data, encoding);
    }

    verify(...parameters: unknown[]): unknown {
      const [key, signature, padding, saltLength, encoding] =
        keys.split(parameters);
      const options = signOptions(padding, saltLength, encoding);
      return this.#data.finish(key, options, copy(signature));
    }
  }

  return {
    Sign,
    Verify,
    SignJob: jobClass(tools, (_mode, signMode, ...parameters) => {
      const [
        key,
        data,
        algorithm,
        saltLength,
        padding,
        encoding,
        context,
        signature,
      ] = keys.split(parameters);
      const options = {
        ...signOptions(padding, saltLength, encoding),
        context: context === undefined ? undefined : copy(context),
      };
      const whole = [maybeText(algorithm), copy(data), key, options] as const;
      return signMode === verifyMode
        ? host("crypto.verify.once", ...whole, copy(signature))
        : arrayBuffer(host("crypto.sign.once", ...whole));
    }),
  };
}

function needed(data: Collector | undefined): Collector {
  if (data) return data;
  throw new Error("Not initialised");
}

function signOptions(
  padding: unknown,
  saltLength: unknown,
  encoding: unknown,
): Reference {
  return {
    padding: maybeNumber(padding),
    saltLength: maybeNumber(saltLength),
    dsaEncoding: encoding === p1363 ? "ieee-p1363" : undefined,
  };
}
