/** Bare grpc-js: messages back as they came, on a stream and unary, with no codec and no routing. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
} from "@grpc/grpc-js";
import { echoService } from "../echo-service.ts";

const [, , socketPath] = process.argv;
const server = new Server();
server.addService(echoService, {
  stream(call: ServerDuplexStream<Buffer, Buffer>) {
    call.on("data", (message: Buffer) => call.write(message));
    call.on("end", () => call.end());
    call.on("error", () => call.end());
  },
  unary(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
    answer(null, call.request);
  },
});
server.bindAsync(
  `unix:${socketPath}`,
  ServerCredentials.createInsecure(),
  (error) => {
    if (error) throw error;
    process.send?.("ready");
  },
);
