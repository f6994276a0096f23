/** What an executor that may lie asks of a connection, and what becomes of it. */
import { expect, test } from "vitest";
import { SocketRelay } from "../../../../sandboxd/supervisor/socket-relay.ts";
import type { EgressRecord } from "../../../../sandboxd/supervisor/egress.ts";

const names = { id: 1, egress: 1 };

function start(isTls = false) {
  const asked: string[] = [];
  const record: EgressRecord = {
    method: "CONNECT",
    origin: "tcp://example.com:1",
    startedAt: 0,
    endedAt: 0,
    status: 0,
    sentBytes: 0,
    receivedBytes: 0,
    outcome: "aborted",
  };
  const relay = new SocketRelay(
    {
      pull: () => undefined,
      abort: () => undefined,
      write: (bytes) => void asked.push(`write ${bytes.length}`),
      finish: () => void asked.push("finish"),
      upgrade: (tls) => void asked.push(`upgrade ${tls.toString()}`),
    },
    record,
    isTls,
  );
  const write = (bytes = 1) =>
    relay.take({ type: "egress-write", ...names }, Buffer.alloc(bytes));
  const finish = () =>
    relay.take({ type: "egress-finish", ...names }, Buffer.alloc(0));
  const upgrade = (bytes = 2) =>
    relay.take({ type: "egress-upgrade", ...names }, Buffer.alloc(bytes, "{}"));
  return { relay, asked, record, write, finish, upgrade };
}

test("what is asked goes to the gate, and bytes are counted", () => {
  const { asked, record, write, finish, upgrade } = start();
  write(10);
  upgrade();
  write(20);
  finish();
  expect(asked).toEqual(["write 10", "upgrade {}", "write 20", "finish"]);
  expect(record.sentBytes).toBe(30);
});

test("two writes may be under way, and the next when one was taken", () => {
  const { relay, write } = start();
  write();
  write();
  expect(() => write()).toThrow("more is written");
  relay.taken();
  write();
});

test("bounds are kept", () => {
  expect(() => start().write(64 * 1024 + 1)).toThrow("more is written");
  expect(() => start().upgrade(256 * 1024 + 1)).toThrow("too much");
  expect(() => start(true).upgrade()).toThrow("twice");
  const twice = start();
  twice.finish();
  expect(() => twice.finish()).toThrow("twice");
  expect(() => twice.write()).toThrow("more is written");
});
