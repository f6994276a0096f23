/** What Node's library costs an extension that uses it: its first call, and a small hash. */
import { connect } from "../../../clients/node/index.ts";
import { boundMust } from "../findings.ts";
import type { Findings } from "../findings.ts";
import type { Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";
import { firstCalls } from "./cold.ts";

const modules = ["crypto", "url", "stream", "http", "zlib"];
const container = "surface-hash";
const hashesInACall = 2000;
const hashSource = `
const { createHash } = require("crypto");
const bytes = Buffer.alloc(1024, 7);
module.exports = (ctx, cb) => {
  const began = performance.now();
  for (let count = 0; count < ${hashesInACall}; count++)
    createHash("sha256").update(bytes).digest("hex");
  cb(null, (performance.now() - began) * 1000 / ${hashesInACall});
};`;

/** First calls of extensions that require the modules, and hashes of 1 KiB in a warm one. */
export async function measureSurface(stage: Stage): Promise<Findings> {
  const ours = await stage.ours("surface", "1 %");
  const requires = modules.map((name) => `require("${name}");`).join(" ");
  const row = await firstCalls(stage, ours, {
    section: "surface",
    name: `first call, ${modules.join(", ")} required`,
    source: `${requires}\n${extensionSource}`,
  });
  await ours.publish(container, "hash", hashSource);
  const annex = connect({ socket: ours.socket });
  const hashUs: number[] = [];
  for (let call = 0; call < stage.options.plan.limitCalls; call++) {
    const outcome = await annex.invoke({ container, extension: "hash" });
    if (outcome.kind !== "result" || typeof outcome.payload !== "number")
      throw new Error(`no figure: ${JSON.stringify(outcome)}`);
    hashUs.push(outcome.payload);
  }
  await annex.close();
  const sorted = hashUs.toSorted((one, other) => one - other);
  const medianUs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return {
    latencies: [row],
    figures: [
      {
        section: "surface",
        name: "createHash of 1 KiB, warm",
        value: medianUs,
        unit: "µs",
        samples: hashUs.length,
        minSamples: stage.options.plan.limitCalls,
      },
    ],
    musts: [
      boundMust(
        "first call that requires five modules p50",
        row.p50Us / 1000,
        25,
        "ms",
      ),
      boundMust("createHash of 1 KiB", medianUs, 30, "µs"),
    ],
  };
}
