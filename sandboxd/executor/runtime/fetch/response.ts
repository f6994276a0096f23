/** The Fetch standard's Response, as far as reading goes: the whole body at once, as text, JSON or bytes. */
import { bytesToText, textToBytes } from "../bytes.ts";
import {
  PromiseIntrinsic,
  RangeErrorIntrinsic,
  TypeErrorIntrinsic,
  isObject,
  parse,
  readProperty,
  toNumber,
  toText,
} from "../intrinsics.ts";
import { bufferOf, readBody, type GivenBody } from "./body.ts";
import type { AnswerHead, BodyForm, Exchange } from "./exchange.ts";
import { addKnown, hasKnown, Headers } from "./headers.ts";

/** Where a body comes from: called once, it gives all of it. */
type BodySource = (form: BodyForm, reader: WholeReader) => void;

interface WholeReader {
  whole: (text: string) => void;
  failed: (error: unknown) => void;
}

interface Parts {
  status: number;
  statusText: string;
  url: string;
  isRedirected: boolean;
  type: string;
}

/** An answer that came by `fetch`. */
export let createAnswered: (head: AnswerHead, exchange: Exchange) => Response;

export class Response {
  #parts: Parts;
  #source: BodySource | undefined;
  #isUsed = false;
  readonly headers: Headers;

  static {
    createAnswered = (head, exchange) => {
      const response = new Response();
      response.#parts = partsOf(head);
      response.#source = (form, reader) => readWhole(exchange, form, reader);
      for (let i = 4; i + 1 < head.length; i += 2)
        addKnown(response.headers, toText(head[i]), toText(head[i + 1]));
      return response;
    };
  }

  constructor(body?: unknown, init?: unknown) {
    const given = (name: string) =>
      isObject(init) ? readProperty(init, name) : undefined;
    this.headers = new Headers(given("headers"));
    const statusText = given("statusText");
    this.#parts = {
      status: statusOf(given("status")),
      statusText: statusText === undefined ? "" : toText(statusText),
      url: "",
      isRedirected: false,
      type: "default",
    };
    if (body === undefined || body === null) return;
    const read = readBody(body);
    this.#source = (form, reader) => reader.whole(inForm(read, form));
    if (read.contentType !== "" && !hasKnown(this.headers, "content-type"))
      addKnown(this.headers, "content-type", read.contentType);
  }

  get status(): number {
    return this.#parts.status;
  }

  get statusText(): string {
    return this.#parts.statusText;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get url(): string {
    return this.#parts.url;
  }

  get redirected(): boolean {
    return this.#parts.isRedirected;
  }

  get type(): string {
    return this.#parts.type;
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  text(): Promise<string> {
    return this.#read("utf8", (text) => text);
  }

  json(): Promise<unknown> {
    return this.#read("utf8", (text) => parse(text));
  }

  bytes(): Promise<Uint8Array> {
    return this.#read("latin1", textToBytes);
  }

  arrayBuffer(): Promise<unknown> {
    return this.#read("latin1", (text) => bufferOf(textToBytes(text)));
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }

  #read<Value>(
    form: BodyForm,
    convert: (text: string) => Value,
  ): Promise<Value> {
    return new PromiseIntrinsic((resolve, reject) => {
      if (this.#isUsed)
        throw new TypeErrorIntrinsic("the body has been read already");
      const source = this.#source;
      this.#isUsed = source !== undefined;
      const whole = (text: string) => {
        try {
          resolve(convert(text));
        } catch (thrown) {
          reject(thrown);
        }
      };
      if (source) source(form, { whole, failed: reject });
      else whole("");
    });
  }
}

/** Piece by piece: the next is asked for when the last one is in. */
function readWhole(
  exchange: Exchange,
  form: BodyForm,
  { whole, failed }: WholeReader,
): void {
  let text = "";
  const piece = (more: string, isLast: boolean) => {
    try {
      text += more;
    } catch (tooLong) {
      exchange.abort(tooLong);
      return;
    }
    if (isLast) whole(text);
    else next();
  };
  const next = () => exchange.read(form, { piece, failed });
  next();
}

function partsOf(head: AnswerHead): Parts {
  return {
    status: head[0],
    statusText: head[1],
    url: head[2],
    isRedirected: head[3],
    type: "basic",
  };
}

function statusOf(given: unknown): number {
  if (given === undefined) return 200;
  const status = toNumber(given);
  if (status >= 200 && status <= 599 && status % 1 === 0) return status;
  throw new RangeErrorIntrinsic("the status must be from 200 to 599");
}

/** A body that a guest gave, in the form in which it is asked for. */
function inForm({ text, form }: GivenBody, wanted: BodyForm): string {
  if (form === wanted) return text;
  const { Buffer } = require("buffer/");
  if (wanted === "utf8") return Buffer.from(text, "latin1").toString("utf8");
  return bytesToText(Buffer.from(text, "utf8"));
}
