/** One HTTP request as a caller's program sends it, and every byte of its answer. */
import {
  request as openRequest,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http";
import { buffer } from "node:stream/consumers";

export interface HttpCall {
  method?: string;
  headers?: OutgoingHttpHeaders;
  /** Several parts are sent as chunks, without a length. */
  body?: Uint8Array | string | (Uint8Array | string)[];
}

export interface HttpReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): unknown;
}

/** Sends a request over a connection of its own. */
export function send(url: string, call: HttpCall = {}): Promise<HttpReply> {
  const parts = [call.body ?? []].flat();
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const request = openRequest(
    url,
    {
      method: call.method ?? (parts.length === 0 ? "GET" : "POST"),
      headers: call.headers ?? {},
      agent: false,
    },
    (response) => {
      const { statusCode = 0, headers } = response;
      buffer(response).then((body) => {
        const json = (): unknown => JSON.parse(body.toString());
        resolve({ status: statusCode, headers, body, json });
      }, reject);
    },
  );
  request.once("error", reject);
  if (Array.isArray(call.body))
    for (const part of call.body) request.write(part);
  request.end(Array.isArray(call.body) ? undefined : call.body);
  return promise;
}
