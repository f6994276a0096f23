/** Calls over HTTP: `/api/run` of the control plane, which passes them to a host. */
import { AnnexError, type ErrorCode } from "../../proto/errors.ts";
import type { Connection } from "./connection.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Answer, print, type Terminal } from "./terminal.ts";
import type { OutputFlags } from "./verb.ts";

/** One call. */
export interface HttpCall {
  /** Below /api/run/, its parts already encoded. */
  path: string;
  method: string;
  query?: Record<string, string>;
  body?: string | Uint8Array;
  contentType?: string;
}

/** Calls, prints the answer's body, and throws where the answer is a failure. */
export async function invoke(
  connection: Connection,
  call: HttpCall,
  flags: OutputFlags,
  terminal: Terminal,
): Promise<void> {
  const { response, body } = await send(connection, call);
  if (response.ok && !flags.json) {
    terminal.stdout.write(body);
    if (body.length > 0 && body.at(-1) !== 10) terminal.stdout.write("\n");
    return;
  }
  if (!response.ok) throw failureOf(response, body);
  print(terminal, flags, answerOf(response, body));
}

async function send(
  { url, token }: Connection,
  call: HttpCall,
): Promise<{ response: Response; body: Buffer }> {
  const target = new URL(`/api/run/${call.path}`, url);
  for (const [name, value] of Object.entries(call.query ?? {}))
    target.searchParams.append(name, value);
  const headers = new Headers();
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (call.contentType) headers.set("content-type", call.contentType);
  try {
    const response = await fetch(target, {
      method: call.method,
      headers,
      body: call.body ?? null,
    });
    return { response, body: Buffer.from(await response.arrayBuffer()) };
  } catch (cause) {
    throw new AnnexError(
      "unavailable",
      `no control plane answers at ${url}; start one with "annex dev", or set ANNEX_URL to where it is`,
      { cause },
    );
  }
}

function answerOf(response: Response, body: Buffer): Answer {
  const json = {
    status: response.status,
    invocation_id: response.headers.get("x-annex-invocation-id"),
    content_type: response.headers.get("content-type"),
    body: bodyOf(response, body),
  };
  return { json, text: "" };
}

function bodyOf(response: Response, body: Buffer): unknown {
  const text = body.toString();
  if (
    !/^application\/(.+\+)?json/.test(
      response.headers.get("content-type") ?? "",
    )
  )
    return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const codeOfStatus: Record<number, ErrorCode> = {
  400: "invalid",
  401: "unauthenticated",
  403: "denied",
  404: "not_found",
  409: "conflict",
  413: "exhausted",
  429: "exhausted",
  502: "unavailable",
  503: "unavailable",
  504: "deadline",
};

/** Who failed is said by x-wt-response-source: `webtask` is the extension, `compiler` what was sent, the rest is ours. */
function failureOf(response: Response, body: Buffer): Error {
  const source = response.headers.get("x-wt-response-source");
  const message = messageOf(response, body);
  if (source === "webtask") {
    return new CommandFailed(
      "extension_failed",
      `the extension answered HTTP ${response.status}: ${message}${framesOf(response, body)}`,
    );
  }
  const code = codeOf(response, reasonOf(response, body));
  return new AnnexError(code, `HTTP ${response.status}: ${message}`);
}

function codeOf({ status, headers }: Response, reason: unknown): ErrorCode {
  if (headers.get("x-wt-response-source") === "compiler") return "invalid";
  if (reason === "disabled") return "precondition";
  return codeOfStatus[status] ?? "internal";
}

function reasonOf(response: Response, body: Buffer): unknown {
  return fieldsOf(response, body).get("reason");
}

function messageOf(response: Response, body: Buffer): string {
  const fields = fieldsOf(response, body);
  const message =
    fields.get("details") ?? fields.get("message") ?? fields.get("error");
  return typeof message === "string"
    ? message
    : body.toString().slice(0, longestBodyShown);
}

/** Where in the author's source it failed, a line for each frame; only who may manage the container is told. */
function framesOf(response: Response, body: Buffer): string {
  const stack = fieldsOf(response, body).get("stack");
  if (typeof stack !== "string") return "";
  return stack
    .split("\n")
    .map((frame) => `\n    ${frame}`)
    .join("");
}

const longestBodyShown = 2000;

function fieldsOf(
  response: Response,
  body: Buffer,
): ReadonlyMap<string, unknown> {
  const said = bodyOf(response, body);
  return new Map(Object.entries(typeof said === "object" ? (said ?? {}) : {}));
}
