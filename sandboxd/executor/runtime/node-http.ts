/**
 * Node's own request and response, for extensions that use its `http`: its real classes, over a socket that is no more than
 * memory. So frameworks find every property they lean on; what is written is the answer, and no bytes of HTTP are made.
 */
// oxlint-disable no-underscore-dangle -- members of Node's own classes
import type { Answer } from "./answer.ts";
import { bytesToText, textToBytes } from "./bytes.ts";
import type { Context, RequestHead } from "./context.ts";
import { createHeaders } from "./headers.ts";
import {
  append,
  defineProperty,
  dictionary,
  indexInText,
  lowerCase,
  sliceText,
  toNumber,
} from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";
import type { Incoming, Library, Outgoing, Socket } from "./node-http-types.ts";

export interface NodeExchange {
  request: object;
  response: object;
}

/** Of the body, at a time. */
const pieceBytes = 64 * 1024;
const statusStart = "HTTP/1.1 ".length;
const lineEnd = "\r\n";

/** A request as it came and the response that answers the call. */
export function createNodeExchange(
  realm: Realm,
  {
    head,
    body,
    context,
  }: { head: RequestHead; body: string; context: Context | undefined },
  answer: Answer,
): NodeExchange {
  const library = libraryOf(realm);
  const sent = createSent(library, answer);
  const socket = createSocket(library, sent);
  const request = createIncoming(library, socket, head, body);
  if (context) defineHidden(request, "webtaskContext", context);
  const response = createOutgoing(library, { request, socket, sent, answer });
  return { request, response };
}

function libraryOf(realm: Realm): Library {
  const { IncomingMessage } = realm.internal("_http_incoming");
  const { ServerResponse } = realm.internal("_http_server");
  const { Duplex } = realm.internal("stream");
  const { Buffer } = realm.internal("buffer");
  const { nextTick } = realm.internal("process");
  const { kNeedDrain: needDrain } = realm.internal("internal/http");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own, as its library exports them
  return {
    IncomingMessage,
    ServerResponse,
    Duplex,
    Buffer,
    nextTick,
    needDrain,
    host: realm.host,
  } as Library;
}

/** What was written of the answer so far. */
interface Sent {
  /** As Node's library puts it together: a first line, and a line for each header. */
  header: string;
  isDelivered: boolean;
  take: (chunk: string | Uint8Array, encoding: string) => boolean;
  deliver: () => void;
}

interface Piece {
  chunk: string | Uint8Array;
  encoding: string;
}

function createSent({ Buffer, host }: Library, answer: Answer): Sent {
  const pieces: Piece[] = [];
  let isText = true;
  let size = 0;

  const bytesOf = ({ chunk, encoding }: Piece) =>
    typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
  const body = () => {
    let text = "";
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at];
      if (!piece) continue;
      const { chunk } = piece;
      text +=
        isText && typeof chunk === "string"
          ? chunk
          : bytesToText(host, bytesOf(piece));
    }
    return text;
  };

  const sent: Sent = {
    header: "",
    isDelivered: false,
    take: (chunk, encoding) => {
      size += toNumber(chunk.length);
      if (size > answer.maxBytes) {
        answer.tooLong(size);
        return false;
      }
      if (typeof chunk !== "string" || !isUtf8(encoding)) isText = false;
      append(pieces, { chunk, encoding });
      return true;
    },
    deliver: () => {
      if (sent.isDelivered) return;
      sent.isDelivered = true;
      const status = toNumber(
        sliceText(sent.header, statusStart, statusStart + 3),
      );
      if (!(status >= 100 && status <= 599)) {
        answer.fail(
          "invalid_result",
          "the status code must be from 100 to 599",
        );
        return;
      }
      const headers = headersOf(sent.header);
      answer.respond(status, {
        contentType: headers.contentType(),
        headersJson: headers.toJson(),
        encoding: isText ? "utf8" : "latin1",
        body: body(),
      });
    },
  };
  return sent;
}

function isUtf8(encoding: string): boolean {
  const name = lowerCase(encoding);
  return name === "utf8" || name === "utf-8";
}

/** Those of the answer; what is of a connection stays here. */
function headersOf(header: string) {
  const headers = createHeaders();
  let start = indexInText(header, lineEnd) + lineEnd.length;
  for (;;) {
    const end = indexInText(header, lineEnd, start);
    if (end <= start) return headers;
    const colon = indexInText(header, ": ", start);
    const name = sliceText(header, start, colon);
    if (!isOfConnection(lowerCase(name)))
      headers.append(name, sliceText(header, colon + 2, end));
    start = end + lineEnd.length;
  }
}

function isOfConnection(name: string): boolean {
  return (
    name === "connection" ||
    name === "keep-alive" ||
    name === "transfer-encoding"
  );
}

/** What Node's library and its users ask of a connection. */
function createSocket({ Duplex }: Library, sent: Sent): Socket {
  const socket = new Duplex({
    decodeStrings: false,
    allowHalfOpen: true,
    read: () => undefined,
    write: (chunk, encoding, done) => {
      const isTaken = sent.take(chunk, encoding);
      done(isTaken ? null : new RangeError("the response is too long"));
    },
  });
  const itself = () => socket;
  const address = () => ({ address: loopback, family: "IPv4", port: 80 });
  const members: Record<string, unknown> = {
    remoteAddress: loopback,
    remoteFamily: "IPv4",
    remotePort: 0,
    localAddress: loopback,
    localFamily: "IPv4",
    localPort: 80,
    address,
    setTimeout: itself,
    setKeepAlive: itself,
    setNoDelay: itself,
    ref: itself,
    unref: itself,
    destroySoon: () => socket.destroy(),
  };
  Object.assign(socket, members);
  // Whoever ends a connection with an error is told by `close`.
  socket.on("error", () => undefined);
  return socket;
}

const loopback = "127.0.0.1";

function createIncoming(
  { IncomingMessage, Buffer, host }: Library,
  socket: Socket,
  head: RequestHead,
  body: string,
): Incoming {
  const request = new IncomingMessage(socket);
  request.method = head.method;
  request.url = head.url;
  request.httpVersion = "1.1";
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.upgrade = false;
  const lines = linesOf(head.rawHeaders, body.length);
  request._addHeaderLines(lines, lines.length);
  let bytes: Uint8Array | undefined;
  let at = 0;
  // As long as it is wanted, and no further.
  defineHidden(request, "_read", () => {
    bytes ??= textToBytes(host, body);
    while (at < bytes.length) {
      const piece = Buffer.from(bytes.buffer, at, pieceLength(bytes, at));
      at += piece.length;
      if (!request.push(piece)) return;
    }
    request.complete = true;
    request.push(null);
  });
  return request;
}

function pieceLength(bytes: Uint8Array, at: number): number {
  const left = bytes.length - at;
  return left < pieceBytes ? left : pieceBytes;
}

/** The body is what it is, whatever length or coding its way here had. */
function linesOf(rawHeaders: string[], bodyBytes: number): string[] {
  const lines: string[] = [];
  let hadLength = false;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const key = lowerCase(name);
    if (key === "content-length") hadLength = true;
    if (key === "content-length" || isOfConnection(key)) continue;
    append(lines, name);
    append(lines, rawHeaders[at + 1] ?? "");
  }
  if (bodyBytes === 0 && !hadLength) return lines;
  append(lines, "Content-Length");
  append(lines, `${bodyBytes}`);
  return lines;
}

interface OutgoingParts {
  request: Incoming;
  socket: Socket;
  sent: Sent;
  answer: Answer;
}

function createOutgoing(
  { ServerResponse, nextTick, needDrain }: Library,
  { request, socket, sent, answer }: OutgoingParts,
): Outgoing {
  const response = new ServerResponse(request);
  // The gateway dates its answers.
  response.sendDate = false;
  response.shouldKeepAlive = true;
  keepHeader(response, sent);
  response.assignSocket(socket);
  socket.on("drain", () => {
    if (!response.writableNeedDrain || response.writableLength > 0) return;
    Reflect.set(response, needDrain, false);
    response.emit("drain");
  });
  response.on("finish", () => {
    if (!request._consuming && !request._readableState.resumeScheduled)
      request._dump();
    response.detachSocket(socket);
    nextTick(() => {
      closeResponse(response);
      socket.end();
      // After those who wait for `finish` and `close`, loggers among them.
      nextTick(sent.deliver);
    });
  });
  response.on("close", () => {
    if (response.writableFinished) return;
    sent.isDelivered = true;
    const { errored } = socket;
    const why = errored ? `: ${errored.message}` : "";
    answer.fail(
      "invalid_result",
      `the response was destroyed before its end${why}`,
    );
  });
  return response;
}

function closeResponse(response: Outgoing): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit("close");
}

/** Nothing of HTTP goes to the socket: neither headers, nor the frames of chunks, nor interim answers. */
function keepHeader(response: Outgoing, sent: Sent): void {
  const { _storeHeader, _send, _writeRaw } = response;
  let isBody = false;
  defineHidden(
    response,
    "_storeHeader",
    function storeHeader(this: Outgoing, line: string, headers: unknown) {
      Reflect.apply(_storeHeader, this, [line, headers]);
      sent.header = this._header;
      this._headerSent = true;
      this.chunkedEncoding = false;
    },
  );
  defineHidden(
    response,
    "_send",
    function send(this: Outgoing, ...parameters: unknown[]) {
      isBody = true;
      try {
        return Reflect.apply(_send, this, parameters);
      } finally {
        isBody = false;
      }
    },
  );
  defineHidden(
    response,
    "_writeRaw",
    function writeRaw(this: Outgoing, ...parameters: unknown[]) {
      if (isBody) return Reflect.apply(_writeRaw, this, parameters);
      const told = parameters[parameters.length - 1];
      if (typeof told === "function") Reflect.apply(told, undefined, []);
      return true;
    },
  );
}

function defineHidden(owner: object, name: string, value: unknown): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
