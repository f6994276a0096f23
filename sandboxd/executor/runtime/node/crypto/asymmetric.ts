/** Sign, Verify, and the jobs and functions that work with a pair's keys. */
import { Collector, type Collected } from "./collector.ts";
import { arrayBuffer, jobClass, webMode } from "./jobs.ts";
import type { KeyMembers, Reference } from "./keys.ts";
import type { Members, Tools } from "./tools.ts";

const verifyMode = 1;
const p1363 = 1;
const oaepPadding = 4;
const encryptMode = 0;
const maxKnownNames = 256;

export function asymmetricMembers(tools: Tools, keys: KeyMembers): Members {
  const { host, copy, buffer } = tools;
  const known = new Set<string>();
  /** Throws for a digest the host's Node has not; a good name is asked for once. */
  const check = (algorithm: string) => {
    if (known.has(algorithm)) return;
    host("crypto.sign.check", algorithm);
    if (known.size < maxKnownNames) known.add(algorithm);
  };
  const collector = (operation: "sign" | "verify", algorithm: string) =>
    new Collector(tools, {
      open: (id) => host(`crypto.${operation}.open`, id, algorithm),
      updateOperation: "crypto.sign.update",
    });
  const bytesOf = (data: Collected) =>
    typeof data === "string" ? copy(data) : data;

  class Sign {
    #algorithm = "";
    #data: Collector | undefined;

    init(algorithm: string): void {
      check(algorithm);
      this.#algorithm = algorithm;
      this.#data = collector("sign", algorithm);
    }

    update(data: unknown, encoding: unknown): void {
      needed(this.#data).add(data, encoding);
    }

    sign(
      data: unknown,
      format: unknown,
      type: unknown,
      passphrase: unknown,
      namedCurve: unknown,
      padding: unknown,
      saltLength: unknown,
      encoding: unknown,
    ): unknown {
      const reference = keys.reference(
        data,
        format,
        type,
        passphrase,
        namedCurve,
      );
      const options = signOptions(padding, saltLength, encoding);
      const collected = needed(this.#data);
      this.#data = undefined;
      return buffer(
        collected.finish(
          (all) =>
            host(
              "crypto.sign",
              this.#algorithm,
              bytesOf(all),
              reference,
              options,
            ),
          (id) => host("crypto.sign.end", id, reference, options),
        ),
      );
    }
  }

  class Verify {
    #algorithm = "";
    #data: Collector | undefined;

    init(algorithm: string): void {
      check(algorithm);
      this.#algorithm = algorithm;
      this.#data = collector("verify", algorithm);
    }

    update(data: unknown, encoding: unknown): void {
      needed(this.#data).add(data, encoding);
    }

    verify(
      data: unknown,
      format: unknown,
      type: unknown,
      passphrase: unknown,
      namedCurve: unknown,
      signature: unknown,
      padding: unknown,
      saltLength: unknown,
      encoding: unknown,
    ): unknown {
      const reference = keys.reference(
        data,
        format,
        type,
        passphrase,
        namedCurve,
      );
      const options = signOptions(padding, saltLength, encoding);
      const given = copy(signature);
      const collected = needed(this.#data);
      this.#data = undefined;
      return collected.finish(
        (all) =>
          host(
            "crypto.verify",
            this.#algorithm,
            bytesOf(all),
            reference,
            options,
            given,
          ),
        (id) => host("crypto.verify.end", id, reference, options, given),
      );
    }
  }

  const rsa =
    (name: string) =>
    (
      data: unknown,
      format: unknown,
      type: unknown,
      passphrase: unknown,
      namedCurve: unknown,
      bytes: unknown,
      padding: unknown,
      oaepHash: unknown,
      oaepLabel: unknown,
      mgf1Hash: unknown,
    ) =>
      buffer(
        host(
          "crypto.rsa",
          name,
          keys.reference(data, format, type, passphrase, namedCurve),
          copy(bytes),
          {
            padding: numberOr(padding),
            oaepHash: textOr(oaepHash),
            mgf1Hash: textOr(mgf1Hash),
            oaepLabel: oaepLabel === undefined ? undefined : copy(oaepLabel),
          },
        ),
      );

  return {
    Sign,
    Verify,
    publicEncrypt: rsa("publicEncrypt"),
    publicDecrypt: rsa("publicDecrypt"),
    privateEncrypt: rsa("privateEncrypt"),
    privateDecrypt: rsa("privateDecrypt"),
    SignJob: jobClass(
      tools,
      (
        _mode,
        signMode,
        keyData,
        format,
        type,
        passphrase,
        namedCurve,
        data,
        algorithm,
        saltLength,
        padding,
        encoding,
        context,
        signature,
      ) => {
        const reference = keys.reference(
          keyData,
          format,
          type,
          passphrase,
          namedCurve,
        );
        const options = {
          ...signOptions(padding, saltLength, encoding),
          context: context === undefined ? undefined : copy(context),
        };
        const name = textOr(algorithm);
        const bytes = copy(data);
        if (signMode === verifyMode)
          return host(
            "crypto.verify.once",
            name,
            bytes,
            reference,
            options,
            copy(signature),
          );
        return arrayBuffer(
          host("crypto.sign.once", name, bytes, reference, options),
        );
      },
    ),
    RSACipherJob: jobClass(
      tools,
      (_mode, cipherMode, key, data, _variant, hash, label) =>
        arrayBuffer(
          host(
            "crypto.rsa",
            cipherMode === encryptMode ? "publicEncrypt" : "privateDecrypt",
            keys.reference(key),
            copy(data),
            {
              padding: oaepPadding,
              oaepHash: textOr(hash),
              oaepLabel: label === undefined ? undefined : copy(label),
            },
          ),
        ),
    ),
    DHBitsJob: jobClass(tools, (_mode, ...sides) =>
      arrayBuffer(
        host(
          "crypto.agree",
          keys.reference(sides[0], sides[1], sides[2], sides[3], sides[4]),
          keys.reference(sides[5], sides[6], sides[7], sides[8], sides[9]),
        ),
      ),
    ),
    KEMEncapsulateJob: jobClass(
      tools,
      (mode, data, format, type, passphrase, namedCurve) => {
        const made = host(
          "crypto.encapsulate",
          keys.reference(data, format, type, passphrase, namedCurve),
        );
        const [sharedKey, ciphertext] = Array.isArray(made) ? made : [];
        return mode === webMode
          ? {
              sharedKey: arrayBuffer(sharedKey),
              ciphertext: arrayBuffer(ciphertext),
            }
          : [buffer(sharedKey), buffer(ciphertext)];
      },
    ),
    KEMDecapsulateJob: jobClass(
      tools,
      (mode, data, format, type, passphrase, namedCurve, ciphertext) => {
        const made = host(
          "crypto.decapsulate",
          keys.reference(data, format, type, passphrase, namedCurve),
          copy(ciphertext),
        );
        return mode === webMode ? arrayBuffer(made) : buffer(made);
      },
    ),
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
    padding: numberOr(padding),
    saltLength: numberOr(saltLength),
    dsaEncoding: encoding === p1363 ? "ieee-p1363" : undefined,
  };
}

function numberOr(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOr(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
