import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestAnnex } from "../support/annex.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";
import { runAnnex } from "../support/terminal.ts";

let annex: TestAnnex;
beforeAll(async () => {
  annex = await openAnnex();
  await annex.createContainer("acme");
});
afterAll(() => closeAnnex(annex));

function ran(...argv: string[]) {
  const env = { ANNEX_URL: annex.http, ANNEX_TOKEN: annex.adminToken };
  return runAnnex([...argv, "--container", "acme"], { env, cwd: annex.home });
}

const greeter = {
  "index.js": `const greeting = require("./greeting");
module.exports = (ctx, cb) => {
  if (ctx.body.name === "nobody") throw new TypeError("whom?");
  cb(null, { said: greeting + " " + ctx.body.name, secret: ctx.secrets.KEY });
};`,
  "greeting.js": 'module.exports = "hello";',
  "samples/ann.json": JSON.stringify({
    payload: { name: "ann" },
    expect: { payload: { said: "hello ann", secret: "k" }, status: 200 },
  }),
  "samples/nobody.json": JSON.stringify({
    payload: { name: "nobody" },
    expect: { reason: "threw", message: "whom" },
  }),
};

function publish(name: string, files: Record<string, string>) {
  return annex.publish("acme", name, files, { secrets: { KEY: "k" } });
}

async function laidOut(name: string, files: Record<string, string>) {
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(annex.home, name, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

it("runs the samples published with an extension, with its secrets", async () => {
  const { rollout } = await publish("greeter", greeter);
  expect(rollout?.refused).toEqual([]);
  const check = ["extension", "check", "greeter", "--runtime", "2026.1"];
  const { exit, stdout, stderr } = await ran(...check);
  expect(stderr).toBe("");
  expect(exit).toBe(0);
  expect(stdout).toMatch(
    /^acme\/greeter in runtime 2026\.1, compared with version 1 in 2026\.1\n/,
  );
  expect(stdout).toMatch(/ann +200 \{"said":"hello ann".* yes +same/);
  expect(stdout).toMatch(/nobody +threw: TypeError: whom\? .* yes +same/);
  const { json } = await ran(...check, "--json");
  expect(json).toMatchObject({
    runtime: "2026.1",
    active: { version: 1, runtime: "2026.1" },
    samples: [
      { sample: "ann", ok: true, as_expected: true, same_as_active: true },
      { sample: "nobody", ok: true, outcome: { reason: "threw" } },
    ],
  });
});

it("checks a source before it is published, and changes nothing that serves", async () => {
  await publish("draft", greeter);
  await laidOut("changed", {
    ...greeter,
    "greeting.js": 'module.exports = "good day";',
    "samples/bob.json": JSON.stringify({ payload: { name: "bob" } }),
  });
  const check = ["extension", "check", "draft", "--source", "changed"];
  const { exit, stdout, stderr } = await ran(...check);
  expect(exit).toBe(9);
  expect(stderr).toContain("2 of 3 samples did not come out as they should");
  expect(stdout).toMatch(/ann: expected \{"said":"hello ann".*, got \{/);
  expect(stdout).toMatch(/bob: the active version: 200 \{"said":"hello bob"/);
  const invoke = ["extension", "invoke", "draft", "--data", '{"name":"cy"}'];
  const called = await ran(...invoke);
  expect(called.stdout).toContain("hello cy");
  const { json } = await ran("extension", "versions", "draft", "--json");
  expect(json.versions).toHaveLength(1);
});

it("checks what was never published, with samples of the command line", async () => {
  await laidOut("fresh", {
    "index.mjs":
      "export default async (request) => { const { a } = request.body; return { twice: a * 2 }; };",
    "index.js": "module.exports = (ctx, cb) => cb(null, ctx.body.a * 2);",
    "one.json": '{"payload": {"a": 2}, "expect": {"payload": 4}}',
  });
  const check = ["extension", "check", "fresh", "--source", "fresh/index.js"];
  const { exit, json } = await ran(
    ...check,
    "--sample",
    "fresh/one.json",
    "--json",
  );
  expect(exit).toBe(0);
  expect(json).toMatchObject({ active: null, samples: [{ sample: "one" }] });
});

it("names the runtimes there are where one is unknown", async () => {
  await publish("named", greeter);
  const check = ["extension", "check", "named", "--runtime"];
  const { exit, stderr } = await ran(...check, "2031.1");
  expect(exit).toBe(5);
  expect(stderr).toContain('no host holds a runtime "2031.1"; there is 2026.1');
  const hosts = await ran("host", "list");
  expect(hosts.exit).toBe(2); // --container is none of its options
});

it("says what is wrong with a sample, a source, or that there are none", async () => {
  await publish("bare", { "index.js": "module.exports = (cb) => cb();" });
  const bare = await ran("extension", "check", "bare");
  expect(bare.exit).toBe(3);
  expect(bare.stderr).toContain(
    "there are no samples in the active version's source; put samples/*.json beside the source, or name them with --sample FILE",
  );
  await laidOut("wrong", {
    "index.js": "module.exports = ;",
    "typo.json": '{"paylod": {}}',
    "none.json": "{",
    "good.json": "{}",
  });
  const sample = (file: string, ...more: string[]) =>
    ran("extension", "check", "bare", "--sample", `wrong/${file}`, ...more);
  expect((await sample("typo.json")).stderr).toContain(
    "wrong/typo.json: a sample has no 'paylod'; it may have name, payload, contentType, http, expect",
  );
  expect((await sample("none.json")).stderr).toContain(
    "wrong/none.json: it is no JSON",
  );
  expect((await sample("gone.json")).exit).toBe(5);
  const broken = await sample("good.json", "--source", "wrong/index.js");
  expect(broken.exit).toBe(3);
  expect(broken.stderr).toContain("> 1 | module.exports = ;");
  const nobody = await ran("extension", "check", "nobody");
  expect(nobody.exit).toBe(5);
});

it("lets only who manages the container check", async () => {
  await publish("guarded", greeter);
  const body = JSON.stringify({ samples: [] });
  const ask = async (url: string, token: string) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    };
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  const token = await annex.tokenFor("acme", "guarded");
  const paths = ["/api/check/acme/guarded", "/api/trial/acme/guarded"];
  expect(await ask(`${annex.http}${paths[0]}`, token)).toBe(403);
  expect(await ask(`${annex.gateway}${paths[1]}`, token)).toBe(403);
  expect(await ask(`${annex.http}${paths[0]}`, "none")).toBe(401);
});
