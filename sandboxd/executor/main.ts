/**
 * The executor's process: the supervisor's pipe on descriptor 3, and nothing else. Whatever breaks the protocol, or is a
 * bug of ours, ends the process; the supervisor starts another.
 */
import { Socket } from "node:net";
import { encodeFrame, FrameReader, maxFrameBytes } from "../frames.ts";
import type { ExecutorReply, ExecutorRequest } from "../protocol.ts";
import { Executor } from "./executor.ts";
import type { Library } from "./isolate.ts";
import { runtimeName } from "./library/runtime-name.ts";

/** Sends a message to the supervisor. */
export type Reply = (reply: ExecutorReply, body?: Uint8Array) => void;

/** Of this program's file; boot.ts gives it. */
declare const library: Library;

const pipeDescriptor = 3;

function main(): void {
  process.on("uncaughtException", ({ message }) => {
    process.stderr.write(`${message}\n`, () => process.exit(1));
  });
  const pipe = new Socket({ fd: pipeDescriptor, readable: true });
  const reader = new FrameReader(maxFrameBytes);
  const runtime = library.script(runtimeName);
  if (!runtime) throw new Error("the executor's file holds no runtime");
  const executor = new Executor({
    runtime,
    library,
    reply: (head, body) => void pipe.write(encodeFrame(head, body)),
  });
  pipe.on("data", (chunk: Buffer) => {
    for (const { head, body } of reader.push(chunk)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the supervisor is trusted with the shape of what it asks
      const request = head as ExecutorRequest;
      executor.handle(request, body);
    }
  });
  pipe.on("error", () => process.exit(1));
  pipe.on("close", () => process.exit(0));
}

main();
