/** The same door as otlp-receiver.ts over OTLP/gRPC. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { spansOf } from "./otlp-json.ts";
import type { ReceivedSpan } from "./otlp-receiver.ts";
import { otlpDecoder } from "./otlp-schema.ts";

/** A running receiver. */
export interface OtlpGrpcReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** All spans so far, in order of arrival. */
  spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port of 127.0.0.1. */
export async function startOtlpGrpcReceiver(): Promise<OtlpGrpcReceiver> {
  const spans: ReceivedSpan[] = [];
  const decode = otlpDecoder();
  const server = new Server();
  server.addService(
    {
      export: {
        path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        requestStream: false,
        responseStream: false,
        requestSerialize: (message: Buffer) => message,
        requestDeserialize: (message: Buffer) => message,
        responseSerialize: (message: Buffer) => message,
        responseDeserialize: (message: Buffer) => message,
      },
    },
    {
      export(
        call: ServerUnaryCall<Buffer, Buffer>,
        answer: sendUnaryData<Buffer>,
      ) {
        spans.push(...spansOf(decode(call.request), hexOf));
        // An empty message: everything was accepted.
        answer(null, Buffer.alloc(0));
      },
    },
  );
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    spans,
    close: () => Promise.resolve(server.forceShutdown()),
  };
}

function hexOf(id: string): string {
  return Buffer.from(id, "base64").toString("hex");
}

async function listen(server: Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, port) => (error ? reject(error) : resolve(port)),
    );
  });
}
