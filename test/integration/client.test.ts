/** What @annex/client promises its caller while sandboxd goes and comes. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AnnexError, type Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const mebibyte = 1024 * 1024;
const echo = { container: "acme", extension: "echo" };
const wait = { container: "acme", extension: "wait" };

let annex: TestAnnex;
let client: Client;

beforeAll(async () => {
  annex = await openAnnex();
  await annex.createContainer("acme");
  await annex.publish(
    "acme",
    "echo",
    "module.exports = (ctx, cb) => cb(null, ctx.body);",
  );
  await annex.createContainer("small");
  await annex.publish(
    "small",
    "echo",
    "module.exports = (ctx, cb) => cb(null, ctx.body);",
  );
  await annex.publish(
    "acme",
    "wait",
    "module.exports = (ctx, cb) => { setTimeout(cb, ctx.data.ms, null, 'waited'); };",
  );
  await annex.publish(
    "acme",
    "large",
    `const text = "x".repeat(${5 * mebibyte}); module.exports = (cb) => cb(null, text);`,
  );
});

afterAll(() => closeAnnex(annex));

beforeEach(() => {
  client = annex.client();
});

async function errorOf(call: Promise<unknown>): Promise<AnnexError> {
  const thrown = await call.then(
    () => new Error("it was answered"),
    (error: unknown) => error,
  );
  if (thrown instanceof AnnexError) return thrown;
  throw thrown;
}

test("calls in flight fail at once when sandboxd dies, and later ones find its successor", async () => {
  expect(await client.invoke({ ...echo, payload: 1 })).toMatchObject({
    payload: 1,
  });
  const pending = [9000, 9001].map((ms) =>
    errorOf(client.invoke({ ...wait, payload: { ms } })),
  );
  await client.invoke({ ...echo, payload: 2 }); // so those before it have arrived
  const killedMs = performance.now();
  await annex.sandboxd?.kill();
  for (const error of await Promise.all(pending)) {
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(/connection to sandboxd was lost/);
  }
  expect(performance.now() - killedMs).toBeLessThan(5000);

  const nobody = await errorOf(client.invoke({ ...echo, payload: 3 }));
  expect(nobody.code).toBe("unavailable");

  await annex.startSandboxd();
  expect(await client.invoke({ ...echo, payload: 4 })).toMatchObject({
    payload: 4,
  });
});

test("a draining sandboxd answers what it has, and the client is ready for the next", async () => {
  await client.invoke({ ...wait, payload: { ms: 0 } });
  const inFlight = client.invoke({ ...wait, payload: { ms: 1500 } });
  await client.invoke({ ...echo, payload: 1 });
  const stopped = annex.sandboxd?.stop();
  expect(await inFlight).toMatchObject({ kind: "result", payload: "waited" });
  expect(await stopped).toBe(0);
  await annex.startSandboxd();
  expect(await client.invoke({ ...echo, payload: 5 })).toMatchObject({
    payload: 5,
  });
});

test("large payloads do not hold up another container's small ones", async () => {
  await client.invoke({ container: "acme", extension: "large" }); // the client learns that it is
  const small = { container: "small", extension: "echo" };
  await client.invoke({ ...small, payload: 0 });
  const open = new Set<number>();
  let smallBeside = 0;
  const large = async (_: unknown, id: number): Promise<void> => {
    open.add(id);
    const { kind } = await client.invoke({
      container: "acme",
      extension: "large",
    });
    open.delete(id);
    expect(kind).toBe("result");
  };
  const answers = Promise.all(Array.from({ length: 16 }, large));
  while (open.size > 0) {
    const { kind } = await client.invoke({ ...small, payload: 1 });
    expect(kind).toBe("result");
    if (open.size > 0) smallBeside++;
  }
  await answers;
  // Behind them on one stream there would be none before the last.
  expect(smallBeside).toBeGreaterThan(100);
});

test("payloads of every size come back as they went", async () => {
  for (const length of [1, 65_535, 65_536, 65_537, mebibyte - 2]) {
    const payload = "x".repeat(length);
    const outcome = await client.invoke({ ...echo, payload });
    expect(outcome.kind === "result" && outcome.payload === payload).toBe(true);
  }
});

test("a guest's failure is a value; a call that means nothing, or was given up, rejects", async () => {
  expect(
    await client.invoke({ container: "acme", extension: "nothing" }),
  ).toMatchObject({ kind: "failure", reason: "not_found" });
  const nothing = { container: "acme" };
  expect((await errorOf(client.invoke(nothing))).code).toBe("invalid");
  const both = { ...echo, point: "p" };
  expect((await errorOf(client.invoke(both))).code).toBe("invalid");
  expect(
    (await errorOf(client.invoke({ ...echo, payload: () => 1 }))).code,
  ).toBe("invalid");
  expect((await errorOf(client.invoke({ ...echo, container: "" }))).code).toBe(
    "invalid",
  );
  const signal = AbortSignal.timeout(100);
  const given = client.invoke({ ...wait, payload: { ms: 9000 }, signal });
  expect((await errorOf(given)).code).toBe("cancelled");
  const spent = AbortSignal.abort();
  expect((await errorOf(client.invoke({ ...echo, signal: spent }))).code).toBe(
    "cancelled",
  );
});

test("close ends what is in flight, and may be called twice", async () => {
  await client.invoke({ ...echo, payload: 1 });
  const pending = errorOf(client.invoke({ ...wait, payload: { ms: 9000 } }));
  await client.close();
  expect((await pending).code).toBe("cancelled");
  await client.close();
  expect((await errorOf(client.invoke(echo))).code).toBe("cancelled");
});
