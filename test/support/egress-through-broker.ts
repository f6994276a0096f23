/** An executor's requests outward through a real broker, as the supervisor carries them. */
import type { Broker } from "../../sandboxd/broker/broker.ts";
import type { EgressExchange } from "../../sandboxd/supervisor/egress.ts";
import type { Received, TestExecutor } from "./executor.ts";

export interface Caller {
  container: string;
  wallMs: number;
}

/** Hands the executor's requests to the broker, and back what comes of them. */
export function relayEgress(
  executor: TestExecutor,
  broker: Broker,
  caller: Caller,
): void {
  const open = new Map<string, EgressExchange>();
  executor.listen((reply) => {
    if (reply.type === "egress")
      open.set(keyOf(reply), send(executor, broker, caller, reply));
    else if (reply.type === "egress-pull")
      open.get(keyOf(reply))?.pull(reply.bytes);
    else if (reply.type === "egress-abort") open.get(keyOf(reply))?.abort();
  });
}

function keyOf({ id, egress }: { id: number; egress: number }): string {
  return `${id} ${egress}`;
}

function send(
  executor: TestExecutor,
  broker: Broker,
  caller: Caller,
  reply: Extract<Received, { type: "egress" }>,
): EgressExchange {
  const { id, egress, method, url, headers, body } = reply;
  const invocationId = `${executor.pid} ${id}`;
  return broker.open(
    { ...caller, invocationId, method, url, headers, body },
    {
      head: (head) =>
        executor.send({ type: "egress-head", id, egress, ...head }),
      chunk: (bytes) =>
        executor.send({ type: "egress-chunk", id, egress }, bytes),
      end: () => executor.send({ type: "egress-end", id, egress }),
      failed: (failure) =>
        executor.send({ type: "egress-failure", id, egress, failure }),
    },
  );
}
