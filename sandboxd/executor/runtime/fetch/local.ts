/** Answers that need no way out: of `data:` and `blob:`. */
import { PromiseIntrinsic, TypeErrorIntrinsic } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import type { FetchClasses, InnerBody, InnerRequest } from "./classes.ts";
import { wholeBody } from "./whole-body.ts";

/** undefined for a URL that leads outward. */
export function answerHere(
  realm: Realm,
  classes: FetchClasses,
  request: InnerRequest,
): Promise<Response> | undefined {
  const { protocol } = request.url;
  if (protocol !== "data:" && protocol !== "blob:" && protocol !== "about:")
    return undefined;
  return new PromiseIntrinsic((resolve) => {
    if (protocol === "about:") throw failed("about scheme is not supported");
    const [body, type] =
      protocol === "data:"
        ? readData(realm, classes, request.url)
        : readBlob(realm, request);
    const response = classes.makeResponse({
      status: 200,
      statusText: "OK",
      urlList: [request.url],
      body: request.method === "HEAD" ? null : body,
    });
    if (body.length !== null && protocol === "blob:")
      response.headersList.append("content-length", `${body.length}`);
    response.headersList.append("content-type", type);
    resolve(
      classes.fromInnerResponse(
        classes.filterResponse(response, "basic"),
        "immutable",
      ),
    );
  });
}

function readData(
  realm: Realm,
  { dataURLProcessor, serializeAMimeType }: FetchClasses,
  url: URL,
): [body: InnerBody, type: string] {
  const data = dataURLProcessor(url);
  if (data === "failure") throw failed("invalid data: URL");
  return [wholeBody(realm, data.body), serializeAMimeType(data.mimeType)];
}

function readBlob(
  realm: Realm,
  { url, method }: InnerRequest,
): [body: InnerBody, type: string] {
  const { resolveObjectURL } = realm.internal("internal/blob");
  const blob: unknown =
    typeof resolveObjectURL === "function" ? resolveObjectURL(url.href) : null;
  if (method !== "GET" || !isBlob(blob)) throw failed("invalid method");
  return [
    { stream: blob.stream(), source: blob, length: blob.size },
    blob.type,
  ];
}

function isBlob(value: unknown): value is Blob {
  return typeof value === "object" && value !== null && "stream" in value;
}

/** As Node words what comes of no answer. */
export function failed(message: string): TypeError {
  return failedBy(new Error(message));
}

export function failedBy(cause: unknown): TypeError {
  return new TypeErrorIntrinsic("fetch failed", { cause });
}
