/** What every part of the benchmark uses: the peers, who calls, who receives traces, and us. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCaller } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { startNode } from "./children.ts";
import type { Child } from "./children.ts";
import type { BenchOptions } from "./options.ts";
import { startOurs } from "./ours.ts";
import type { Ours } from "./ours.ts";
import { startDeno, startWorkerd } from "./peers/programs.ts";

/** How much of what an instance of ours does is traced. */
export type Sampling = "off" | "1 %" | "100 %";

/** The set stage. */
export interface Stage {
  options: BenchOptions;
  caller: Caller;
  receiver: Child;
  /** Every process, for the report. */
  processes: { role: string; pid: number }[];
  startPeers(): Promise<PeerSockets>;
  /** An all-in-one of ours; the same one for the same name. */
  ours(
    name: string,
    sampling: Sampling,
    env?: Record<string, string>,
  ): Promise<Ours>;
  /** A process that calls without end, told when; see test/support/loud-caller.ts. */
  startLoudCaller(name: string, args: readonly string[]): Promise<Child>;
  /** A process whose every answer is large; see test/support/loud-origin.ts. */
  startLoudOrigin(): Promise<{ child: Child; host: string }>;
  startCaller(name: string): Promise<Caller>;
  /** How many spans have arrived. */
  receivedSpans(): Promise<number>;
  close(): Promise<void>;
}

/** Where the peers listen. */
export interface PeerSockets {
  raw: string;
  grpc: string;
  workerd: string;
  deno: string;
}

/** Sets the stage; what has started is closed again where something does not. */
export async function setStage(options: BenchOptions): Promise<Stage> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "annex-bench-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const processes: Stage["processes"] = [];
  const own = (child: Child, closers: AsyncDisposableStack) => {
    closers.defer(() => child.close());
    processes.push({ role: child.name, pid: child.pid });
  };
  const receiver = await startNode("./peers/otlp-receiver.ts", [], {
    name: "OTLP receiver",
  });
  own(receiver, starting);
  const caller = await startCaller("caller");
  own(caller.child, starting);
  const closers = starting.move();
  const started = new Map<string, Ours>();
  return {
    options,
    caller,
    receiver,
    processes,
    startPeers: () => startPeers(folder, (child) => own(child, closers)),
    async ours(name, sampling, settings = {}) {
      const known = started.get(name);
      if (known) return known;
      const env = {
        ...tracingEnv(sampling, await endpointOf(receiver)),
        ...settings,
      };
      const ours = await startOurs(name, folder, env);
      closers.defer(() => ours.close());
      started.set(name, ours);
      const role = `ours, tracing ${sampling}`;
      processes.push(
        { role: `${role}: supervisor`, pid: ours.supervisorPid },
        { role: `${role}: control plane`, pid: ours.controlPlanePid },
      );
      return ours;
    },
    async startLoudCaller(name, args) {
      const file = "../support/loud-caller.ts";
      const child = await startNode(file, [...args], { name });
      own(child, closers);
      return child;
    },
    async startLoudOrigin() {
      const file = "../support/loud-origin.ts";
      const child = await startNode(file, [], { name: "origin of downloads" });
      own(child, closers);
      const answered = once(child.process, "message");
      child.process.send("where");
      const [host] = await answered;
      return { child, host: String(host) };
    },
    async startCaller(name) {
      const other = await startCaller(name);
      own(other.child, closers);
      return other;
    },
    receivedSpans: async () => (await askReceiver(receiver)).spans,
    close: () => closers.disposeAsync(),
  };
}

async function startPeers(
  folder: string,
  own: (child: Child) => void,
): Promise<PeerSockets> {
  const sockets = {
    raw: join(folder, "raw.sock"),
    grpc: join(folder, "grpc.sock"),
    workerd: join(folder, "workerd.sock"),
    deno: join(folder, "deno.sock"),
  };
  own(
    await startNode("./peers/raw-echo.ts", [sockets.raw], {
      name: "raw socket echo",
    }),
  );
  own(
    await startNode("./peers/grpc-echo.ts", [sockets.grpc], {
      name: "grpc-js echo",
    }),
  );
  own(await startWorkerd(folder, sockets.workerd));
  own(await startDeno(folder, sockets.deno));
  return sockets;
}

function tracingEnv(
  sampling: Sampling,
  endpoint: string,
): Record<string, string> {
  if (sampling === "off") return { OTEL_SDK_DISABLED: "true" };
  return {
    OTEL_SDK_DISABLED: "false",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: sampling === "1 %" ? "0.01" : "1",
  };
}

interface ReceiverState {
  url: string;
  spans: number;
}

async function endpointOf(receiver: Child): Promise<string> {
  return (await askReceiver(receiver)).url;
}

async function askReceiver(receiver: Child): Promise<ReceiverState> {
  const answered = once(receiver.process, "message");
  receiver.process.send("state");
  const [state] = await answered;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are this benchmark's
  return state as ReceiverState;
}
