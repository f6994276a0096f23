/**
 * A process of its own that calls one extension without end: `loud-caller.ts SOCKET CONTAINER EXTENSION STREAMS IN_FLIGHT`.
 * Its parent tells it "start" and "stop"; after the latter it waits until nothing of its own is left, and says what came of it.
 */
import { callOf, openRawHop, type RawStream } from "./raw-hop.ts";

/** What came of the calls since the start. */
export interface LoudOutcome {
  answered: number;
  /** Or failed otherwise. */
  refused: number;
  /** From the start until the last call was answered. */
  elapsedMs: number;
}

const [socket = "", container = "", extension = "", streams, inFlight] =
  process.argv.slice(2);
const request = callOf(container, extension, { note: "x".repeat(100) });
const open = Array.from({ length: Number(streams) }, () => {
  const stream: RawStream = openRawHop(socket).openStream(({ message }) => {
    openCalls--;
    const isResult =
      message?.$case === "response" &&
      message.value.outcome?.$case === "result";
    if (isResult) answered++;
    else refused++;
    if (!isStopped) invoke(stream);
    else if (openCalls === 0) tell();
  });
  void stream.ended.then(() => process.exit());
  return stream;
});
let isStopped = true;
let openCalls = 0;
let answered = 0;
let refused = 0;
let startedMs = 0;

process.on("message", (order) => {
  isStopped = order === "stop";
  if (!isStopped) start();
  else if (openCalls === 0) tell();
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

function start(): void {
  answered = refused = 0;
  startedMs = performance.now();
  for (const stream of open)
    for (let call = 0; call < Number(inFlight); call++) invoke(stream);
}

let lastId = 0;
function invoke(stream: RawStream): void {
  openCalls++;
  stream.invoke(++lastId, request);
}

function tell(): void {
  const elapsedMs = performance.now() - startedMs;
  const outcome: LoudOutcome = { answered, refused, elapsedMs };
  process.send?.(outcome);
}
