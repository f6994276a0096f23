/** One request outward: its answer, its caps and its end. What redirects is answered as it is: who asked follows. */
import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { EgressProblem } from "../protocol.ts";
import { orAborted } from "./abortable.ts";
import { hostOf } from "./connect.ts";
import type { Container } from "./container.ts";
import { codingsOf, decode, largeWindows } from "./decode.ts";
import { maxAnswerHeaders, maxChunkBytes } from "./messages.ts";
import type { AnswerHead, OpenRequest } from "./messages.ts";
import { failed, limited, refused, requestProblemOf } from "./problem.ts";
import { outgoing, type Header, type Outgoing } from "./request.ts";
import type { Usage } from "./usage.ts";
import { Window } from "./window.ts";

/** Takes what comes of a request. */
export interface Answer {
  head(head: Omit<AnswerHead, "type" | "id">): void;
  chunk(bytes: Buffer): void;
  end(): void;
  failed(problem: EgressProblem): void;
}

/** Of a body, what waits until it is taken. */
const keptBytes = 16 * 1024;
const maxStatusTextChars = 256;
/** Of the connection, not of the answer. */
const droppedHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export class Exchange {
  readonly #container: Container;
  readonly #usage: Usage;
  readonly #answer: Answer;
  readonly #window = new Window();
  readonly #controller = new AbortController();
  /** What its author calls where it goes. */
  #place = "the request";
  /** Counts it as open no more. */
  #close: () => void = () => undefined;

  constructor(container: Container, usage: Usage, answer: Answer) {
    this.#container = container;
    this.#usage = usage;
    this.#answer = answer;
  }

  pull(bytes: number): void {
    this.#window.open(bytes);
  }

  /** Ends it without a word. */
  abort(): void {
    this.#controller.abort(aborted);
    this.#close(); // at once: another may be opened in its place before this one has wound up
  }

  /** Resolves when it is over, and was said to be. */
  async run(request: OpenRequest, body: Buffer): Promise<void> {
    const limitMs = Math.min(this.#container.policy.requestMs, request.wallMs);
    const timer = setTimeout(() => this.#expire(limitMs), limitMs);
    try {
      this.#close = this.#usage.open(this.#container.caps);
      const sent = outgoing({ ...request, body });
      this.#place = sent.place;
      // undici gives up no request that waits for its connection.
      await orAborted(
        this.#send(sent).then((response) => this.#deliver(sent, response)),
        this.#controller.signal,
      );
      this.#answer.end();
    } catch (error) {
      const { signal } = this.#controller;
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (reason !== aborted)
        this.#answer.failed(requestProblemOf(reason, this.#place));
      this.#controller.abort(aborted); // whatever is still open of it
    } finally {
      clearTimeout(timer);
      this.#close();
    }
  }

  #expire(limitMs: number): void {
    const value = Math.round(limitMs);
    this.#controller.abort(
      limited(
        { name: "egress_ms", value, observed: value },
        `${this.#place} took longer than ${value} ms`,
      ),
    );
  }

  async #send(sent: Outgoing): Promise<Dispatcher.ResponseData> {
    const { agent, guard, caps, keepsConnections } = this.#container;
    const { signal } = this.#controller;
    const { url, method, body } = sent;
    signal.throwIfAborted();
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const refusal = guard.refuseTarget({ host: hostOf(url.hostname), port });
    if (refusal) throw refused(refusal, sent.place);
    this.#usage.request(caps);
    this.#usage.bytes(body.length, caps);
    const isLong = body.length > maxChunkBytes;
    if (!isLong) await this.#container.rate.take(body.length, signal);
    return agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: [
        ...sent.headers.flat(),
        ...(isLong ? ["content-length", String(body.length)] : []),
      ],
      body: isLong ? Readable.from(this.#paced(body)) : bodyOf(method, body),
      signal,
      headersTimeout: 0, // the request's own time bounds all of it
      bodyTimeout: 0,
      highWaterMark: keptBytes,
      reset: !keepsConnections,
    });
  }

  async *#paced(body: Buffer): AsyncGenerator<Buffer> {
    for (let start = 0; start < body.length; start += maxChunkBytes) {
      const chunk = body.subarray(start, start + maxChunkBytes);
      await this.#container.rate.take(chunk.length, this.#controller.signal);
      yield chunk;
    }
  }

  async #deliver(
    { place, method }: Outgoing,
    response: Dispatcher.ResponseData,
  ): Promise<void> {
    const { statusCode: status, statusText } = response;
    if (status < 200 || status > 599)
      throw failed(`${place} answered with status ${status}`);
    const codings = hasBody(method, status)
      ? codingsOf(list(response.headers["content-encoding"]).join(","))
      : undefined;
    const free = this.#container.holdWindows(largeWindows(codings ?? []));
    try {
      this.#controller.signal.throwIfAborted();
      this.#answer.head({
        status,
        statusText: statusText.slice(0, maxStatusTextChars),
        headers: answerHeaders(response.headers, (codings ?? []).length > 0),
      });
      await this.#deliverBody(response.body, codings ?? []);
    } finally {
      free();
    }
  }

  /** Counts what came and what became of it, whichever is more: a body can be long on either side. */
  async #deliverBody(
    body: AsyncIterable<Buffer>,
    codings: string[],
  ): Promise<void> {
    const { rate, caps } = this.#container;
    const { signal } = this.#controller;
    let counted = 0;
    const count = async (bytes: number) => {
      const more = bytes - counted;
      if (more <= 0) return;
      counted = bytes;
      this.#usage.bytes(more, caps);
      await rate.take(more, signal);
    };
    const received = async function* (): AsyncGenerator<Buffer> {
      let receivedBytes = 0;
      for await (const bytes of body) {
        receivedBytes += bytes.length;
        await count(receivedBytes);
        yield bytes;
      }
    };
    let decodedBytes = 0;
    for await (const bytes of decode(received(), codings)) {
      decodedBytes += bytes.length;
      await count(decodedBytes);
      await this.#pass(bytes);
    }
  }

  /** Hands on what the reader takes, when it takes it. */
  async #pass(bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const wanted = Math.min(rest.length, maxChunkBytes);
      const taken = await this.#window.take(wanted, this.#controller.signal);
      this.#answer.chunk(rest.subarray(0, taken));
      rest = rest.subarray(taken);
    }
  }
}

const aborted = new Error("aborted");

/** Without a body nothing is said of its length, but where a length is expected. */
function bodyOf(method: string, body: Buffer): Buffer | null {
  if (body.length > 0) return body;
  return method === "POST" || method === "PUT" || method === "PATCH"
    ? body
    : null;
}

function hasBody(method: string, status: number): boolean {
  return (
    method !== "HEAD" && status !== 204 && status !== 205 && status !== 304
  );
}

function answerHeaders(
  headers: Dispatcher.ResponseData["headers"],
  isDecoded: boolean,
): Header[] {
  const all = Object.entries(headers).flatMap(([name, values]) =>
    list(values).map((value): Header => [name.toLowerCase(), value]),
  );
  if (all.length > maxAnswerHeaders)
    throw failed(`an answer may have ${maxAnswerHeaders} headers`);
  return all.filter(([name]) => {
    if (droppedHeaders.has(name)) return false;
    // They tell of the body as it was sent.
    return (
      !isDecoded || (name !== "content-encoding" && name !== "content-length")
    );
  });
}

function list(values: string | string[] | undefined): string[] {
  if (values === undefined) return [];
  return typeof values === "string" ? [values] : values;
}
