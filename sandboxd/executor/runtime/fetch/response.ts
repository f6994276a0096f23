/** An answer as a Response whose body is pulled: the next piece is asked for when the guest wants more. */
import type {
  ReadableByteStreamController,
  UnderlyingByteSource,
} from "node:stream/web";
import { textToBytes } from "../bytes.ts";
import { PromiseIntrinsic, toText, withoutPrototype } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import type { FetchClasses, InnerBody, InnerRequest } from "./classes.ts";
import type { AnswerHead, Exchange } from "./exchange.ts";
import { failed } from "./local.ts";
import { streamClass, unbuffered, wholeBody } from "./whole-body.ts";

export interface AnsweredParts {
  realm: Realm;
  classes: FetchClasses;
  inner: InnerRequest;
  answer: AnswerHead;
  exchange: Exchange;
  signal: AbortSignal;
}

/** What `fetch` resolves with; where the request says what it must be, not before all of it has come and is that. */
export function createAnswered(
  parts: AnsweredParts,
): Response | Promise<Response> {
  return parts.inner.integrity === "" ? respond(parts) : verified(parts);
}

async function verified(parts: AnsweredParts): Promise<Response> {
  const bytes = new Uint8Array(await respond(parts).arrayBuffer());
  if (!parts.classes.bytesMatch(bytes, parts.inner.integrity))
    throw failed("integrity mismatch");
  return respond(parts, bytes);
}

/** `bytes`: a body that has come already. */
function respond(
  { realm, classes, inner, answer, exchange, signal }: AnsweredParts,
  bytes?: Uint8Array,
): Response {
  const [status, statusText, url, isRedirected] = answer;
  const hasBody = !isNullBody(status) && inner.method !== "HEAD";
  // Nobody asks for the rest of an answer that has none.
  if (!hasBody && !bytes)
    exchange.read("latin1", { piece: ignore, failed: ignore });
  const last = new (urlClass(realm))(url === "" ? inner.url.href : url);
  const body = () =>
    bytes ? wholeBody(realm, bytes) : bodyOf(realm, exchange, signal);
  const response = classes.makeResponse({
    status,
    statusText,
    type: isRedirected && last.origin !== inner.url.origin ? "cors" : "basic",
    urlList: isRedirected ? [inner.url, last] : [last],
    body: hasBody ? body() : null,
  });
  for (let at = 4; at + 1 < answer.length; at += 2)
    response.headersList.append(toText(answer[at]), toText(answer[at + 1]));
  return classes.fromInnerResponse(response, "immutable");
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
          if (text !== "")
            controller.enqueue(new Uint8Array(textToBytes(text)));
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

function urlClass(realm: Realm): new (text: string) => URL {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own class
  return realm.internal("internal/url")["URL"] as new (text: string) => URL;
}
