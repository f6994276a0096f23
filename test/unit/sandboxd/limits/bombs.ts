/** As many memory bombs as fit under one limit, all at once; prints how each ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createBudget } from "../../../../sandboxd/limits/budget.ts";
import { openLimits } from "../../../../sandboxd/limits/open.ts";

const [limitMb = "", reserveMb = "", capMb = ""] = process.argv.slice(2);
const memoryMb = Number(capMb);
const mb = 1024 * 1024;

/** Waits for a word, then takes 1 GiB as fast as it can. */
const bomb = `
  console.log("up");
  process.stdin.once("data", () => {
    const kept = [];
    while (kept.length < 256) kept.push(Buffer.alloc(4 << 20, 1));
  });`;

const limits = await openLimits({
  choice: "rlimit",
  maxProcesses: 40,
  maxOpenFiles: 64,
  log: { info: () => undefined, warn: () => undefined },
});
const budget = createBudget({
  limitBytes: Math.min(limits.memoryLimitBytes, Number(limitMb) * mb),
  reserveBytes: Number(reserveMb) * mb,
});
const bombs = [];
while (budget.take(memoryMb)) bombs.push(startBomb());
await Promise.all(bombs.map(({ isUp }) => isUp));
for (const { child } of bombs) child.stdin.write("now\n");
const endings = await Promise.all(bombs.map(({ ending }) => ending));
await limits.close();
console.log(JSON.stringify({ endings }));

function startBomb() {
  const enclosure = limits.enclose({ memoryMb, cpuPercent: 100 });
  const [shell = "", ...args] = enclosure.wrap([process.execPath, "-e", bomb]);
  const child = spawn(shell, args, { stdio: ["pipe", "pipe", "ignore"] });
  enclosure.started(child.pid ?? 0);
  child.stdin.on("error", () => undefined);
  const ending = once(child, "close").then(() => {
    const isOutOfMemory = enclosure.isOutOfMemory();
    enclosure.release();
    return isOutOfMemory ? "memory" : "other";
  });
  return { child, isUp: once(child.stdout, "data"), ending };
}
