/** Ports for daemons that are killed and started again on the same one. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

// Below what kernels give to outgoing connections: while a daemon is down, nobody is given its port.
const lowest = 10_000;
const beyond = 32_000;

/** A port on 127.0.0.1 where nobody listens. */
export async function freePort(): Promise<string> {
  for (;;) {
    const port = randomInt(lowest, beyond);
    if (await isFree(port)) return String(port);
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
