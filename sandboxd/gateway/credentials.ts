/** Where a request carries its token, and what is left of the request without it: code never sees a token of ours. */
import { AnnexError } from "../../proto/errors.ts";
import type { TokenClaims, TokenVerifier } from "../../proto/token.ts";

type Headers = [name: string, value: string][];

/** A request whose token was good. */
export interface Authenticated {
  claims: TokenClaims;
  /** The request's headers and query without the token. */
  headers: Headers;
  query: string;
}

/**
 * Checks the token in `?key=` or else in `Authorization: Bearer`. With `key` the authorization header is the code's own,
 * as where a platform sends an extension its secret, unless it too holds a token of ours. Throws `unauthenticated`.
 */
export async function authenticate(
  verifier: TokenVerifier,
  { headers, query }: { headers: Headers; query: string },
): Promise<Authenticated> {
  const key = new URLSearchParams(query).get("key");
  const bearer = bearerOf(headers);
  const token = key ?? bearer;
  if (token === undefined)
    throw new AnnexError(
      "unauthenticated",
      "a token is needed: send it as `Authorization: Bearer` or as the query's `key`",
    );
  const claims = await verifier.verify(token);
  const isBearerOurs =
    key === null || (bearer !== undefined && (await isToken(verifier, bearer)));
  return {
    claims,
    headers: isBearerOurs
      ? headers.filter(([name]) => name !== "authorization")
      : headers,
    query: key === null ? query : withoutKey(query),
  };
}

function bearerOf(headers: Headers): string | undefined {
  const value = headers.find(([name]) => name === "authorization")?.[1];
  return value === undefined
    ? undefined
    : /^bearer +(\S+) *$/i.exec(value)?.[1];
}

async function isToken(
  verifier: TokenVerifier,
  text: string,
): Promise<boolean> {
  try {
    await verifier.verify(text);
    return true;
  } catch {
    return false;
  }
}

/** Takes `key` out and leaves the rest exactly as it was sent. */
function withoutKey(query: string): string {
  return query
    .split("&")
    .filter((part) => !new URLSearchParams(part).has("key"))
    .join("&");
}
