/** Starts raw-host.ts, and asks it one program after the other. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { repositoryRoot } from "./paths.ts";

/** What came of a program. */
export interface Ran {
  said: string;
  entered: string;
  cpuMs: number;
  residentMb: number;
}

export interface RawHost {
  /** Rejects when the process ends over it. */
  run(program: string): Promise<Ran>;
  close(): Promise<void>;
}

export async function startRawHost(): Promise<RawHost> {
  const child = fork(join(repositoryRoot, "test/support/raw-host.ts"), {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr?.on("data", (text: Buffer) => (errors += text.toString()));
  const ended = once(child, "exit");
  const orEnd = async (said: Promise<unknown[]>): Promise<unknown> => {
    const end = ended.then(([code, signal]) => {
      throw new Error(`it ended by ${code ?? signal}: ${errors}`);
    });
    const [message]: unknown[] = await Promise.race([said, end]);
    return message;
  };
  await orEnd(once(child, "message"));
  return {
    run: async (program) => {
      const said = once(child, "message");
      child.send(program);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- raw-host.ts says no else
      return (await orEnd(said)) as Ran;
    },
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
