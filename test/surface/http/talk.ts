/** An HTTP client and a server that talk over a pair of streams: nothing of a network is asked for. */
import http from "node:http";
import { duplexPair, type Duplex } from "node:stream";
import { textOf } from "../check.ts";

export interface Reply {
  status: number | undefined;
  message: string | undefined;
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  trailers: NodeJS.Dict<string>;
  body: string;
}

/** What one request gets from a handler; `send` writes and ends the request. */
export async function talk(
  handler: http.RequestListener,
  options: http.RequestOptions = {},
  send: (request: http.ClientRequest) => void = (request) => void request.end(),
): Promise<Reply> {
  const server = http.createServer(handler);
  const request = askOver(connectTo(server), options);
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  send(request);
  const response = await answered;
  const body = await textOf(response);
  const { statusCode, statusMessage, headers, rawHeaders, trailers } = response;
  return {
    status: statusCode,
    message: statusMessage,
    headers: { ...headers, date: undefined },
    rawHeaders: rawHeaders.filter((each) => !/GMT$|^Date$/.test(each)),
    trailers,
    body,
  };
}

/** The client's end of a connection to a server that listens nowhere. */
export function connectTo(server: http.Server): Duplex {
  const [ours, theirs] = duplexPair();
  server.emit("connection", theirs);
  return ours;
}

/** A request that goes out over a stream. */
export function askOver(
  stream: Duplex,
  options: http.RequestOptions = {},
): http.ClientRequest {
  return http.request({
    host: "server.test",
    ...options,
    createConnection: () => stream,
  });
}

/** What a server writes, byte by byte, to a request that is written out here. */
export async function answerTo(
  handler: http.RequestListener,
  raw: string,
): Promise<string> {
  const stream = connectTo(http.createServer(handler));
  stream.end(raw);
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => {
    stream.once("end", resolve);
  });
  return String(Buffer.concat(chunks)).replace(/Date: .*\r\n/, "");
}
