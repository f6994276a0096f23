/**
 * Not MongoDB: a server of its wire protocol, with as much behind it as a driver needs to log in, watch its topology, keep a
 * pool, write and read. No package of npm's carries MongoDB's own server.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { deserialize, serialize, type Document } from "bson";
import { originCertificate, originKey } from "./certificate.ts";
import { createCommands, type Commands } from "./mongo-commands.ts";

export interface MongoServer {
  port: number;
  /** Names of the commands it was given, in order. */
  readonly commands: string[];
  readonly openConnections: number;
  close(): Promise<void>;
}

export interface MongoOptions {
  user: string;
  password: string;
  /** Every connection begins with TLS. */
  isTls?: boolean;
}

const headerBytes = 16;
const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const maxMessageBytes = 48_000_000;

export async function startMongoServer(
  options: MongoOptions,
): Promise<MongoServer> {
  const commands: string[] = [];
  const open = new Set<Socket>();
  const answer = createCommands(options);
  const serve = (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    const session = answer();
    void serveMessages(socket, (command) => {
      commands.push(Object.keys(command)[0] ?? "");
      return session(command);
    });
  };
  const server = options.isTls
    ? createTlsServer({ key: originKey, cert: originCertificate }, serve)
    : createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
    port: (server.address() as AddressInfo).port,
    commands,
    get openConnections() {
      return open.size;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers the connection's messages, one after the other, until it ends. */
async function serveMessages(
  socket: Socket,
  answer: ReturnType<Commands>,
): Promise<void> {
  let id = 1;
  try {
    for await (const message of messagesOf(socket)) {
      const asked = message.readInt32LE(4);
      const kind = message.readInt32LE(12);
      if (kind !== opMsg && kind !== opQuery)
        throw new Error(`an operation of kind ${kind}`);
      const command = kind === opMsg ? commandOf(message) : queryOf(message);
      const body = await answer(command);
      socket.write(
        kind === opMsg
          ? messageAnswer(id, asked, body)
          : queryAnswer(id, asked, body),
      );
      id++;
    }
  } catch {
    // What it sent was none of the protocol, or it has gone.
    socket.destroy();
  }
}

async function* messagesOf(socket: Socket): AsyncGenerator<Buffer> {
  let bytes = Buffer.alloc(0);
  for await (const part of socket) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has no encoding
    bytes = Buffer.concat([bytes, part as Buffer]);
    while (bytes.length >= headerBytes) {
      const length = bytes.readInt32LE(0);
      if (length < headerBytes || length > maxMessageBytes)
        throw new Error("the length of a message");
      if (bytes.length < length) break;
      yield bytes.subarray(0, length);
      bytes = bytes.subarray(length);
    }
  }
}

/** The document of a message, with the sequences of documents that were sent beside it. */
function commandOf(message: Buffer): Document {
  const hasChecksum = (message.readUInt32LE(16) & 1) === 1;
  const end = message.length - (hasChecksum ? 4 : 0);
  const command: Document = {};
  let at = 20;
  while (at < end) {
    const isSequence = message[at] === 1;
    const start = at + 1;
    const next = start + message.readInt32LE(start);
    if (isSequence) {
      const nameEnd = message.indexOf(0, start + 4);
      const name = message.toString("utf8", start + 4, nameEnd);
      command[name] = documentsIn(message.subarray(nameEnd + 1, next));
    } else
      Object.assign(command, deserialize(message.subarray(start, next), asIs));
    at = next;
  }
  return command;
}

function documentsIn(bytes: Buffer): Document[] {
  const documents: Document[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + bytes.readInt32LE(at);
    documents.push(deserialize(bytes.subarray(at, next), asIs));
    at = next;
  }
  return documents;
}

/** Of the old kind of message that a driver says hello with. */
function queryOf(message: Buffer): Document {
  const nameEnd = message.indexOf(0, headerBytes + 4);
  return deserialize(message.subarray(nameEnd + 1 + 8), asIs);
}

/** Numbers stay what they were, so that what is stored comes back. */
const asIs = { promoteValues: false, promoteBuffers: false } as const;

function messageAnswer(id: number, asked: number, body: Document): Buffer {
  const flagsAndKind = Buffer.alloc(5);
  return framed(id, asked, opMsg, [flagsAndKind, serialize(body)]);
}

function queryAnswer(id: number, asked: number, body: Document): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(1, 16); // one document
  return framed(id, asked, opReply, [head, serialize(body)]);
}

function framed(
  id: number,
  asked: number,
  kind: number,
  parts: Uint8Array[],
): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + body.length, 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(asked, 8);
  header.writeInt32LE(kind, 12);
  return Buffer.concat([header, body]);
}
