/** The other side of an executor's requests outward, as the supervisor and its broker would be. */
import type { EgressProblem, EgressReply } from "../../sandboxd/protocol.ts";
import type { TestExecutor } from "./executor.ts";

/** A request, and what it got so far. */
export interface SeenRequest extends EgressReply {
  body: Buffer;
  pulledBytes: number;
  sentBytes: number;
  isAborted: boolean;
}

/** What a request is answered with. */
export interface EgressAnswer {
  status?: number;
  statusText?: string;
  headers?: [name: string, value: string][];
  /** Sent as far as they are pulled; each within a pull. */
  chunks?: Iterable<Buffer>;
  /** After the head and the chunks, or instead of them where there is no status. */
  failure?: EgressProblem;
}

/** Answers every request outward; undefined leaves it open. Gives the requests in their order. */
export function serveEgress(
  executor: TestExecutor,
  answer: (request: SeenRequest) => EgressAnswer | undefined,
): SeenRequest[] {
  const seen: SeenRequest[] = [];
  const exchanges = new Map<string, () => void>();
  executor.listen((reply) => {
    if (reply.type === "egress") {
      const request = {
        ...reply,
        pulledBytes: 0,
        sentBytes: 0,
        isAborted: false,
      };
      seen.push(request);
      const given = answer(request);
      if (given) exchanges.set(keyOf(reply), send(executor, request, given));
      return;
    }
    if (reply.type !== "egress-pull" && reply.type !== "egress-abort") return;
    const request = seen.findLast((other) => keyOf(other) === keyOf(reply));
    if (!request) return;
    if (reply.type === "egress-pull") request.pulledBytes += reply.bytes;
    else request.isAborted = true;
    exchanges.get(keyOf(reply))?.();
  });
  return seen;
}

function keyOf({ id, egress }: { id: number; egress: number }): string {
  return `${id} ${egress}`;
}

/** Sends the head, and gives what sends more as more is pulled. */
function send(
  executor: TestExecutor,
  request: SeenRequest,
  answer: EgressAnswer,
): () => void {
  const { id, egress } = request;
  const { status, failure, chunks = [] } = answer;
  if (status !== undefined || !failure)
    executor.send({
      type: "egress-head",
      id,
      egress,
      status: status ?? 200,
      statusText: answer.statusText ?? "OK",
      headers: answer.headers ?? [],
    });
  const waiting = chunks[Symbol.iterator]();
  let next = waiting.next();
  let isOver = false;
  const more = () => {
    while (!isOver && !request.isAborted) {
      if (next.done) {
        isOver = true;
        if (failure)
          executor.send({ type: "egress-failure", id, egress, failure });
        else executor.send({ type: "egress-end", id, egress });
        return;
      }
      const { value } = next;
      if (request.sentBytes + value.length > request.pulledBytes) return;
      request.sentBytes += value.length;
      executor.send({ type: "egress-chunk", id, egress }, value);
      next = waiting.next();
    }
  };
  more();
  return more;
}
