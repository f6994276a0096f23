/** The jobs of WebCrypto that encrypt with a secret key. */
import { cut, lengthOf } from "../bytes/views.ts";
import { joined, Session, type Bytes } from "./cipher-session.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import { secretOf } from "./keys.ts";
import type { Members, Tools } from "./tools.ts";

export function cipherJobs(tools: Tools): Members {
  const { copy } = tools;
  return {
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
