/** A collector of its own: takes traces over OTLP/HTTP, decodes and counts them. */
import { startOtlpReceiver } from "../../support/otlp-receiver.ts";

let spans = 0;
const receiver = await startOtlpReceiver({
  take: (arrived) => void (spans += arrived.length),
});
process.on("message", () => process.send?.({ url: receiver.url, spans }));
process.on("disconnect", () => process.exit());
process.send?.("ready");
