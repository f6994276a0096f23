/** Callers that send all they may, to code that keeps them waiting, do not fill this host's memory with what they sent. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestAnnex } from "../support/annex.ts";
import { callOf, openRawHop, type RawRequest } from "../support/raw-hop.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const containers = ["acme", "bolt", "cork"];
const callsPerContainer = 256;
const maxGrowthMb = 100;
const large = Buffer.from(JSON.stringify("x".repeat(1024 * 1024 - 2)));

let annex: TestAnnex;

beforeAll(async () => {
  annex = await openAnnex();
  for (const container of containers) {
    await annex.createContainer(container);
    await annex.publish(
      container,
      "wait",
      "module.exports = (ctx, cb) => setTimeout(() => cb(null, 1), ctx.query.ms);",
    );
  }
}, 60_000);

afterAll(() => closeAnnex(annex));

test("three containers' worth of waiting calls of 1 MiB costs this host less than 100 MB, and small calls go on", async () => {
  using hop = openRawHop(annex.socket);
  const stream = hop.openStream();
  // What a daemon takes that has seen such calls at all.
  let id = 0;
  for (let round = 0; round < 20; round++)
    for (const container of containers) {
      stream.invoke(++id, waiting(container, 1));
      await stream.answer(id);
    }
  const beforeMb = await residentMb();
  let largestMb = 0;
  const limits = new Set<string | undefined>();
  for (const container of containers) {
    const from = id + 1;
    for (let call = 0; call < callsPerContainer; call++)
      stream.invoke(++id, waiting(container, 5000));
    for (let refused = 0; refused < callsPerContainer / 2; refused++) {
      const answered = stream.received.length;
      await stream.until(({ length }) => length > answered);
      largestMb = Math.max(largestMb, await residentMb());
    }
    for (const { id: answered, message } of stream.received)
      if (answered >= from && message?.$case === "response")
        limits.add(
          message.value.outcome?.$case === "failure"
            ? message.value.outcome.value.limit?.name
            : undefined,
        );
    const small = { ...waiting(container, 1), payload: Buffer.from("{}") };
    expect(await hop.invoke(small)).toMatchObject({
      response: { outcome: { $case: "result" } },
    });
  }
  expect([...limits]).toContain("held_payload_bytes");
  expect(largestMb - beforeMb).toBeLessThan(maxGrowthMb);
}, 60_000);

function waiting(container: string, ms: number): RawRequest {
  return {
    ...callOf(container, "wait"),
    payload: large,
    http: { method: "POST", path: "/", query: `ms=${ms}`, headers: [] },
  };
}

async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${annex.sandboxd?.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
