/** What the runtime uses of undici's classes, which are loaded when one of them is first wanted. */
import type { Realm } from "../node/realm.ts";

/** A header's name as it was written, and its value. */
export type HeaderEntry = [name: string, value: string];

export interface HeaderList {
  readonly entriesList: HeaderEntry[];
  append(name: string, value: string): void;
  contains(name: string, isLowerCase: boolean): boolean;
  delete(name: string, isLowerCase: boolean): void;
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
  /** Where it began. */
  url: URL;
  /** Where redirects have led it; the last is where it goes. */
  urlList: URL[];
  redirectCount: number;
  /** What of its answer the program is shown. */
  responseTainting: "basic" | "cors" | "opaque";
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
  status: number;
  headersList: HeaderList;
  body: InnerBody | null;
}

export interface FetchClasses {
  Request: new (input: unknown, init?: unknown) => Request;
  getRequestState: (request: Request) => InnerRequest;
  /** With headers of its own. */
  cloneRequest: (request: InnerRequest) => InnerRequest;
  removeRequestAbortListener: (request: Request) => void;
  makeResponse: (parts: {
    status: number;
    statusText: string;
    urlList: URL[];
    body: InnerBody | null;
  }) => InnerResponse;
  filterResponse: (
    response: InnerResponse,
    type: InnerRequest["responseTainting"],
  ) => InnerResponse;
  fromInnerResponse: (inner: InnerResponse, guard: "immutable") => Response;
  dataURLProcessor: (
    url: URL,
  ) => { mimeType: object; body: Uint8Array } | "failure";
  serializeAMimeType: (mimeType: object) => string;
  /** Adds `Origin` where the standard wants one. */
  appendRequestOriginHeader: (request: InnerRequest) => void;
  /** Adds `Sec-Fetch-Mode`. */
  appendFetchMetadata: (request: InnerRequest) => void;
  determineRequestsReferrer: (request: InnerRequest) => URL | "no-referrer";
  /** Whether the bytes are what `integrity` says. */
  bytesMatch: (bytes: Uint8Array, integrity: string) => boolean;
  /** Throws where a redirect leads to no URL; null where it leads nowhere. */
  responseLocationURL: (response: InnerResponse, hash: string) => URL | null;
  setRequestReferrerPolicyOnRedirect: (
    request: InnerRequest,
    response: InnerResponse,
  ) => void;
  sameOrigin: (one: URL | InnerRequest, other: URL) => boolean;
  /** Ports of other protocols than HTTP's, which the Fetch standard keeps closed. */
  requestBadPort: (request: InnerRequest) => "allowed" | "blocked";
}

export function fetchClasses(realm: Realm): FetchClasses {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build put undici's there
  return realm.internal(
    "internal/deps/undici/undici",
  ) as unknown as FetchClasses;
}
