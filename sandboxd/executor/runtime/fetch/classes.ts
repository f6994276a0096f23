/** What the runtime uses of undici's classes, which are loaded when one of them is first wanted. */
import type { Realm } from "../node/realm.ts";

/** A header's name as it was written, and its value. */
export type HeaderEntry = [name: string, value: string];

export interface HeaderList {
  readonly entriesList: HeaderEntry[];
  append(name: string, value: string): void;
  contains(name: string, isLowerCase: boolean): boolean;
}

/** A body, and what it was made of where that was no stream. */
export interface InnerBody {
  stream: ReadableStream<Uint8Array>;
  source: unknown;
  length: number | null;
}

/** A request as the Fetch standard has it. */
export interface InnerRequest {
  method: string;
  url: URL;
  headersList: HeaderList;
  body: InnerBody | null;
  redirect: string;
  mode: string;
  cache: string;
  integrity: string;
  /** "client", "no-referrer" or a URL. */
  referrer: unknown;
  referrerPolicy: string;
  /** "client" or an origin. */
  origin: unknown;
  client: { origin: unknown } | null;
}

export interface InnerResponse {
  headersList: HeaderList;
}

export interface FetchClasses {
  Request: new (input: unknown, init?: unknown) => Request;
  getRequestState: (request: Request) => InnerRequest;
  removeRequestAbortListener: (request: Request) => void;
  makeResponse: (parts: {
    status: number;
    statusText: string;
    type: string;
    urlList: URL[];
    body: InnerBody | null;
  }) => InnerResponse;
  fromInnerResponse: (inner: InnerResponse, guard: "immutable") => Response;
  dataURLProcessor: (
    url: URL,
  ) => { mimeType: object; body: Uint8Array } | "failure";
  serializeAMimeType: (mimeType: object) => string;
  /** Ports of other protocols than HTTP's, which the Fetch standard keeps closed. */
  /** Adds `Origin` where the standard wants one. */
  appendRequestOriginHeader: (request: InnerRequest) => void;
  /** Adds `Sec-Fetch-Mode`. */
  appendFetchMetadata: (request: InnerRequest) => void;
  determineRequestsReferrer: (request: InnerRequest) => URL | "no-referrer";
  /** Whether the bytes are what `integrity` says. */
  bytesMatch: (bytes: Uint8Array, integrity: string) => boolean;
  requestBadPort: (request: InnerRequest) => "allowed" | "blocked";
}

export function fetchClasses(realm: Realm): FetchClasses {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build put undici's there
  return realm.internal(
    "internal/deps/undici/undici",
  ) as unknown as FetchClasses;
}
