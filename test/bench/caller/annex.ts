/** The ways to us: the client's stream, and the unary call of any gRPC client. */
import { Client, credentials } from "@grpc/grpc-js";
import { connect } from "../../../clients/node/index.ts";
import { InvokeServiceDefinition } from "../../../proto/gen/annex/invoke/v1/invoke.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../../proto/gen/annex/invoke/v1/invoke.ts";
import { grpcServiceOf } from "../../../proto/rpc/service-definition.ts";
import { bigAnswerBytes, checkAnswer, createBody } from "../workload.ts";
import type { Body } from "../workload.ts";
import type { Target, TargetSpec } from "./target.ts";

/** A target of ours. */
export type AnnexSpec = Extract<TargetSpec, { container: string }>;

/** By `@annex/client`, as a service in Node would. Targets on one socket share its client. */
export function openAnnexStream(
  spec: AnnexSpec,
  clients: AnnexClients,
): Target {
  const annex = clients.connect(spec.socket);
  const body = createBody();
  const request = {
    container: spec.container,
    ...spec.call,
    ...(spec.expect === "answer" && { payload: body }),
  };
  return {
    async call() {
      const outcome = await annex.invoke(request);
      if (outcome.kind === "failure")
        throw new Error(`${outcome.reason}: ${outcome.message}`);
      if ((outcome.kind === "skipped") !== (spec.expect === "skipped"))
        throw new Error(`the outcome is ${outcome.kind}`);
      if (outcome.kind === "result")
        checkResult(spec, body, outcome.payload, outcome.bytes.length);
      return { cold: outcome.cold };
    },
    close: () => Promise.resolve(),
  };
}

/** Clients by socket. */
export class AnnexClients {
  readonly #clients = new Map<string, ReturnType<typeof connect>>();

  connect(socket: string): ReturnType<typeof connect> {
    const known = this.#clients.get(socket);
    if (known) return known;
    const client = connect({ socket, caller: "bench" });
    this.#clients.set(socket, client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
  }
}

/** By a bare grpc-js unary call. */
export function openAnnexUnary(spec: AnnexSpec): Target {
  const client = new Client(
    `unix:${spec.socket}`,
    credentials.createInsecure(),
  );
  const { invoke } = grpcServiceOf(InvokeServiceDefinition);
  if (!invoke) throw new Error("the generated service lost Invoke");
  const body = createBody();
  return {
    call: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest<InvokeRequest, InvokeResponse>(
          invoke.path,
          invoke.requestSerialize,
          invoke.responseDeserialize,
          unaryRequest(spec, body),
          (error, response) => {
            if (error || !response)
              return reject(error ?? new Error("no answer"));
            const { outcome } = response;
            if (outcome?.$case !== "result")
              return reject(new Error(JSON.stringify(outcome)));
            checkAnswer(JSON.parse(String(outcome.value.payload)), body);
            resolve({ cold: response.cold });
          },
        );
      }),
    close: () => Promise.resolve(client.close()),
  };
}

function unaryRequest(
  { container, call }: AnnexSpec,
  body: object,
): InvokeRequest {
  return {
    container,
    target:
      "extension" in call
        ? { $case: "extension", value: call.extension }
        : { $case: "point", value: call.point },
    payload: Buffer.from(JSON.stringify(body)),
    contentType: "",
    timeoutMs: 0,
    traceparent: "",
    tracestate: "",
    token: "",
    caller: "bench",
    cpuMs: 0,
    syncMs: 0,
    http: undefined,
  };
}

function checkResult(
  spec: AnnexSpec,
  body: Body,
  payload: unknown,
  bytes: number,
): void {
  if (spec.expect === "answer") return checkAnswer(payload, body);
  if (bytes !== bigAnswerBytes) throw new Error(`${bytes} bytes came`);
}
