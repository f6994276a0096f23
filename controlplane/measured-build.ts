import { SpanStatusCode, trace } from "@opentelemetry/api";
import { AnnexError } from "../proto/errors.ts";
import type { Build } from "./services/bounded-build.ts";

/** What is told of a build: `refused` is the author's fault, `failed` ours. */
export type CountBuild = (
  outcome: "built" | "refused" | "failed",
  seconds: number,
) => void;

/** A build with its span and its figure. */
export function measuredBuild(build: Build, count: CountBuild): Build {
  return (source, options) =>
    trace.getTracer("annex").startActiveSpan("build source", async (span) => {
      const startedMs = performance.now();
      let outcome: "built" | "refused" | "failed" = "built";
      try {
        return await build(source, options);
      } catch (thrown) {
        const { code, message } = AnnexError.from(thrown);
        outcome = code === "internal" ? "failed" : "refused";
        span.setStatus({ code: SpanStatusCode.ERROR, message });
        throw thrown;
      } finally {
        span.end();
        count(outcome, (performance.now() - startedMs) / 1000);
      }
    });
}
