/** Node's request and response, as far as an extension sees them that does not use `http`: over Node's streams alone. */
import type { Answer } from "./answer.ts";
import { bytesToText, textToBytes } from "./bytes.ts";
import type { Context, RequestHead } from "./context.ts";
import { createHeaders, type HeaderValue, type Headers } from "./headers.ts";
import { append, toNumber } from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";

/** The request as a readable stream of exactly the caller's bytes. */
export function createRequest(
  realm: Realm,
  head: RequestHead,
  body: string,
  context: Context,
): object {
  const { Readable, Buffer } = streamsOf(realm);
  let isRead = false;
  const request = new Readable({
    read() {
      if (isRead) return;
      isRead = true;
      if (body.length > 0) {
        const bytes = textToBytes(realm.host, body);
        this.push(Buffer.from(bytes.buffer));
      }
      this.push(null);
    },
  });
  return Object.assign(request, {
    method: head.method,
    url: head.url,
    headers: head.headers,
    rawHeaders: head.rawHeaders,
    httpVersion: "1.1",
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    webtaskContext: context,
  });
}

/** The response as a writable stream; its end answers the call. */
export function createResponse(realm: Realm, answer: Answer): object {
  const { Writable, Buffer } = streamsOf(realm);
  const headers = createHeaders();
  const chunks: Uint8Array[] = [];
  let size = 0;

  const response = new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding: string, done: (e?: Error) => void) {
      response.headersSent = true;
      size += toNumber(chunk.length);
      if (size > answer.maxBytes) {
        answer.tooLong(size);
        done(new RangeError("the response is too long"));
        return;
      }
      append(chunks, chunk);
      done();
    },
    final(done: () => void) {
      response.headersSent = true;
      response.finished = true;
      const body = bytesToText(realm.host, Buffer.concat(chunks));
      send(answer, response.statusCode, headers, body);
      done();
    },
  });
  // After result_size there is nobody left to tell.
  response.on("error", () => {});
  response.statusCode = 200;
  response.statusMessage = "";
  response.headersSent = false;
  response.finished = false;
  addHeaderMethods(response, headers);
  return response;
}

interface Streams {
  Readable: new (options: { read: (this: Pushed) => void }) => object;
  Writable: new (options: object) => WritableResponse;
  Buffer: {
    from(memory: ArrayBufferLike): Uint8Array;
    concat(chunks: Uint8Array[]): Uint8Array;
  };
}

interface Pushed {
  push(piece: Uint8Array | null): boolean;
}

interface WritableResponse extends HeaderResponse {
  finished: boolean;
  on(event: "error", listener: () => void): unknown;
}

function streamsOf(realm: Realm): Streams {
  const { Readable, Writable } = realm.internal("stream");
  const { Buffer } = realm.internal("buffer");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own classes
  return { Readable, Writable, Buffer } as Streams;
}

function send(
  answer: Answer,
  statusCode: unknown,
  headers: Headers,
  body: string,
): void {
  // A number for sure: it is written into the outbox as it is.
  const httpStatus = toNumber(statusCode);
  if (!(httpStatus >= 100 && httpStatus <= 599 && httpStatus % 1 === 0)) {
    answer.fail("invalid_result", "the status code must be from 100 to 599");
    return;
  }
  answer.respond(httpStatus, {
    contentType: headers.contentType(),
    headersJson: headers.toJson(),
    encoding: "latin1",
    body,
  });
}

/** The part of a response that has no stream in it. */
interface HeaderResponse {
  statusCode: number;
  statusMessage: string;
  headersSent: boolean;
  setHeader(name: string, value: HeaderValue): HeaderResponse;
  appendHeader(name: string, value: HeaderValue): HeaderResponse;
  getHeader(name: string): HeaderValue | undefined;
  getHeaders(): Record<string, HeaderValue>;
  getHeaderNames(): string[];
  hasHeader(name: string): boolean;
  removeHeader(name: string): void;
  flushHeaders(): void;
  writeHead(
    statusCode: number,
    message?: unknown,
    headers?: unknown,
  ): HeaderResponse;
}

function addHeaderMethods(response: HeaderResponse, headers: Headers): void {
  const checkUnsent = (verb: string) => {
    if (!response.headersSent) return;
    const error = new Error(`Cannot ${verb} headers after they are sent`);
    throw Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
  };
  response.setHeader = (name, value) => {
    checkUnsent("set");
    headers.set(name, value);
    return response;
  };
  response.appendHeader = (name, value) => {
    checkUnsent("append");
    headers.append(name, value);
    return response;
  };
  response.getHeader = headers.get;
  response.getHeaders = headers.all;
  response.getHeaderNames = headers.names;
  response.hasHeader = (name) => headers.get(name) !== undefined;
  response.removeHeader = (name) => {
    checkUnsent("remove");
    headers.remove(name);
  };
  response.flushHeaders = () => {
    response.headersSent = true;
  };
  response.writeHead = (statusCode, message, given) => {
    checkUnsent("write");
    response.statusCode = statusCode;
    if (typeof message === "string") response.statusMessage = message;
    headers.setAll(typeof message === "string" ? given : message);
    response.headersSent = true;
    return response;
  };
}
