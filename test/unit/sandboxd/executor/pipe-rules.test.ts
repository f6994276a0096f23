/** Executor and supervisor agree on what may be said: no extension, however hostile, makes its executor break the pipe's rules. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import type { EgressGate } from "../../../../sandboxd/supervisor/egress.ts";
import { noSockets } from "../../../support/fake-gate.ts";
import { repositoryRoot } from "../../../support/paths.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const files = globSync(
  join(repositoryRoot, "test/hostile/{fetch-*,console-flood}.js"),
).toSorted();

/** Answers by path, as fast as it is pulled. */
const world: EgressGate = {
  ...noSockets,
  open({ url }, sink) {
    const path = url.replace("http://host.example", "");
    let isOver = path === "/hang";
    const begin = () => {
      if (isOver) return;
      if (path === "/denied") {
        sink.failed({ kind: "denied", message: "not allowed" });
        return;
      }
      sink.head({
        status: 200,
        statusText: "OK",
        headers: [],
      });
      if (path === "/endless") return;
      isOver = true;
      sink.end();
    };
    const chunk = (bytes: number) => {
      if (!isOver) sink.chunk(Buffer.alloc(bytes));
    };
    setImmediate(begin);
    return {
      pull: (bytes) => {
        if (path === "/endless") setImmediate(chunk, bytes);
      },
      abort: () => {
        isOver = true;
      },
    };
  },
};

test.each(files.map((file) => [basename(file, ".js"), file]))(
  "%s keeps to the rules, ended by itself or by its caller",
  async (_name, file) => {
    const { supervisor, killed } = await startTestSupervisor(
      {},
      { gate: world },
    );
    const version = versionOf(readFileSync(file, "utf8"), "hostile@1");
    const call = callWith({}, { wallMs: 600, syncMs: 300 });
    await supervisor.run(version, call);
    await Promise.all(
      [20, 60, 150].map((ms) =>
        supervisor.run(version, call, AbortSignal.timeout(ms)),
      ),
    );
    const harmless = versionOf("module.exports = (cb) => cb();", "well@1");
    await supervisor.run(harmless, callWith({}, { wallMs: 5000 }));
    expect(killed).not.toContain("protocol");
  },
);
