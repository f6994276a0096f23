/** Nothing that callers, extensions or the control plane do holds up the supervisor's event loop. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FailureSource } from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { TestAnnex } from "../support/annex.ts";
import type { BlockedTurn } from "../support/loop-guard.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
} from "../support/otlp-receiver.ts";
import { repositoryRoot } from "../support/paths.ts";
import { callOf, openRawHop } from "../support/raw-hop.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

/** The longest turn of the loop that is borne, in milliseconds of the supervisor's own time. */
const limitMs = 20;
/** Where it copies an answer of 6 MiB into memory that the kernel has yet to give: 27 to 37 ms on a virtual machine. */
const largeLimitMs = 60;
const guard = pathToFileURL(
  join(repositoryRoot, "test/support/loop-guard.ts"),
).href;
const mebibyte = 1024 * 1024;

let annex: TestAnnex;
let receiver: OtlpReceiver;
let folder: string;

const sources = {
  echo: "module.exports = (ctx, cb) => { console.log('said'); cb(null, ctx.data); };",
  loop: "module.exports = (cb) => { for (;;); };",
  bomb: "module.exports = (cb) => { for (const all = []; ; ) all.push(new Array(100_000).fill(0)); };",
  large: `const text = "x".repeat(${6 * mebibyte - 1024}); module.exports = (cb) => cb(null, text);`,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "annex-loop-"));
  receiver = await startOtlpReceiver();
  annex = await openAnnex({
    sandboxd: ["--wall-ms", "5000", "--sync-ms", "200"],
    env: {
      NODE_OPTIONS: `--import=${guard}`,
      LOOP_GUARD_FILE: report(),
      LOOP_GUARD_MS: String(limitMs),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: "always_on",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
  });
  await annex.createContainer("acme");
  for (const [extension, source] of Object.entries(sources))
    await annex.publish("acme", extension, source);
  // Code that V8 has not compiled yet is slow once; what is promised is of a host that has been up for a moment.
  await burst("acme", "echo", 2000, 256);
  await largeAnswers();
});

afterAll(async () => {
  await closeAnnex(annex);
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

function report(): string {
  return join(folder, "blocked");
}

/** What the guard has told. */
async function turnsIn(file: string): Promise<BlockedTurn[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the guard writes nothing else
  return lines.map((line) => JSON.parse(line) as BlockedTurn);
}

/** Does something, and gives the turns of the loop that took too long meanwhile. */
async function blockedWhile(work: () => Promise<unknown>) {
  const before = (await turnsIn(report())).length;
  await work();
  // One more answer, so that the loop has come round since.
  await answered(invoke("acme", "echo"));
  return (await turnsIn(report())).slice(before);
}

async function invoke(container: string, extension: string) {
  using hop = openRawHop(annex.socket);
  return await hop.invoke(callOf(container, extension, { a: 1 }));
}

async function answered(call: ReturnType<typeof invoke>): Promise<void> {
  expect(await call).toHaveProperty("response");
}

/** So many calls on a stream of their own, so many at once; resolves when all are answered, whatever with. */
async function burst(
  container: string,
  extension: string,
  calls: number,
  inFlight: number,
): Promise<void> {
  using hop = openRawHop(annex.socket);
  const stream = hop.openStream();
  let sent = 0;
  const send = () => {
    stream.invoke(++sent, callOf(container, extension, { a: 1 }));
  };
  while (sent < Math.min(calls, inFlight)) send();
  await stream.until((received) => {
    const room = Math.min(calls - sent, inFlight + received.length - sent);
    for (let left = room; left > 0; left--) send();
    return received.length >= calls;
  });
  stream.abort();
}

async function largeAnswers(): Promise<void> {
  await Promise.all([1, 2, 3].map(() => burst("acme", "large", 4, 2)));
}

test("the guard tells of a loop that computes, and of one that waits", async () => {
  const program = join(folder, "sandboxd/main.js");
  await mkdir(join(folder, "sandboxd"));
  await writeFile(
    program,
    `const spentMs = () => process.threadCpuUsage().user / 1000;
    const compute = () => { for (const end = spentMs() + 100; spentMs() < end;); };
    const wait = () => void require("node:child_process").execFileSync("sleep", ["0.1"]);
    setTimeout(compute, 100);
    setTimeout(wait, 300);
    setTimeout(() => undefined, 500);`,
  );
  const file = join(folder, "guarded");
  await promisify(execFile)(process.execPath, ["--import", guard, program], {
    env: {
      LOOP_GUARD_FILE: file,
      LOOP_GUARD_MS: "30",
      PATH: process.env["PATH"],
    },
  });
  // A busy machine may put both into one turn, or count its start as another.
  const turns = await turnsIn(file);
  expect(Math.max(...turns.map(({ cpuMs }) => cpuMs))).toBeGreaterThan(90);
  expect(Math.max(...turns.map(({ syncMs }) => syncMs))).toBeGreaterThan(90);
});

test("publishes and first calls", async () => {
  const turns = await blockedWhile(async () => {
    for (let number = 0; number < 5; number++) {
      const container = `first-${number}`;
      await annex.createContainer(container);
      const filler = `const filler = ${JSON.stringify("x".repeat(500_000))};`;
      await annex.publish(container, "echo", `${filler} ${sources.echo}`);
      await answered(invoke(container, "echo"));
    }
  });
  expect(turns).toEqual([]);
});

test("executors and isolates that are ended and replaced", async () => {
  const turns = await blockedWhile(async () => {
    for (const name of ["bomb", "loop", "bomb"])
      expect(await invoke("acme", name)).toMatchObject({
        response: { outcome: { value: { source: FailureSource.LIMIT } } },
      });
  });
  expect(turns).toEqual([]);
});

test("bursts of 1,024 calls on several streams, most of them refused", async () => {
  const turns = await blockedWhile(() =>
    Promise.all([1, 2, 3].map(() => burst("acme", "echo", 4096, 1024))),
  );
  expect(turns).toEqual([]);
});

test("large answers, several at once", async () => {
  const turns = await blockedWhile(largeAnswers);
  expect(turns.filter(({ cpuMs }) => cpuMs > largeLimitMs)).toEqual([]);
});

test("spans of every call being exported", async () => {
  const turns = await blockedWhile(() => burst("acme", "echo", 3000, 64));
  expect(turns).toEqual([]);
  await receiver.waitForSpans((spans) => spans.length > 5000);
});
