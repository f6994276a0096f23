/** Keys that say themselves what it costs to read or to use them: the host looks before OpenSSL does. */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { createHostCalls } from "../../../../../sandboxd/executor/host/host-calls.ts";

const passphrase = "secret";
const sequence = 0x30;
const integer = 0x02;
const bytes = 0x04;

const heap = { limit: 0, total: 0, used: 0, external: 0 };
const host = createHostCalls({ heap: () => heap, stackAsRead: String });

afterAll(() => host.close());

test("an encrypted key is read as its standard has it, and by no indefinite length", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const der = privateKey.export({
    format: "der",
    type: "pkcs8",
    cipher: "aes-256-cbc",
    passphrase,
  });
  const [header = "", secret = ""] = membersOf(der);
  const definite = element(sequence, header, secret);
  expect(typeOf(hexed(definite))).toBe("ed25519");
  expect(typeOf(pemOf(definite), "pem")).toBe("ed25519");

  const forms = [
    endless(sequence, header, secret),
    element(sequence, endless(sequence, ...membersOf(hexed(header))), secret),
  ];
  for (const form of forms) {
    // Why it must not come so far: OpenSSL reads it, and nobody would have seen the numbers of its header.
    const key = createPrivateKey({
      key: pemOf(form),
      passphrase,
    });
    expect(key.asymmetricKeyType).toBe("ed25519");
    const refusal = { code: "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM" };
    expect(typeOf(pemOf(form), "pem")).toMatchObject(refusal);
    expect(typeOf(hexed(form))).toMatchObject(refusal);
  }
});

test("a Diffie-Hellman key of a known group is read, and none with a number longer than it need be", () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types leave this kind out
  const generate = generateKeyPairSync as unknown as (
    type: "dh",
    options: { group: string },
  ) => { privateKey: KeyObject };
  const { privateKey } = generate("dh", { group: "modp18" });
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  expect(typeOf(der)).toBe("dh");

  const [version = "", algorithm = ""] = membersOf(der);
  const long = element(integer, "7f".repeat(4096));
  const costly = element(sequence, version, algorithm, element(bytes, long));
  expect(typeOf(hexed(costly))).toMatchObject({
    code: "ERR_ANNEX_LIMIT",
    message: expect.stringContaining("dhKeyBytes = 2560"),
  });
});

test("a signature that takes a second is not made, however its key comes", () => {
  const { privateKey } = generateKeyPairSync("slh-dsa-sha2-128s");
  const fast = generateKeyPairSync("ed25519").privateKey;
  for (const format of ["pem", "der"] as const) {
    expect(signedBy(fast, format)).toHaveLength(64);
    expect(signedBy(privateKey, format)).toMatchObject({
      code: "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
    });
  }
});

function signedBy(key: KeyObject, format: "pem" | "der"): unknown {
  const type = "pkcs8";
  // Node's types know no option that may be either.
  const text =
    format === "pem"
      ? key.export({ format, type })
      : key.export({ format, type });
  const data = new Uint8Array(Buffer.from(text));
  const reference = { format, type, data };
  const message = new Uint8Array(1);
  return told(host.call("crypto.sign.once", undefined, message, reference, {}));
}

let lastId = 0;

function typeOf(key: string | Buffer, format = "der"): unknown {
  return told(
    host.call("crypto.key", {
      id: ++lastId,
      kind: "private",
      format,
      type: "pkcs8",
      data: new Uint8Array(Buffer.from(key)),
      passphrase: new Uint8Array(Buffer.from(passphrase)),
    }),
  );
}

function told(answer: unknown): unknown {
  return typeof answer === "object" && answer !== null && "thrown" in answer
    ? answer.thrown
    : answer;
}

function pemOf(der: string): string {
  const label = "ENCRYPTED PRIVATE KEY";
  const lines = hexed(der)
    .toString("base64")
    .replaceAll(/.{64}/g, (line) => `${line}\n`);
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function hexed(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

/** DER, in hex. */
function element(tag: number, ...contents: string[]): string {
  const content = contents.join("");
  const head = Buffer.from([tag, 0x82, 0, 0]);
  head.writeUInt16BE(content.length / 2, 2);
  // The shortest form of a length is the only one that DER has.
  const length = content.length / 2;
  if (length < 0x80) return `${hexOf([tag, length])}${content}`;
  if (length < 0x100) return `${hexOf([tag, 0x81, length])}${content}`;
  return `${head.toString("hex")}${content}`;
}

/** BER, which ends an element by two zeros. */
function endless(tag: number, ...contents: string[]): string {
  return `${hexOf([tag, 0x80])}${contents.join("")}0000`;
}

function hexOf(list: number[]): string {
  return Buffer.from(list).toString("hex");
}

/** What is in an element, each with its head. */
function membersOf(der: Buffer): string[] {
  const members: string[] = [];
  for (let { start, end } = boundsOf(der, 0); start < end;) {
    const { end: next } = boundsOf(der, start);
    members.push(der.subarray(start, next).toString("hex"));
    start = next;
  }
  return members;
}

function boundsOf(der: Buffer, at: number): { start: number; end: number } {
  const first = der.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  const length = lengthBytes ? der.readUIntBE(at + 2, lengthBytes) : first;
  return { start, end: start + length };
}
