/**
 * How a WebSocket of undici comes to its connection: as HTTP's own upgrade, by Node's client over the sockets that are there,
 * so under their rules, and gone with its invocation.
 */
import type { RealmParts } from "./realm.ts";

/** Of a message that comes, together with its pieces: less than would be the end of an isolate. */
const maxMessageBytes = 16 * 1024 * 1024;
/** As undici has it. */
const maxFragments = 128 * 1024;

interface Headers {
  append(name: string, value: string): void;
  rawValues(): Iterable<{ name: string; value: string }>;
}

/** What undici's WebSocket asks of undici's fetch. */
interface Asked {
  request: { urlList: [URL]; headersList: Headers };
  processResponse: (response: object) => void;
}

interface ClientRequest {
  on(event: string, listener: (...news: never[]) => void): this;
  end(): void;
  destroy(): void;
}

interface Answer {
  statusCode: number;
  statusMessage: string;
  rawHeaders: string[];
}

interface Upgraded {
  destroy(): void;
  unshift(bytes: Uint8Array): void;
}

type Handshake = (
  asked: Asked,
  HeadersList: new () => Headers,
  requestBadPort: (request: object) => "allowed" | "blocked",
) => object;

export function createHandshake(parts: RealmParts): Handshake {
  return ({ request, processResponse }, HeadersList, requestBadPort) => {
    let isOver = false;
    let sent: ClientRequest | undefined;
    let upgraded: Upgraded | undefined;
    const tell = (response: object) => {
      if (isOver) return;
      isOver = true;
      processResponse(response);
    };
    const fail = (error?: unknown) =>
      tell({ type: "error", status: 0, headersList: new HeadersList(), error });
    const answered = (answer: Answer, socket?: Upgraded) => {
      const headersList = new HeadersList();
      const { rawHeaders } = answer;
      for (let at = 0; at + 1 < rawHeaders.length; at += 2)
        headersList.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
      tell({
        type: "default",
        status: answer.statusCode,
        statusText: answer.statusMessage,
        headersList,
        socket,
      });
    };
    const send = () => {
      if (requestBadPort(request) === "blocked") return fail();
      sent = requestOf(parts, request)
        .on("upgrade", (answer: Answer, socket: Upgraded, head: Uint8Array) => {
          upgraded = socket;
          if (head.length > 0) socket.unshift(head);
          answered(answer, socket);
        })
        .on("response", (answer: Answer) => {
          answered(answer);
          sent?.destroy();
        })
        .on("error", fail);
      sent.end();
    };
    // Whoever asks has nothing yet to be told with.
    parts.runtime.soon(() => {
      if (isOver) return;
      try {
        send();
      } catch (thrown) {
        fail(thrown);
      }
    });
    return {
      dispatcher: {
        webSocketOptions: { maxFragments, maxPayloadSize: maxMessageBytes },
      },
      abort: () => {
        isOver = true;
        sent?.destroy();
        upgraded?.destroy();
      },
    };
  };
}

/** In the order in which undici sends them. */
function requestOf(
  parts: RealmParts,
  { urlList, headersList }: Asked["request"],
): ClientRequest {
  const [url] = urlList;
  const { urlToHttpOptions } = parts.require("internal/url");
  const { request } = parts.require(
    url.protocol === "https:" ? "https" : "http",
  );
  if (typeof request !== "function" || typeof urlToHttpOptions !== "function")
    throw new TypeError("the library has no client of HTTP");
  const headers: Record<string, string> = {
    host: url.host,
    connection: "upgrade",
    upgrade: "websocket",
  };
  for (const { name, value } of headersList.rawValues()) headers[name] = value;
  for (const [name, value] of defaults(url.protocol)) headers[name] ??= value;
  return request({
    ...urlToHttpOptions(url),
    // What the address says of who asks is not sent.
    auth: undefined,
    agent: false,
    headers,
  });
}

function defaults(protocol: string): [name: string, value: string][] {
  return [
    ["accept", "*/*"],
    ["accept-language", "*"],
    ["sec-fetch-mode", "websocket"],
    ["user-agent", "node"],
    ["pragma", "no-cache"],
    ["cache-control", "no-cache"],
    [
      "accept-encoding",
      protocol === "https:" ? "br, gzip, deflate" : "gzip, deflate",
    ],
  ];
}
