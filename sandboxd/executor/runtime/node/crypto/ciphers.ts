/** CipherBase, and the jobs of WebCrypto that encrypt with a secret key. */
import { cut, lengthOf, part, setBytes } from "../bytes/views.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import { secretOf } from "./keys.ts";
import { invalidState, type Members, type Tools } from "./tools.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Of the host's: what it takes in one call, by what the algorithm is like. */
const sizes = new Map<unknown, number>([
  ["piece", 1024 * 1024],
  ["bitwise", 64 * 1024],
  ["whole", Infinity],
]);

/** One operation that is under way on the host, until its end. */
class Session {
  readonly #tools: Tools;
  readonly #id: number;
  readonly #size: number;

  constructor(
    tools: Tools,
    encrypts: boolean,
    name: string,
    key: Bytes,
    iv: Bytes | null,
    options: { [name: string]: string | number | undefined },
  ) {
    this.#tools = tools;
    this.#id = tools.nextId();
    const kind = tools.host(
      "crypto.cipher.open",
      this.#id,
      encrypts,
      name,
      key,
      iv,
      options,
    );
    this.#size = sizes.get(kind) ?? Infinity;
  }

  update(bytes: Bytes): Bytes {
    const length = lengthOf(bytes);
    if (length <= this.#size) return this.#piece(bytes);
    const made: Bytes[] = [];
    for (let at = 0; at < length; at += this.#size)
      made.push(this.#piece(cut(bytes, at, Math.min(at + this.#size, length))));
    return joined(made);
  }

  #piece(bytes: Bytes): Bytes {
    return answered(this.#tools.host("crypto.cipher.update", this.#id, bytes));
  }

  end(): [last: Bytes, tag: Bytes | undefined] {
    const made = this.#tools.host("crypto.cipher.end", this.#id);
    const [last, tag] = Array.isArray(made) ? made : [];
    return [answered(last), tag === undefined ? undefined : answered(tag)];
  }

  ask(
    question: "tag" | "extra" | "padding",
    ...parameters: (Bytes | boolean | number | undefined)[]
  ) {
    this.#tools.host(`crypto.cipher.${question}`, this.#id, ...parameters);
  }
}

export function cipherMembers(tools: Tools): Members {
  const { host, copy, buffer } = tools;

  class CipherBase {
    readonly #session: Session;
    readonly #encrypts: boolean;
    #isFinal = false;
    #tag: Bytes | undefined;

    constructor(
      encrypts: boolean,
      name: string,
      key: unknown,
      iv: unknown,
      authTagLength: number,
      ctsMode?: string,
      xtsStandard?: string,
    ) {
      this.#encrypts = encrypts;
      this.#session = new Session(
        tools,
        encrypts,
        name,
        secretOf(tools, key),
        iv === null ? null : copy(iv),
        {
          authTagLength: authTagLength === -1 ? undefined : authTagLength,
          ctsMode,
          xtsStandard,
        },
      );
    }

    update(data: unknown, encoding: unknown): unknown {
      if (this.#isFinal)
        throw new Error("Trying to add data in unsupported state");
      return buffer(this.#session.update(copy(data, encoding)));
    }

    final(): unknown {
      if (this.#isFinal) throw invalidState("Invalid state");
      this.#isFinal = true;
      const [last, tag] = this.#session.end();
      this.#tag = tag;
      return buffer(last);
    }

    setAutoPadding(isOn: boolean): boolean {
      if (this.#isFinal) return false;
      this.#session.ask("padding", isOn);
      return true;
    }

    getAuthTag(): unknown {
      if (!this.#encrypts || !this.#tag) return undefined;
      return buffer(copy(this.#tag));
    }

    setAuthTag(tag: unknown): boolean {
      if (this.#isFinal || this.#encrypts) return false;
      this.#session.ask("tag", copy(tag));
      return true;
    }

    setAAD(extra: unknown, plaintextLength: number): boolean {
      if (this.#isFinal) return false;
      this.#session.ask(
        "extra",
        copy(extra),
        plaintextLength === -1 ? undefined : plaintextLength,
      );
      return true;
    }
  }

  return {
    CipherBase,
    getCiphers: () => host("crypto.ciphers"),
    getSSLCiphers: () => host("crypto.tlsCiphers"),
    getCipherInfo: (
      name: string | number,
      keyLength?: number,
      ivLength?: number,
    ) => {
      const info = host("crypto.cipher.info", name, { keyLength, ivLength });
      return info === undefined
        ? undefined
        : Object.assign(Object.create(null), info);
    },
    AESCipherJob: jobClass(
      tools,
      (_mode, cipherMode, key, data, variant, ...rest) =>
        arrayBuffer(
          aes(
            tools,
            cipherMode === 0,
            secretOf(tools, key),
            copy(data),
            Number(variant),
            rest,
          ),
        ),
    ),
    ChaCha20Poly1305CipherJob: jobClass(
      tools,
      (_mode, cipherMode, key, data, iv, extra) =>
        arrayBuffer(
          sealed(
            tools,
            "chacha20-poly1305",
            cipherMode === 0,
            secretOf(tools, key),
            copy(data),
            {
              iv: copy(iv),
              tagBytes: fullTagBytes,
              extra: extra === undefined ? undefined : copy(extra),
            },
          ),
        ),
    ),
  };
}

const fullTagBytes = 16;
const blockBytes = 16;
const keyBits = [128, 192, 256];

/** By Node's number for the mode and the length of its key. */
function aes(
  tools: Tools,
  encrypts: boolean,
  key: Bytes,
  data: Bytes,
  variant: number,
  [first, second, third]: readonly unknown[],
): Bytes {
  const bits = keyBits[variant % keyBits.length];
  const mode = Math.floor(variant / keyBits.length);
  switch (mode) {
    case 0:
      return counted(
        tools,
        `aes-${bits}-ctr`,
        key,
        data,
        tools.copy(first),
        Number(second),
      );
    case 1:
      return plain(
        tools,
        `aes-${bits}-cbc`,
        encrypts,
        key,
        data,
        tools.copy(first),
      );
    case 3:
      return plain(
        tools,
        `id-aes${bits}-wrap`,
        encrypts,
        key,
        data,
        new Uint8Array(8).fill(0xa6),
      );
    default:
      return sealed(
        tools,
        `aes-${bits}-${mode === 2 ? "gcm" : "ocb"}`,
        encrypts,
        key,
        data,
        {
          iv: tools.copy(first),
          tagBytes: Number(second),
          extra: third === undefined ? undefined : tools.copy(third),
        },
      );
  }
}

function plain(
  tools: Tools,
  name: string,
  encrypts: boolean,
  key: Bytes,
  data: Bytes,
  iv: Bytes,
): Bytes {
  const session = new Session(tools, encrypts, name, key, iv, {});
  const body = session.update(data);
  return joined([body, session.end()[0]]);
}

interface Seal {
  iv: Bytes;
  tagBytes: number;
  extra: Bytes | undefined;
}

/** With its tag behind it. */
function sealed(
  tools: Tools,
  name: string,
  encrypts: boolean,
  key: Bytes,
  data: Bytes,
  { iv, tagBytes, extra }: Seal,
): Bytes {
  const session = new Session(tools, encrypts, name, key, iv, {
    authTagLength: tagBytes,
  });
  const bodyBytes = encrypts ? lengthOf(data) : lengthOf(data) - tagBytes;
  if (bodyBytes < 0) throw failed();
  if (!encrypts) session.ask("tag", cut(data, bodyBytes, lengthOf(data)));
  if (extra && lengthOf(extra) > 0) session.ask("extra", extra, undefined);
  const body = session.update(encrypts ? data : cut(data, 0, bodyBytes));
  const [last, tag] = sealedEnd(session);
  return joined(encrypts && tag ? [body, last, tag] : [body, last]);
}

/** A job says no more than that it failed. */
function sealedEnd(session: Session): [last: Bytes, tag: Bytes | undefined] {
  try {
    return session.end();
  } catch {
    throw failed();
  }
}

/** The counter is the last bits of the block; past its largest value it begins anew, and the rest of the block stays. */
function counted(
  tools: Tools,
  name: string,
  key: Bytes,
  data: Bytes,
  block: Bytes,
  counterBits: number,
): Bytes {
  const blocks = BigInt(Math.ceil(lengthOf(data) / blockBytes));
  const values = 1n << BigInt(counterBits);
  if (counterBits < 1 || counterBits > 128 || blocks > values) throw failed();
  const whole = numberOf(block);
  const counter = whole % values;
  const left = values - counter;
  if (blocks <= left) return plain(tools, name, true, key, data, block);
  const head = Number(left) * blockBytes;
  const again = blockOf(whole - counter);
  return joined([
    plain(tools, name, true, key, cut(data, 0, head), block),
    plain(tools, name, true, key, cut(data, head, lengthOf(data)), again),
  ]);
}

function numberOf(block: Bytes): bigint {
  let value = 0n;
  for (let at = 0; at < lengthOf(block); at++)
    value = value * 256n + BigInt(block[at] ?? 0);
  return value;
}

function blockOf(value: bigint): Bytes {
  const block = new Uint8Array(blockBytes);
  let rest = value;
  for (let at = blockBytes - 1; at >= 0; at--) {
    block[at] = Number(rest % 256n);
    rest /= 256n;
  }
  return block;
}

function failed(): Error {
  return new Error("Cipher job failed");
}

function answered(value: unknown): Bytes {
  if (value instanceof Uint8Array) return part(value, 0, lengthOf(value));
  throw new TypeError("no bytes came back");
}

function joined(all: readonly Bytes[]): Bytes {
  let length = 0;
  for (const bytes of all) length += lengthOf(bytes);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const bytes of all) {
    setBytes(whole, bytes, at);
    at += lengthOf(bytes);
  }
  return whole;
}
