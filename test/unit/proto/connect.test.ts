import { expect, test } from "vitest";
import { AnnexError } from "../../../proto/errors.ts";
import {
  TokenKind,
  TokenServiceDefinition,
} from "../../../proto/gen/annex/control/v1/token.ts";
import { connectHttp, unaryRoutes } from "../../../proto/rpc/connect.ts";

const baseUrl = "http://127.0.0.1:7701";

test("sends proto3 JSON with the token, and reads the answer into the message", async () => {
  const calls: { url: string; request: Request }[] = [];
  const client = connectHttp(TokenServiceDefinition, {
    baseUrl,
    token: "t0ken",
    fetch: async (url, init) => {
      const request = new Request(url, init);
      calls.push({ url: request.url, request });
      return Response.json({
        token: "new",
        claims: { kind: "TOKEN_KIND_JOIN", expiresAtS: "123" },
      });
    },
  });
  const answer = await client.issueToken({
    claims: { kind: TokenKind.JOIN, expiresAtS: 123n },
  });
  expect(answer).toMatchObject({
    token: "new",
    claims: { kind: TokenKind.JOIN, expiresAtS: 123n },
  });
  const [call] = calls;
  expect(call?.url).toBe(`${baseUrl}/annex.control.v1.TokenService/IssueToken`);
  expect(call?.request.headers.get("authorization")).toBe("Bearer t0ken");
  expect(await call?.request.json()).toEqual({
    claims: { kind: "TOKEN_KIND_JOIN", expiresAtS: "123" },
  });
});

test("throws the error that the other side named", async () => {
  const client = answering(() =>
    Response.json(
      { code: "failed_precondition", message: "not before noon" },
      { status: 400 },
    ),
  );
  await expect(client.issueToken({})).rejects.toMatchObject({
    code: "precondition",
    message: "not before noon",
  });
});

test("names the address and what to do where nobody answers", async () => {
  const client = connectHttp(TokenServiceDefinition, {
    baseUrl: "http://127.0.0.1:1",
  });
  await expect(client.issueToken({})).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/http:\/\/127\.0\.0\.1:1.*ANNEX_URL/),
  });
});

test("tells an answer that is not ours from one that is", async () => {
  for (const response of [
    () => new Response("<html>", { status: 404 }),
    () => new Response("<html>", { status: 200 }),
    () => Response.json([], { status: 200 }),
  ])
    await expect(answering(response).issueToken({})).rejects.toBeInstanceOf(
      AnnexError,
    );
});

test("says that the caller gave up where it did", async () => {
  const client = connectHttp(TokenServiceDefinition, {
    baseUrl,
    fetch: (_url, init) => Promise.reject(init?.signal?.reason),
  });
  const signal = AbortSignal.abort();
  await expect(client.issueToken({}, { signal })).rejects.toMatchObject({
    code: "cancelled",
  });
});

test("serves every method of a definition under its path", () => {
  const routes = unaryRoutes(TokenServiceDefinition, {
    issueToken: absent,
    inspectToken: absent,
    revokeToken: absent,
  });
  expect(routes.map(({ path }) => path)).toEqual([
    "/annex.control.v1.TokenService/IssueToken",
    "/annex.control.v1.TokenService/InspectToken",
    "/annex.control.v1.TokenService/RevokeToken",
  ]);
});

function absent(): Promise<never> {
  return Promise.reject(new AnnexError("not_found", "absent"));
}

function answering(response: () => Response) {
  return connectHttp(TokenServiceDefinition, {
    baseUrl,
    fetch: () => Promise.resolve(response()),
  });
}
