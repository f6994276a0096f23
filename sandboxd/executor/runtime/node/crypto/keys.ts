/**
 * Keys, as Node's library holds them. A secret one is its bytes; of any other the host keeps what OpenSSL made of it,
 * and here is what it was read from, so that it can be read again.
 */
import { lengthOf } from "../bytes/views.ts";
import { formOf, secretIn, sourceOf, type Reference } from "./key-source.ts";
import { keyClasses, type MakeCryptoKey } from "./key-classes.ts";
import { timingSafeEqual } from "./equal.ts";
import type { Members, Tools } from "./tools.ts";

/** Of Node's binding. */
export const keyTypes = { secret: 0, public: 1, private: 2 } as const;
const compressedPoint = 2;

/** Taken by the parts of the binding that work with keys. */
export interface KeyMembers {
  members: Members;
  KeyObjectHandle: HandleClass;
  /** The class of the keys of WebCrypto. */
  cryptoKey: () => MakeCryptoKey;
  /** What functions of Node's library give for a key: a handle, or data and how to read it. */
  reference: (data: unknown, ...how: unknown[]) => Reference;
  /** Parameters that begin with those of a key, as the key and what follows. */
  split: (parameters: readonly unknown[]) => [Reference, ...rest: unknown[]];
  /** A key that the host has made, from its standard form. */
  adopt: (kind: "public" | "private", id: number, der: unknown) => object;
}

export type HandleClass = new () => Handle;

/** What the parts of the binding know of a handle. */
export interface Handle {
  init: (
    type: number,
    data: unknown,
    format?: unknown,
    encoding?: unknown,
    passphrase?: unknown,
    namedCurve?: unknown,
  ) => void;
}

/** The bytes of secret keys, for the parts that take a key or its bytes. */
const secrets = new WeakMap<object, Uint8Array<ArrayBuffer>>();

/** Of a secret key or of any bytes, a copy. */
export function secretOf(tools: Tools, key: unknown): Uint8Array<ArrayBuffer> {
  const known =
    typeof key === "object" && key !== null ? secrets.get(key) : undefined;
  return tools.copy(known ?? key);
}

export function keyMembers(tools: Tools): KeyMembers {
  const { host, copy, buffer, nextId } = tools;
  const classes = keyClasses();

  const typeName = (reference: Reference): string => {
    const type = host("crypto.key", reference);
    return typeof type === "string" ? type : "";
  };

  class KeyObjectHandle implements Handle {
    #type: number = keyTypes.secret;
    #reference: Reference | undefined;
    #asymmetricType: string | undefined;

    static referenceOf(handle: KeyObjectHandle): Reference {
      if (handle.#reference) return handle.#reference;
      throw new TypeError("this key is no pair's");
    }

    static adopt(type: number, reference: Reference): KeyObjectHandle {
      const handle = new KeyObjectHandle();
      handle.#type = type;
      handle.#reference = reference;
      return handle;
    }

    init(
      type: number,
      data: unknown,
      format?: unknown,
      encoding?: unknown,
      passphrase?: unknown,
      namedCurve?: unknown,
    ): void {
      this.#type = type;
      if (type === keyTypes.secret) {
        secrets.set(this, secretIn(tools, data, format));
        return;
      }
      const made: Reference = {
        id: nextId(),
        kind: type === keyTypes.public ? "public" : "private",
        ...(data instanceof KeyObjectHandle
          ? { from: KeyObjectHandle.referenceOf(data) }
          : sourceOf(tools, data, [format, encoding, passphrase, namedCurve])),
      };
      this.#asymmetricType = typeName(made);
      this.#reference = made;
    }

    getKeyType(): number {
      return this.#type;
    }

    getSymmetricKeySize(): number {
      return lengthOf(secretOf(tools, this));
    }

    getAsymmetricKeyType(): string {
      return (this.#asymmetricType ??= typeName(
        KeyObjectHandle.referenceOf(this),
      ));
    }

    /** What is no point of its curve is refused when it is read. */
    checkEcKeyData(): boolean {
      return this.getAsymmetricKeyType() === "ec";
    }

    keyDetail(target: Record<string, unknown>): unknown {
      const details = host(
        "crypto.key.details",
        KeyObjectHandle.referenceOf(this),
      );
      for (const [name, value] of Object.entries(Object(details)))
        target[name] = typeof value === "bigint" ? bytesOfNumber(value) : value;
      return target;
    }

    equals(other: KeyObjectHandle): boolean {
      if (this.#type !== other.#type) return false;
      if (this.#type === keyTypes.secret) {
        const [one, two] = [secretOf(tools, this), secretOf(tools, other)];
        return lengthOf(one) === lengthOf(two) && timingSafeEqual(one, two);
      }
      return (
        host(
          "crypto.key.equals",
          KeyObjectHandle.referenceOf(this),
          KeyObjectHandle.referenceOf(other),
        ) === true
      );
    }

    export(...how: unknown[]): unknown {
      return this.#type === keyTypes.secret
        ? buffer(secretOf(tools, this))
        : this.#exported(formOf(tools, how));
    }

    exportJwk(target: Record<string, unknown>): unknown {
      if (this.#type === keyTypes.secret) {
        target["kty"] = "oct";
        target["k"] = Reflect.apply(
          Reflect.get(buffer(new Uint8Array(0)), "toString"),
          buffer(secretOf(tools, this)),
          ["base64url"],
        );
        return target;
      }
      const jwk = this.#exported({ format: "jwk" });
      return Object.assign(target, jwk);
    }

    rawPublicKey(): unknown {
      return this.#exported({ format: "raw-public" });
    }

    rawPrivateKey(): unknown {
      return this.#exported({ format: "raw-private" });
    }

    rawSeed(): unknown {
      return this.#exported({ format: "raw-seed" });
    }

    exportECPublicRaw(form: unknown): unknown {
      return this.#exported({
        format: "raw-public",
        type: form === compressedPoint ? "compressed" : "uncompressed",
      });
    }

    exportECPrivateRaw(): unknown {
      return this.#exported({ format: "raw-private" });
    }

    #exported(how: Reference): unknown {
      const made = host(
        "crypto.key.export",
        KeyObjectHandle.referenceOf(this),
        how,
      );
      return made instanceof Uint8Array ? buffer(made) : made;
    }
  }

  const reference: KeyMembers["reference"] = (data, ...how) =>
    data instanceof KeyObjectHandle
      ? KeyObjectHandle.referenceOf(data)
      : sourceOf(tools, data, how);

  return {
    KeyObjectHandle,
    members: { KeyObjectHandle, ...classes.members },
    cryptoKey: classes.cryptoKey,
    reference,
    split: ([data, format, type, passphrase, namedCurve, ...rest]) => [
      reference(data, format, type, passphrase, namedCurve),
      ...rest,
    ],
    adopt: (kind, id, der) =>
      KeyObjectHandle.adopt(keyTypes[kind], {
        id,
        kind,
        format: "der",
        type: kind === "public" ? "spki" : "pkcs8",
        data: copy(der),
      }),
  };
}

/** Big-endian, without leading zeros. */
function bytesOfNumber(value: bigint): ArrayBuffer {
  const digits = value.toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes.buffer;
}
