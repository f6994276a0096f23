/**
 * A process of its own that calls one extension without end: `loud-caller.ts SOCKET CONTAINER EXTENSION STREAMS IN_FLIGHT`.
 * Told "start" and "stop" by its parent, it answers the latter with how many calls were answered and how many refused.
 */
import { callOf, openRawHop, type RawStream } from "./raw-hop.ts";

/** What came of the calls since the start. */
export interface LoudOutcome {
  answered: number;
  refused: number;
}

const [socket = "", container = "", extension = "", streams, inFlight] =
  process.argv.slice(2);
const request = callOf(container, extension, { note: "x".repeat(100) });
const open = Array.from({ length: Number(streams) }, () =>
  openRawHop(socket).openStream(),
);
let outcome: LoudOutcome = { answered: 0, refused: 0 };
let isStopped = true;

for (const stream of open) callOnAndOn(stream);
process.on("message", (order) => {
  isStopped = order === "stop";
  if (isStopped) {
    process.send?.(outcome);
    outcome = { answered: 0, refused: 0 };
  } else
    for (const stream of open)
      for (let call = 0; call < Number(inFlight); call++) invoke(stream);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

let lastId = 0;
function invoke(stream: RawStream): void {
  stream.invoke(++lastId, request);
}

/** Each answer, or refusal, is followed by the next call. */
function callOnAndOn(stream: RawStream): void {
  let seen = 0;
  stream
    .until((received) => {
      for (const { message } of received.slice(seen)) {
        seen++;
        const isResult =
          message?.$case === "response" &&
          message.value.outcome?.$case === "result";
        if (isResult) outcome.answered++;
        else outcome.refused++;
        if (!isStopped) invoke(stream);
      }
      return false;
    })
    .catch(() => process.exit());
}
