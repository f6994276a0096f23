/** HTTP through the gateway, and through the control plane to it: to the code and back without a byte changed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestAnnex } from "../support/annex.ts";
import { send, type HttpCall } from "../support/http.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

let annex: TestAnnex;
let token: string;

beforeAll(async () => {
  annex = await openAnnex();
  await annex.createContainer("acme");
  token = await annex.tokenFor("acme");
  await annex.publish(
    "acme",
    "mirror",
    `module.exports = (ctx, req, res) => {
      res.writeHead(Number(ctx.query.status ?? 200), {
        "content-type": req.headers["content-type"] ?? "text/plain",
        "set-cookie": ["a=1; Path=/", "b=2"],
        "x-request": req.method + " " + req.url,
        "x-length": req.headers["content-length"] ?? "none",
      });
      req.pipe(res);
    };`,
  );
  await annex.publish(
    "acme",
    "streamed",
    `module.exports = (ctx, req, res) => {
      res.write("one ");
      setTimeout(() => { res.write(Buffer.from([0xff, 0x00])); res.end(" two"); }, 5);
    };`,
  );
});

afterAll(() => closeAnnex(annex));

const bytes = Buffer.from(
  Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256),
);

describe.each(["gateway", "http"] as const)(
  "an extension at the base URL %s",
  (base) => {
    const call = (path: string, options: HttpCall = {}) =>
      send(`${annex[base]}/api/run/acme/${path}`, {
        ...options,
        headers: { authorization: `Bearer ${token}`, ...options.headers },
      });

    test("gives status, headers and cookies as the code set them, and every byte both ways", async () => {
      const reply = await call("mirror/a%2Fb?status=418&x=%20", {
        method: "PATCH",
        headers: { "content-type": "application/x-thing" },
        body: bytes,
      });
      expect(reply).toMatchObject({
        status: 418,
        headers: {
          "content-type": "application/x-thing",
          "set-cookie": ["a=1; Path=/", "b=2"],
          "x-request": "PATCH /api/run/acme/mirror/a%2Fb?status=418&x=%20",
          "x-length": "200000",
          "x-wt-response-source": "webtask",
        },
      });
      expect(reply.body.equals(bytes)).toBe(true);
    });

    test("takes a chunked body", async () => {
      const parts = [bytes.subarray(0, 70_000), bytes.subarray(70_000)];
      const reply = await call("mirror", { body: parts });
      expect(reply.body.equals(bytes)).toBe(true);
      expect(reply.headers["x-length"]).toBe("200000");
    });

    test("answers HEAD without a body", async () => {
      const reply = await call("mirror?status=203", { method: "HEAD" });
      expect(reply).toMatchObject({
        status: 203,
        headers: {
          "x-request": "HEAD /api/run/acme/mirror?status=203",
          "x-length": "none",
        },
      });
      expect(reply.body).toHaveLength(0);
    });

    test("sends on what the code writes in parts", async () => {
      const reply = await call("streamed");
      const expected = Buffer.from("one \xff\x00 two", "latin1");
      expect(reply.body).toEqual(expected);
    });
  },
);

describe.each(["gateway", "http"] as const)(
  "code in the request at the base URL %s",
  (base) => {
    const run = (source: string, query = "") =>
      send(`${annex[base]}/api/run/acme${query}`, {
        headers: { authorization: `Bearer ${token}` },
        body: source,
      });

    test("answers", async () => {
      const source =
        'module.exports = function (cb) { cb(null, { hello: "world" }); }';
      const reply = await run(source);
      expect([reply.status, reply.json()]).toEqual([200, { hello: "world" }]);
    });

    test("sees the query and no token", async () => {
      const reply = await run(
        "module.exports = (ctx, cb) => cb(null, [ctx.query, ctx.headers.authorization, ctx.body]);",
        "?name=jo",
      );
      expect(reply.json()).toEqual([{ name: "jo" }, null, null]);
    });
  },
);

const inline = (source: string) =>
  send(`${annex.gateway}/api/run/acme`, {
    headers: { authorization: `Bearer ${token}` },
    body: source,
  });

test("code in the request that needs building is built once, and then runs without the control plane", async () => {
  const esModule = 'export default async () => ({ from: "module" });';
  const typeScript =
    'const from: string = "types"; export default async () => ({ from });';
  expect((await inline(esModule)).json()).toEqual({ from: "module" });
  expect((await inline(typeScript)).json()).toEqual({ from: "types" });

  await annex.controlplane?.stop();
  try {
    expect((await inline(esModule)).json()).toEqual({ from: "module" });
    expect((await inline(typeScript)).json()).toEqual({ from: "types" });
    const plain = await inline("module.exports = (cb) => cb(null, 1);");
    expect(plain.json()).toBe(1);

    const unbuilt = await inline("export default async () => 'new here';");
    expect(unbuilt).toMatchObject({
      status: 503,
      headers: { "x-wt-response-source": "proxy", "retry-after": "1" },
    });
    expect(unbuilt.json()).toMatchObject({
      reason: "build_unavailable",
      retryable: true,
    });

    // Also for a host that has restarted since: from its disk.
    await annex.sandboxd?.stop();
    await annex.startSandboxd();
    expect((await inline(typeScript)).json()).toEqual({ from: "types" });
  } finally {
    await annex.startControlPlane();
  }
});

test("code in the request that no compiler takes is refused with its place", async () => {
  const reply = await inline(
    "module.exports = function (cb) {\n  cb(null, 1;\n}",
  );
  expect(reply).toMatchObject({
    status: 400,
    headers: { "x-wt-response-source": "compiler" },
  });
  expect(reply.json()).toMatchObject({
    reason: "syntax",
    retryable: false,
    message: expect.stringMatching(/^Compilation failed: [\w.]+:2:13: /),
  });
});

test("code in the request that requires what is not there is told so", async () => {
  const reply = await inline(
    'const pad = require("left-pad");\nmodule.exports = (cb) => cb(null, pad);',
  );
  expect(reply).toMatchObject({
    status: 400,
    headers: { "x-wt-response-source": "compiler" },
  });
  expect(reply.json()).toMatchObject({
    reason: "module_not_found",
    message: expect.stringContaining("left-pad"),
  });
});
