/** A broker's service in the process of whoever asks for it. */
import { duplexPair } from "node:stream";
import type { BrokerProcess } from "../../sandboxd/broker/connection.ts";
import type { Query, Resolve } from "../../sandboxd/broker/resolve.ts";
import { BrokerService } from "../../sandboxd/broker/service.ts";
import { encodeFrame, FrameReader } from "../../sandboxd/frames.ts";
import { originCertificate } from "./certificate.ts";

/** What would be a process of its own; `container` is forgotten when it is killed. */
export function serveInProcess(
  resolve: Resolve,
  query: Query,
  container: string,
): BrokerProcess {
  const [ours, pipe] = duplexPair();
  const reader = new FrameReader(32 * 1024 * 1024);
  const service = new BrokerService({
    reply: (head, body) => void ours.write(encodeFrame(head, body)),
    resolve,
    query,
    roots: [originCertificate],
    now: () => performance.now(),
  });
  // Between processes nothing is heard before the speaker has returned.
  ours.on("data", (chunk: Buffer) =>
    setImmediate(() => {
      for (const frame of reader.push(chunk)) service.handle(frame);
    }),
  );
  const { promise: exited, resolve: exit } = Promise.withResolvers<{
    how: string;
  }>();
  return {
    pid: 1,
    pipe,
    kill: () => {
      service.handle({
        head: { type: "forget", container },
        body: Buffer.alloc(0),
      });
      ours.destroy();
      pipe.destroy();
      exit({ how: "ended by SIGKILL" });
    },
    exited,
  };
}
