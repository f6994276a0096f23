/** What the test's server of MongoDB's protocol does with commands: a log-in by SCRAM, and documents in memory. */
import {
  createHash,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { Binary, Long, serialize, type Document } from "bson";

export interface Login {
  user: string;
  password: string;
}

/** Gives what answers the commands of one connection. */
export type Commands = () => (command: Document) => Promise<Document>;

const namespace = "shop.things";
const batchSize = 100;
const iterations = 15_000;
/** What needs no log-in. */
const open = new Set(["hello", "ismaster", "saslStart", "saslContinue"]);

export function createCommands(login: Login): Commands {
  const things = new Map<string, Document>();
  const cursors = new Map<string, Document[]>();
  let lastCursor = 0;

  const insert = (documents: Document[]) => {
    const writeErrors: Document[] = [];
    for (const [index, document] of documents.entries()) {
      const key = keyOf(document["_id"]);
      if (things.has(key))
        writeErrors.push({
          index,
          code: 11000,
          errmsg: `E11000 duplicate key error collection: ${namespace}`,
        });
      else things.set(key, document);
    }
    const n = documents.length - writeErrors.length;
    return { ok: 1, n, ...(writeErrors.length > 0 && { writeErrors }) };
  };

  const batchOf = (cursor: string, found: Document[], name: string) => {
    const rest = found.slice(batchSize);
    if (rest.length > 0) cursors.set(cursor, rest);
    else cursors.delete(cursor);
    const id = Long.fromString(rest.length > 0 ? cursor : "0");
    const batch = found.slice(0, batchSize);
    return { ok: 1, cursor: { id, ns: namespace, [name]: batch } };
  };

  const find = (filter: Document) => {
    const found = [...things.values()].filter((document) =>
      Object.entries(filter).every(
        ([name, wanted]) => keyOf(document[name]) === keyOf(wanted),
      ),
    );
    lastCursor++;
    return batchOf(String(lastCursor), found, "firstBatch");
  };

  const commands: Record<string, (command: Document) => Document> = {
    ping: () => ({ ok: 1 }),
    insert: (command) => insert(listOf(command["documents"])),
    find: (command) => find(documentOf(command["filter"])),
    getMore: (command) => {
      const cursor = String(command["getMore"]);
      return batchOf(cursor, cursors.get(cursor) ?? [], "nextBatch");
    },
    endSessions: () => ({ ok: 1 }),
  };

  return () => {
    const scram = createScram(login);
    return async (command) => {
      const name = Object.keys(command)[0] ?? "";
      if (name === "hello" || name === "ismaster") return hello(command);
      if (name.startsWith("sasl")) return scram.next(command);
      if (!open.has(name) && !scram.isDone)
        return failure(13, "Unauthorized", `${name} requires authentication`);
      const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
      return (
        known?.(command) ??
        failure(59, "CommandNotFound", `no such command: '${name}'`)
      );
    };
  };
}

function hello(command: Document): Document {
  return {
    ok: 1,
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    minWireVersion: 0,
    maxWireVersion: 21,
    logicalSessionTimeoutMinutes: 30,
    localTime: new Date(),
    readOnly: false,
    ...("saslSupportedMechs" in command && {
      saslSupportedMechs: ["SCRAM-SHA-256"],
    }),
  };
}

/** The server's half of SCRAM-SHA-256 (RFC 7677), said step by step. */
function createScram({ user, password }: Login) {
  const salt = randomBytes(28);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const stored = createHash("sha256").update(clientKey).digest();
  let firstBare = "";
  let challenge = "";
  let isDone = false;

  const begin = (said: string) => {
    firstBare = said.slice(3); // "n,,"
    const { n: name, r: nonce } = partsOf(firstBare);
    if (name !== user) return undefined;
    const whole = `${nonce}${randomBytes(18).toString("base64")}`;
    challenge = `r=${whole},s=${salt.toString("base64")},i=${iterations}`;
    return { done: false, text: challenge };
  };

  const end = (said: string) => {
    const { p: proof = "" } = partsOf(said);
    const withoutProof = said.slice(0, said.lastIndexOf(",p="));
    const signed = `${firstBare},${challenge},${withoutProof}`;
    const given = xor(Buffer.from(proof, "base64"), hmac(stored, signed));
    const hashed = createHash("sha256").update(given).digest();
    if (!timingSafeEqual(hashed, stored)) return undefined;
    isDone = true;
    const verifier = hmac(hmac(salted, "Server Key"), signed);
    return { done: true, text: `v=${verifier.toString("base64")}` };
  };

  return {
    get isDone() {
      return isDone;
    },
    next: (command: Document): Document => {
      const { payload } = command;
      const said = payload instanceof Binary ? payload.toString("utf8") : "";
      const step = "saslStart" in command ? begin(said) : end(said);
      if (!step)
        return failure(18, "AuthenticationFailed", "Authentication failed.");
      const bytes = new Binary(Buffer.from(step.text));
      return { ok: 1, conversationId: 1, done: step.done, payload: bytes };
    },
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)));
}

function partsOf(said: string): Record<string, string> {
  return Object.fromEntries(
    said.split(",").map((part) => [part[0] ?? "", part.slice(2)]),
  );
}

function failure(code: number, codeName: string, errmsg: string): Document {
  return { ok: 0, code, codeName, errmsg };
}

/** Equal for what is equal in BSON. */
function keyOf(value: unknown): string {
  return Buffer.from(serialize({ value })).toString("latin1");
}

function listOf(value: unknown): Document[] {
  return Array.isArray(value) ? value.map(documentOf) : [];
}

function documentOf(value: unknown): Document {
  return typeof value === "object" && value !== null ? value : {};
}
