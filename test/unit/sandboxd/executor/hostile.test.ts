/**
 * Runs every extension of test/hostile beside a harmless one. Its first line says what may come of it: failure reasons,
 * `answered`, or the exact JSON answer (`expect`), a load's failure reasons (`expect-load`), or a status (`expect-status`).
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import {
  answered,
  answeredJson,
  startExecutor,
  type Outcome,
} from "../../../support/executor.ts";
import {
  serveEgress,
  type EgressAnswer,
  type SeenRequest,
} from "../../../support/egress.ts";
import { repositoryRoot } from "../../../support/paths.ts";

const files = globSync(join(repositoryRoot, "test/hostile/*.js")).toSorted();
const maxLogBytes = 10_000;
const harmless = "let n = 0; module.exports = (cb) => cb(null, ++n);";

test.each(files.map((file) => [basename(file, ".js"), file]))(
  "%s harms nobody",
  async (_name, file) => {
    const source = readFileSync(file, "utf8");
    const { kind, expected } = readExpectation(source);
    await using executor = await startExecutor({ maxLogBytes });
    const requests = serveEgress(executor, answerOf);
    const neighbour = await executor.loaded(harmless);
    const version = "hostile@1";

    const { failure } = await executor.load(source, { version });
    if (kind === "expect-load") {
      expect(expected.split(" ")).toContain(failure?.reason);
    } else {
      expect(failure).toBeUndefined();
      const outcome = await executor.invoke(version, {
        payload: "{}",
        syncMs: 300,
        wallMs: 1000,
      });
      checkOutcome(outcome, kind, expected);
    }

    expect(requests.map(({ url }) => url)).not.toContain(
      "http://host.example/after-answer",
    );
    expect(answeredJson(await executor.invoke(neighbour))).toBe(1);
    expect(answeredJson(await executor.invoke(neighbour))).toBe(2);
    const heads = executor.received.map(({ body: _body, ...head }) => head);
    expect(JSON.stringify(heads)).not.toMatch(
      /annex:runtime|node_modules|executor\.cjs|isolated-vm/,
    );
  },
);

/** What the world outside answers, by path. */
function answerOf({
  url,
  method,
  headers,
  body,
}: SeenRequest): EgressAnswer | undefined {
  switch (url.replace("http://host.example", "")) {
    case "/hang":
      return undefined;
    case "/denied":
      return { failure: { kind: "denied", message: "not allowed" } };
    case "/again":
      return { status: 302, headers: [["location", "/again"]] };
    case "/endless":
      return { chunks: endless() };
    default: {
      const text = JSON.stringify({ method, headers, body: body.toString() });
      return { chunks: [Buffer.from(text)] };
    }
  }
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(16 * 1024);
}

function checkOutcome(outcome: Outcome, kind: string, expected: string): void {
  const logged = outcome.lines.reduce((sum, { text }) => sum + text.length, 0);
  expect(logged).toBeLessThanOrEqual(maxLogBytes);
  if (kind === "expect-status")
    expect(answered(outcome).httpStatus).toBe(Number(expected));
  else if (expected.startsWith("{"))
    expect(answeredJson(outcome)).toEqual(JSON.parse(expected));
  else expect(expected.split(" ")).toContain(endingOf(outcome));
}

function endingOf(outcome: Outcome): string {
  return outcome.type === "failed" ? outcome.failure.reason : outcome.type;
}

function readExpectation(source: string): { kind: string; expected: string } {
  const line = /^\/\/ (expect(?:-load|-status)?): (.+)\n/.exec(source);
  const [, kind = "", expected = ""] = line ?? [];
  if (!kind) throw new Error("the first line must say what is expected");
  return { kind, expected };
}
