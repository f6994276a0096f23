/** Calls that never reach code: nothing there, not allowed, not publishable. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AnnexError,
  connect,
  type Annex as Client,
} from "../../clients/node/index.ts";
import { TokenKind } from "../../proto/gen/annex/control/v1/token.ts";
import { generateSigningKey, signToken } from "../../proto/token.ts";
import type { TestAnnex } from "../support/annex.ts";
import { send } from "../support/http.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

let annex: TestAnnex;
let client: Client;
let token: string;
/** Tokens that open nothing, by what is wrong with them. */
const badTokens = new Map<string, string>();

beforeAll(async () => {
  annex = await openAnnex();
  client = annex.client();
  const points = annex.control("points");
  for (const name of ["acme", "other"]) await annex.createContainer(name);
  for (const name of ["sign-up", "sign-in"]) await points.createPoint({ name });
  const source = "module.exports = (ctx, cb) => cb(null, 'well');";
  await annex.publish("acme", "healthy", source, { points: ["sign-up"] });
  await annex.publish("other", "healthy", source);
  token = await annex.tokenFor("acme");
  await fillBadTokens();
});

afterAll(() => closeAnnex(annex));

const kinds = [
  "malformed",
  "of three empty parts",
  "without a signature",
  "altered",
  "signed by nobody we know",
  "not yet valid",
  "too long",
] as const;

async function fillBadTokens(): Promise<void> {
  const [head = "", body = "", signature = ""] = token.split(".");
  const none = Buffer.from('{"alg":"none","typ":"annex-container+jwt"}');
  const admin = Buffer.from(body, "base64url")
    .toString()
    .replace("acme", "other");
  const { privateKey, kid } = await generateSigningKey("stranger");
  const nowS = Math.floor(Date.now() / 1000);
  const made: Record<(typeof kinds)[number], string> = {
    malformed: "no.token",
    "of three empty parts": "..",
    "without a signature": `${none.toString("base64url")}.${body}.`,
    altered: `${head}.${Buffer.from(admin).toString("base64url")}.${signature}`,
    "signed by nobody we know": await signToken(
      { kind: "container", jti: "1", containers: ["acme"] },
      { kid, privateKey },
      Date.now,
    ),
    "not yet valid": await issue({ notBeforeS: BigInt(nowS + 600) }),
    "too long": `${token}${"x".repeat(10_000)}`,
  };
  for (const kind of kinds) badTokens.set(kind, made[kind]);
}

async function issue(times: object): Promise<string> {
  const claims = { kind: TokenKind.CONTAINER, containers: ["acme"], ...times };
  const { token: issued } = await annex
    .control("tokens")
    .issueToken({ claims });
  return issued;
}

const healthy = { container: "acme", extension: "healthy" };

async function stillWell(): Promise<void> {
  expect(await client.invoke(healthy)).toMatchObject({ payload: "well" });
}

/** The AnnexError a call rejects with. */
async function rejection(call: Promise<unknown>): Promise<AnnexError> {
  const thrown = await call.then(
    (answer) => new Error(`answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof AnnexError)) throw thrown;
  expect(thrown.message).not.toMatch(/node:|(^|\s|\()\/\w+\//);
  return thrown;
}

test.each([
  ["a container", { container: "nobody", extension: "healthy" }],
  ["an extension", { container: "acme", extension: "nothing" }],
  ["a container at a point", { container: "nobody", point: "sign-up" }],
  [
    "an extension of another container",
    { container: "acme", extension: "__proto__" },
  ],
])("%s that is not there is a failure", async (_name, call) => {
  expect(await client.invoke(call)).toMatchObject({
    kind: "failure",
    source: "platform",
    reason: "not_found",
    retryable: false,
    version: 0,
  });
  await stillWell();
});

test("a disabled extension fails by name and is skipped at its point", async () => {
  const extensions = annex.control("extensions");
  const atPoint = { container: "acme", point: "sign-up" };
  expect(await client.invoke(atPoint)).toMatchObject({ payload: "well" });
  expect(
    await client.invoke({ container: "acme", point: "sign-in" }),
  ).toMatchObject({ kind: "skipped", reason: "nothing_bound" });

  await extensions.updateExtension({ ...healthy, enabled: false });
  await expect
    .poll(() => client.invoke(healthy))
    .toMatchObject({
      kind: "failure",
      source: "platform",
      reason: "disabled",
      retryable: false,
    });
  expect(await client.invoke(atPoint)).toMatchObject({
    kind: "skipped",
    reason: "disabled",
  });
  const reply = await overHttp("healthy", token);
  expect([reply.status, reply.json()]).toMatchObject([
    403,
    { reason: "disabled" },
  ]);

  await extensions.updateExtension({ ...healthy, enabled: true });
  await expect
    .poll(() => client.invoke(atPoint))
    .toMatchObject({ kind: "result", payload: "well" });
});

function overHttp(extension: string, bearer?: string) {
  return send(`${annex.gateway}/api/run/acme/${extension}`, {
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  });
}

async function expectRefused(bad: string): Promise<AnnexError> {
  const error = await rejection(annex.client({ token: bad }).invoke(healthy));
  expect(error.code).toBe("unauthenticated");
  const reply = await overHttp("healthy", bad);
  expect(reply).toMatchObject({
    status: 401,
    headers: {
      "www-authenticate": 'Bearer realm="annex"',
      "x-wt-response-source": "proxy",
    },
  });
  expect(reply.json()).toMatchObject({
    error: "unauthenticated",
    message: error.message,
  });
  await stillWell();
  return error;
}

test.each(kinds)(
  "a token that is %s is refused, on the socket as over HTTP",
  async (kind) => {
    await expectRefused(badTokens.get(kind) ?? "");
  },
);

test("a token opens nothing after it has expired", async () => {
  const expiresAtS = BigInt(Math.floor(Date.now() / 1000) + 2);
  const mortal = await issue({ expiresAtS });
  expect((await overHttp("healthy", mortal)).status).toBe(200);
  await expect
    .poll(async () => (await overHttp("healthy", mortal)).status, {
      timeout: 15_000,
      interval: 200,
    })
    .toBe(401);
  const error = await expectRefused(mortal);
  expect(error.message).toMatch(/expired/);
});

test("a good token opens its own container only, and its own extension only", async () => {
  const foreign = await annex.tokenFor("other");
  const narrow = await annex.tokenFor("acme", "another");
  for (const held of [foreign, narrow]) {
    const error = await rejection(
      annex.client({ token: held }).invoke(healthy),
    );
    expect(error.code).toBe("denied");
    const reply = await overHttp("healthy", held);
    expect([reply.status, reply.json()]).toMatchObject([
      403,
      { error: "denied" },
    ]);
  }
  const inline = await send(`${annex.gateway}/api/run/acme`, {
    headers: { authorization: `Bearer ${narrow}` },
    body: "module.exports = (cb) => cb();",
  });
  expect(inline.status).toBe(403);
  await stillWell();
});

test("over HTTP nothing runs without a token", async () => {
  expect((await overHttp("healthy")).status).toBe(401);
  expect((await overHttp("nothing")).status).toBe(401);
});

test("a token that was revoked opens nothing once the host has heard of it", async () => {
  const revoked = await annex.tokenFor("acme");
  expect((await overHttp("healthy", revoked)).status).toBe(200);
  const subject = { $case: "token", value: revoked } as const;
  await annex.control("tokens").revokeToken({ subject });
  await expect
    .poll(async () => (await overHttp("healthy", revoked)).status)
    .toBe(401);
  expect((await overHttp("healthy", token)).status).toBe(200);
});

test("a host that requires tokens refuses calls without one", async () => {
  const host = await annex.addHost("strict", ["--require-token"]);
  const error = await rejection(host.client.invoke(healthy));
  expect(error.code).toBe("unauthenticated");
  const socket = join(annex.home, "strict", "sandboxd.sock");
  const open = connect({ socket, token });
  try {
    await expect
      .poll(() => open.invoke(healthy))
      .toMatchObject({ payload: "well" });
    expect(
      (await rejection(open.invoke({ ...healthy, container: "other" }))).code,
    ).toBe("denied");
  } finally {
    await open.close();
    await host.daemon.stop();
  }
});

describe("what cannot be published", () => {
  const broken: [name: string, file: string, source: string, place: string][] =
    [
      [
        "JavaScript",
        "index.js",
        "module.exports = (cb) => {\n  cb(;\n};",
        "2:6",
      ],
      [
        "TypeScript",
        "index.ts",
        "export default async () => {\n  const x: = 1;\n};",
        "2:12",
      ],
      ["an ES module", "index.mjs", "export default {\n\n  a b };", "3:5"],
    ];
  test.each(broken)(
    "%s that does not parse is refused with its place",
    async (_name, file, source, place) => {
      const error = await rejection(
        annex.publish("acme", "broken", { [file]: source }),
      );
      expect(error.code).toBe("invalid");
      expect(error.message).toMatch(new RegExp(`^${file}:${place}: `));
      expect(
        await client.invoke({ container: "acme", extension: "broken" }),
      ).toMatchObject({ reason: "not_found" });
    },
  );

  const useless: [
    name: string,
    source: string,
    reason: string,
    message: RegExp,
  ][] = [
    ["exports nothing", "const a = 1;", "invalid_export", /found an object/],
    [
      "exports no function",
      "module.exports = 7;",
      "invalid_export",
      /found a number/,
    ],
    [
      "has no parameters",
      "module.exports = () => {};",
      "invalid_export",
      /one of 0/,
    ],
    [
      "has four parameters",
      "module.exports = (a, b, c, d) => {};",
      "invalid_export",
      /one of 4/,
    ],
    [
      "throws",
      "\nthrow new Error('at once');",
      "threw",
      /^index\.js:2:\d+: at once/,
    ],
    ["loops", "for (;;);", "sync_time", /without returning/],
  ];
  test.each(useless)(
    "a top level that %s is refused by the host, and the old version answers",
    async (name, source, reason, message) => {
      const extension = name.replaceAll(" ", "-");
      const old = "module.exports = (cb) => cb(null, 'old');";
      await annex.publish("acme", extension, old);
      const { rollout } = await annex.publish("acme", extension, source, {
        create: false,
      });
      expect(rollout).toMatchObject({
        version: 2,
        refused: [{ reason, message: expect.stringMatching(message) }],
      });
      const call = { container: "acme", extension };
      expect(await client.invoke(call)).toMatchObject({
        payload: "old",
        version: 1,
      });

      const inline = await send(`${annex.gateway}/api/run/acme`, {
        headers: { authorization: `Bearer ${token}` },
        body: source,
      });
      expect(inline.json()).toMatchObject({ reason });
      await stillWell();
    },
  );
});
