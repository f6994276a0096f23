/** Plain Node as one who answers checks: a process of its own for each batch. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Origins } from "./check.ts";
import type { Answer } from "./run-checks.ts";

const program = `
process.once("message", (data) => {
  require(process.argv[2])({ data }, (error, answers) => {
    const reply = error ? { failure: String(error.stack) } : { answers };
    process.send(reply, () => process.exit());
  });
});
// A check may leave a rejection behind; it says so in its own answer or not at all.
process.on("unhandledRejection", () => {});
`;
const batchMs = 60_000;

/** Has the script run the members' checks; rejects where the process ends without an answer. */
export async function answersOfNode(
  folder: string,
  script: string,
  members: readonly string[],
  origins: Origins,
): Promise<Answer[]> {
  const programFile = join(folder, "program.cjs");
  const scriptFile = join(folder, "checks.cjs");
  await writeFile(programFile, program);
  await writeFile(scriptFile, script);
  const child = fork(programFile, [scriptFile], {
    stdio: ["pipe", "ignore", "ignore", "ipc"],
    cwd: folder,
    execArgv: ["--no-warnings"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), batchMs);
  try {
    child.send({ members, origins });
    const [reply] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => [
        { failure: `ended with ${String(code)}` },
      ]),
    ]);
    if (reply.failure !== undefined) throw new Error(reply.failure);
    return reply.answers;
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}
