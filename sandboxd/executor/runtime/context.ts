/** The `ctx` of webtask's programming models: made anew for every call, so that one call's changes end with it. */
import {
  defineProperty,
  hasOwn,
  isArray,
  floor,
  isObject,
  now,
  objectKeys,
  parse,
  valueProperty,
} from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";

/** A call as the executor hands it in (JSON), and its payload. */
export interface CallRequest {
  head: RequestHead;
  /** Text for JSON and forms, else one char a byte. */
  body: string;
  secrets: string;
  meta: string;
  /** For what only some bodies need of Node's library. */
  realm: Realm;
}

export interface RequestHead {
  id: string;
  /** What the call may take, in milliseconds from now. */
  wallMs: number;
  method: string;
  url: string;
  /** How the path begins that leads to the extension; what an app serves is below it. */
  mount: string;
  query: Record<string, unknown>;
  headers: Record<string, string>;
  /** Names and values in turn, as they came. */
  rawHeaders: string[];
  bodyKind: BodyKind;
}

/** What a payload is to the guest; request.ts decides it by content type. */
export type BodyKind = "none" | "json" | "form" | "bytes";

export interface Context {
  id: string;
  query: Record<string, unknown>;
  params: Record<string, unknown>;
  headers: Record<string, string>;
  secrets: Record<string, unknown>;
  meta: Record<string, unknown>;
  data: Record<string, unknown>;
  body: unknown;
  body_raw: string | undefined;
  /** What is left of the call's time, in whole milliseconds. */
  remainingMs: () => number;
}

/**
 * Later sources of `data` win over earlier ones: query, params, secrets. The body comes last and only fills gaps, lest a
 * caller overwrite a secret.
 */
export function createContext(request: CallRequest): Context {
  const { head } = request;
  const secrets = parseRecord(request.secrets);
  const body = parseBody(request);
  const data: Record<string, unknown> = {};
  overlay(data, head.query);
  overlay(data, secrets);
  if (isObject(body.value) && !body.isBinary) fill(data, body.value);
  return {
    id: head.id,
    query: head.query,
    params: {},
    headers: head.headers,
    secrets,
    meta: parseRecord(request.meta),
    data,
    body: body.value,
    body_raw: body.raw,
    remainingMs: remainingMsOf(head.wallMs),
  };
}

function remainingMsOf(wallMs: number): () => number {
  const endMs = floor(now() + wallMs);
  return () => {
    const leftMs = endMs - now();
    return leftMs > 0 ? leftMs : 0;
  };
}

interface ParsedBody {
  value: unknown;
  raw: string | undefined;
  isBinary: boolean;
}

function parseBody({ head, body: text, realm }: CallRequest): ParsedBody {
  const { bodyKind: kind } = head;
  if (kind === "none")
    return { value: undefined, raw: undefined, isBinary: false };
  if (kind === "bytes") {
    const bytes = bufferOf(realm, text);
    return { value: bytes, raw: bytes.toString("utf8"), isBinary: true };
  }
  const value = kind === "json" ? parseJson(text) : parseForm(realm, text);
  return { value, raw: text, isBinary: false };
}

/** A body that is not what its content type says is not parsed; `body_raw` has it. */
function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function parseForm(realm: Realm, text: string): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { parse: parseQuery } = realm.internal("querystring") as {
    parse: (text: string) => object;
  };
  return { ...parseQuery(text) };
}

function bufferOf(realm: Realm, text: string): Buffer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { Buffer } = realm.internal("buffer") as {
    Buffer: { from: (text: string, encoding: "latin1") => Buffer };
  };
  return Buffer.from(text, "latin1");
}

function parseRecord(json: string): Record<string, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it, as a JSON object
  return parse(json) as Record<string, unknown>;
}

function overlay(data: object, source: object): void {
  copy(data, source, () => true);
}

function fill(data: object, source: object): void {
  if (!isArray(source)) copy(data, source, (name) => !hasOwn(data, name));
}

/** Defines rather than assigns: a key named `__proto__` is left out, a setter on Object.prototype is not asked. */
function copy(
  data: object,
  source: object,
  isWanted: (name: string) => boolean,
): void {
  const names = objectKeys(source);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === undefined || name === "__proto__" || !isWanted(name)) continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- own keys of an object that JSON.parse made: no getter
    const value = (source as Record<string, unknown>)[name];
    defineProperty(data, name, valueProperty(value));
  }
}
