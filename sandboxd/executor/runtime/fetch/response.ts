/** An answer as a Response whose body is pulled: the next piece is asked for when the guest wants more. */
import type {
  ReadableByteStreamController,
  UnderlyingByteSource,
} from "node:stream/web";
import { textToBytes } from "../bytes.ts";
import { PromiseIntrinsic, toText, withoutPrototype } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import type {
  FetchClasses,
  InnerBody,
  InnerRequest,
  InnerResponse,
} from "./classes.ts";
import type { AnswerHead, Exchange } from "./exchange.ts";
import { failed } from "./local.ts";
import { streamClass, unbuffered, wholeBody } from "./whole-body.ts";

export interface AnsweredParts {
  realm: Realm;
  classes: FetchClasses;
  inner: InnerRequest;
  response: InnerResponse;
  exchange: Exchange;
  signal: AbortSignal;
}

/** An answer without its body. */
export function innerResponse(
  classes: FetchClasses,
  inner: InnerRequest,
  answer: AnswerHead,
): InnerResponse {
  const [status, statusText] = answer;
  const response = classes.makeResponse({
    status,
    statusText,
    urlList: [...inner.urlList],
    body: null,
  });
  for (let at = 2; at + 1 < answer.length; at += 2)
    response.headersList.append(toText(answer[at]), toText(answer[at + 1]));
  return response;
}

/** What `fetch` resolves with; where the request says what it must be, not before all of it has come and is that. */
export function createAnswered(
  parts: AnsweredParts,
): Response | Promise<Response> {
  return parts.inner.integrity === "" ? respond(parts) : verified(parts);
}

async function verified(parts: AnsweredParts): Promise<Response> {
  const { classes, inner } = parts;
  const whole = respond(parts);
  if (whole.body === null) throw failed("");
  const bytes = new Uint8Array(await whole.arrayBuffer());
  if (!classes.bytesMatch(bytes, inner.integrity))
    throw failed("integrity mismatch");
  return respond(parts, bytes);
}

/** `bytes`: a body that has come already. */
function respond(
  { realm, classes, inner, response, exchange, signal }: AnsweredParts,
  bytes?: Uint8Array,
): Response {
  const hasBody = !isNullBody(response.status) && inner.method !== "HEAD";
  const isShown = inner.responseTainting !== "opaque";
  // Nobody asks for the rest of an answer that has none, or shows none.
  if (!isShown) exchange.abort(undefined);
  else if (!hasBody) exchange.read("latin1", { piece: ignore, failed: ignore });
  else if (bytes) response.body = wholeBody(realm, bytes);
  else response.body = bodyOf(realm, exchange, signal);
  return classes.fromInnerResponse(
    classes.filterResponse(response, inner.responseTainting),
    "immutable",
  );
}

function ignore(): void {
  // What comes is of no use.
}

function isNullBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function bodyOf(
  realm: Realm,
  exchange: Exchange,
  signal: AbortSignal,
): InnerBody {
  const source: UnderlyingByteSource = withoutPrototype({
    type: "bytes" as const,
    start: (controller: ReadableByteStreamController) => {
      exchange.whenBroken((error) => fail(controller, error));
      signal.addEventListener("abort", () => fail(controller, signal.reason));
    },
    pull: (controller: ReadableByteStreamController) =>
      new PromiseIntrinsic<void>((resolve) => {
        const broken = (error: unknown) => {
          fail(controller, error);
          resolve();
        };
        const piece = (text: string, isLast: boolean) => {
          if (text !== "") controller.enqueue(textToBytes(realm.host, text));
          if (isLast) close(controller);
          if (text === "" && !isLast) next();
          else resolve();
        };
        const next = () => exchange.read("latin1", { piece, failed: broken });
        next();
      }),
    cancel: (reason: unknown) => exchange.abort(reason),
  });
  const stream = new (streamClass(realm))(source, unbuffered());
  return { stream, source: null, length: null };
}

function close(controller: ReadableByteStreamController): void {
  controller.close();
  // A reader with a buffer of its own waits for it to be given back.
  controller.byobRequest?.respond(0);
}

function fail(controller: ReadableByteStreamController, error: unknown): void {
  try {
    controller.error(error);
  } catch {
    // It has ended already.
  }
}
