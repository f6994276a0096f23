/** The web platform's own model, of Hono and its kin: an object whose `fetch` turns a Request into a Response. */
import { bytesToText, textToBytes } from "../bytes.ts";
import type { Answer } from "../answer.ts";
import type { CallRequest } from "../context.ts";
import { createHeaders, type Headers as AnswerHeaders } from "../headers.ts";
import { append, apply, readProperty } from "../intrinsics.ts";
import type { Host } from "../node/realm.ts";
import type { GuestFunction, Model } from "./model.ts";
import { awaitValue } from "./model.ts";
import { urlBelowMount } from "./mount.ts";

export const fetchModel: Model = {
  name: "fetch",
  payload: "bytes",
  invoke: (run, request, answer) => {
    const background: unknown[] = [];
    const execution = {
      waitUntil: (work: unknown) => append(background, work),
      passThroughOnException: () => undefined,
      props: {},
    };
    const { process } = request.realm.internal("process");
    const returned = run(
      requestOf(request),
      readProperty(Object(process ?? globalThis.process), "env"),
      execution,
    );
    void awaitValue(
      returned,
      (response) => {
        const { host } = request.realm;
        const sending = send(response, background, { host, answer });
        void awaitValue(sending, () => {}, answer);
      },
      answer,
    );
  },
};

/** A function of Request, environment and execution for what an extension exports, where it has a `fetch`. */
export function fetchOf(exported: object): GuestFunction | undefined {
  if (typeof exported === "function") return undefined;
  const method = readProperty(exported, "fetch");
  if (typeof method !== "function") return undefined;
  return (...parameters) => apply(method, exported, parameters);
}

/** Those that a body's own form makes anew. */
const bodyless: Record<string, boolean> = { GET: true, HEAD: true };

function requestOf({ head, body, realm }: CallRequest): Request {
  const headers = new Headers();
  const { rawHeaders } = head;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  const host = headers.get("host") ?? "localhost";
  const scheme = headers.get("x-forwarded-proto") === "http" ? "http" : "https";
  const hasBody = body.length > 0 && !bodyless[head.method];
  return new Request(`${scheme}://${host}${urlBelowMount(head)}`, {
    method: head.method,
    headers,
    ...(hasBody && { body: textToBytes(realm.host, body) }),
  });
}

/** What was put off by `waitUntil` goes before: nothing of a call goes on after its answer. */
async function send(
  response: unknown,
  background: unknown[],
  { host, answer }: { host: Host; answer: Answer },
): Promise<void> {
  if (!isResponse(response)) {
    answer.fail("invalid_result", "fetch must give a Response");
    return;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  await Promise.allSettled(background);
  if (bytes.length > answer.maxBytes) {
    answer.tooLong(bytes.length);
    return;
  }
  const headers = headersOf(response.headers);
  answer.respond(response.status, {
    contentType: headers.contentType(),
    headersJson: headers.toJson(),
    encoding: "latin1",
    body: bytesToText(host, bytes),
  });
}

/** By what it does: a framework may bring a class of its own. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === "object" &&
    value !== null &&
    "arrayBuffer" in value &&
    "headers" in value &&
    "status" in value &&
    typeof value.status === "number" &&
    value.status >= 200 &&
    value.status <= 599
  );
}

function headersOf(given: Headers): AnswerHeaders {
  const headers = createHeaders();
  given.forEach((value, name) => {
    if (name !== "set-cookie") headers.append(name, value);
  });
  for (const cookie of given.getSetCookie())
    headers.append("set-cookie", cookie);
  return headers;
}
