/** Web frameworks' apps, published as they are: asked over the host's HTTP and over its socket. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { bundled } from "../support/bundled.ts";
import { send } from "../support/http.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

/** A slow machine evaluates a megabyte of framework slowly. */
const clocks = ["--wall-ms", "--sync-ms", "--cpu-ms", "--load-timeout-ms"]
  .map((clock) => [clock, "15000"])
  .flat();

let annex: TestAnnex;
let client: Client;
let token: string;

beforeAll(async () => {
  annex = await openAnnex({ sandboxd: clocks });
  client = annex.client();
  await annex.createContainer("acme");
  token = await annex.tokenFor("acme");
});

afterAll(() => closeAnnex(annex));

const apps: Record<string, string> = {
  express: `const app = require("express")();
    app.get("/hello/:name", (req, res) => res.json({ hello: req.params.name }));
    module.exports = app;`,
  fastify: `const app = require("fastify")();
    app.get("/hello/:name", async ({ params }) => ({ hello: params.name }));
    module.exports = app;`,
  hono: `import { Hono } from "hono";
    const app = new Hono();
    app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }));
    export default app;`,
};

test.each(Object.entries(apps))(
  "an app of %s serves over HTTP what is below its path, over the socket what it is asked for",
  async (name, source) => {
    const { rollout } = await annex.publish("acme", name, {
      "index.js": await bundled(source, { minify: true }),
    });
    expect(rollout).toMatchObject({ compiled: 1, refused: [] });
    const reply = await send(
      `${annex.gateway}/api/run/acme/${name}/hello/w%C3%B6rld`,
      { headers: { authorization: `Bearer ${token}` } },
    );
    expect([reply.status, reply.json()]).toEqual([200, { hello: "wörld" }]);
    const call = { container: "acme", extension: name };
    const http = { method: "GET", path: "/hello/ada", query: "" };
    expect(await client.invoke({ ...call, http })).toMatchObject({
      payload: { hello: "ada" },
    });
  },
);
