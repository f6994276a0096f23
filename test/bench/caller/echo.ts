/** Ways to the peers that only echo. They give answers in the order of the calls, so a queue tells whose it is. */
import { once } from "node:events";
import { connect } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import { echoService } from "../echo-service.ts";
import { createBody } from "../workload.ts";
import { warm } from "./target.ts";
import type { CallNote, Target } from "./target.ts";

interface Waiting {
  resolve(note: CallNote): void;
  reject(error: Error): void;
}

const message = Buffer.from(JSON.stringify(createBody()));

/** A plain socket; the message's length is known to both sides. */
export async function openRawEcho(socketPath: string): Promise<Target> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  const queue = new Queue();
  let received = 0;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    for (; received >= message.length; received -= message.length) queue.next();
  });
  socket.on("close", () => queue.fail(new Error("the raw socket closed")));
  return {
    call: () => queue.wait(() => socket.write(message)),
    close: () => Promise.resolve(void socket.destroy()),
  };
}

/** One standing grpc-js stream. */
export function openGrpcStream(socketPath: string): Target {
  const client = grpcClient(socketPath);
  const { path, requestSerialize, responseDeserialize } = echoService.stream;
  const stream = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  const queue = new Queue();
  stream.on("data", (answer: Buffer) => {
    if (answer.length === message.length) queue.next();
    else queue.fail(new Error("the stream echoed something else"));
  });
  stream.on("error", (error) => queue.fail(error));
  return {
    call: () => queue.wait(() => stream.write(message)),
    async close() {
      stream.end();
      await once(stream, "status");
      client.close();
    },
  };
}

/** A grpc-js call each. */
export function openGrpcUnary(socketPath: string): Target {
  const client = grpcClient(socketPath);
  const { path, requestSerialize, responseDeserialize } = echoService.unary;
  return {
    call: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          message,
          (error, answer) => {
            if (error) reject(error);
            else if (answer?.length === message.length) resolve(warm);
            else reject(new Error("the call echoed something else"));
          },
        );
      }),
    close: () => Promise.resolve(client.close()),
  };
}

function grpcClient(socketPath: string): Client {
  return new Client(`unix:${socketPath}`, credentials.createInsecure());
}

class Queue {
  readonly #waiting: Waiting[] = [];

  async wait(send: () => unknown): Promise<CallNote> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      send();
    });
  }

  next(): void {
    this.#waiting.shift()?.resolve(warm);
  }

  fail(error: Error): void {
    for (const call of this.#waiting.splice(0)) call.reject(error);
  }
}
