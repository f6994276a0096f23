/**
 * The broker's process: the network on one side, sandboxd's pipe on descriptor 3 on the other, and nothing else. Whatever
 * breaks the protocol, or is a bug of ours, ends the process; sandboxd starts another.
 */
import { Socket } from "node:net";
import { encodeFrame, FrameReader, maxFrameBytes } from "../frames.ts";
import { createQuery, createResolve } from "./resolve.ts";
import { BrokerService } from "./service.ts";

const pipeDescriptor = 3;

function main(): void {
  process.on("uncaughtException", ({ message }) => {
    process.stderr.write(`${message}\n`, () => process.exit(1));
  });
  const pipe = new Socket({ fd: pipeDescriptor, readable: true });
  const reader = new FrameReader(maxFrameBytes);
  const service = new BrokerService({
    reply: (head, body) => void pipe.write(encodeFrame(head, body)),
    resolve: createResolve(),
    query: createQuery(),
    roots: undefined,
    now: () => performance.now(),
  });
  pipe.on("data", (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) service.handle(frame);
  });
  pipe.on("error", () => process.exit(1));
  pipe.on("close", () => process.exit(0));
}

main();
