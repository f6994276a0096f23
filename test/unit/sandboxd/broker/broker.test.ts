/** sandboxd's side: what it believes of its broker, and what becomes of requests when the broker is gone. */
import { duplexPair, type Duplex } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import type { BrokerProcess } from "../../../../sandboxd/broker/connection.ts";
import type {
  BrokerReply,
  BrokerRequest,
} from "../../../../sandboxd/broker/messages.ts";
import { encodeFrame, FrameReader } from "../../../../sandboxd/frames.ts";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";

interface Scripted {
  launch: () => BrokerProcess;
  /** Processes started so far. */
  readonly launched: number;
  /** What the present process was sent. */
  readonly received: BrokerRequest[];
  reply(reply: BrokerReply | object, body?: Uint8Array): void;
  write(bytes: Uint8Array): void;
  /** The process dies. */
  die(): void;
  isKilled: boolean;
}

/** A broker's process that says what the test says. */
function scriptBroker(isReady = true): Scripted {
  let pipe: Duplex | undefined;
  let exit: (ending: { how: string }) => void = never;
  const script: Scripted = {
    launch: () => {
      const [ours, theirs] = duplexPair();
      const exited = new Promise<{ how: string }>((resolve) => {
        exit = resolve;
      });
      pipe = ours;
      launched += 1;
      script.received.length = 0;
      script.isKilled = false;
      const reader = new FrameReader(32 * 1024 * 1024);
      ours.on("data", (chunk: Buffer) => {
        for (const { head } of reader.push(chunk))
          script.received.push(head as BrokerRequest);
      });
      if (isReady) setImmediate(() => script.reply({ type: "ready" }));
      const kill = () => {
        script.isKilled = true;
        exit({ how: "ended by SIGKILL" });
      };
      return { pid: 100 + launched, pipe: theirs, kill, exited };
    },
    get launched() {
      return launched;
    },
    received: [],
    reply: (reply, body) => script.write(encodeFrame(reply, body)),
    write: (bytes) => void pipe?.write(bytes),
    die: () => {
      pipe?.destroy();
      exit({ how: "ended by SIGSEGV" });
    },
    isKilled: false,
  };
  let launched = 0;
  return script;
}

const head = {
  type: "head",
  status: 200,
  statusText: "OK",
  headers: [["a", "b"]],
};

/** A request that the scripted broker has been sent, with its id. */
async function openOn(script: Scripted) {
  const { broker, open, warnings } = await startTestBroker({
    launch: script.launch,
  });
  const request = open("http://a.test/", { isIdle: true });
  request.exchange.pull(256 * 1024);
  await vi.waitFor(() =>
    expect(script.received.map(({ type }) => type)).toContain("open"),
  );
  const opened = script.received.find(({ type }) => type === "open");
  const id = opened && "id" in opened ? opened.id : 0;
  return { broker, open, request, warnings, id };
}

describe("a broker that ends", () => {
  test("fails what was open and is started again, with the policies it needs", async () => {
    const script = scriptBroker();
    const { broker, open, request, warnings } = await openOn(script);
    expect(broker.pid).toBe(101);
    script.die();
    expect((await request.done).problem).toEqual({
      kind: "failed",
      message: "the broker ended; try again",
    });
    expect(broker.pid).toBe(0);
    const between = await open("http://a.test/").done;
    expect(between.problem?.message).toBe("the broker ended; try again");
    await vi.waitFor(() => expect(broker.pid).toBe(102));
    await broker.ready();
    open("http://a.test/");
    await vi.waitFor(() =>
      expect(script.received.map(({ type }) => type)).toEqual([
        "start",
        "policy",
        "open",
        "pull",
      ]),
    );
    expect(warnings).toEqual([
      { pid: 101, ending: "ended by SIGSEGV", delayMs: expect.any(Number) },
    ]);
  });

  test("is started ever later while it does not live", async () => {
    const script = scriptBroker();
    const { warnings } = await startTestBroker({ launch: script.launch });
    for (const ended of [1, 2, 3, 4]) {
      await vi.waitFor(() => expect(script.launched).toBe(ended), {
        timeout: 5000,
      });
      script.die();
      await vi.waitFor(() => expect(warnings).toHaveLength(ended));
    }
    const delays = warnings.map((warning) =>
      "delayMs" in warning ? Number(warning.delayMs) : 0,
    );
    expect(delays[3]).toBeGreaterThan(delays[0] ?? 0);
  });

  test("says why it could not be started", async () => {
    const script = scriptBroker(false);
    const started = startTestBroker({ launch: script.launch });
    script.die();
    await expect(started).rejects.toThrow("ended by SIGSEGV");
  });

  test("is not started again once closed", async () => {
    const script = scriptBroker();
    const { broker, request } = await openOn(script);
    await Promise.all([broker.close(), broker.close()]);
    expect((await request.done).problem?.kind).toBe("failed");
    expect(script.isKilled).toBe(true);
    expect(script.launched).toBe(1);
  });

  test("is killed when it leaves a request open past its time", async () => {
    const script = scriptBroker();
    const { broker, open, warnings } = await startTestBroker({
      launch: script.launch,
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const request = open("http://a.test/", { wallMs: 100 });
      vi.advanceTimersByTime(3000);
      expect(script.isKilled).toBe(false);
      vi.advanceTimersByTime(200);
      expect(script.isKilled).toBe(true);
      expect((await request.done).problem?.kind).toBe("failed");
    } finally {
      vi.useRealTimers();
    }
    await vi.waitFor(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]).toMatchObject({
      ending: expect.stringContaining("did not end a request in its time"),
    });
    await broker.close();
  });
});

describe("a broker that was taken over", () => {
  test.each<[what: string, speak: (script: Scripted, id: number) => void]>([
    ["no frames", (script) => script.write(Buffer.alloc(100, 0xff))],
    ["a frame too long", (script) => script.write(prefix(2 ** 31, 10))],
    ["a head too long", (script) => script.write(prefix(300_000, 300_000))],
    [
      "no JSON",
      (script) => script.write(Buffer.concat([prefix(3, 3), zeros(3)])),
    ],
    ["nothing known", (script) => script.reply({ type: "shell" })],
    [
      "null",
      (script) =>
        script.write(Buffer.concat([prefix(4, 4), Buffer.from("null")])),
    ],
    ["an id that is none", (script) => script.reply({ ...head, id: "1" })],
    [
      "a status that is none",
      (script, id) => script.reply({ ...head, id, status: 99 }),
    ],
    [
      "headers that are none",
      (script, id) => script.reply({ ...head, id, headers: [["a", {}]] }),
    ],
    [
      "too many headers",
      (script, id) =>
        script.reply({
          ...head,
          id,
          headers: Array.from({ length: 300 }, () => ["a", "b"]),
        }),
    ],
    [
      "a body before its head",
      (script, id) => script.reply({ type: "chunk", id }, zeros(1)),
    ],
    [
      "an end before its head",
      (script, id) => script.reply({ type: "end", id }),
    ],
    [
      "two heads",
      (script, id) => {
        script.reply({ ...head, id });
        script.reply({ ...head, id });
      },
    ],
    [
      "a chunk too long",
      (script, id) => {
        script.reply({ ...head, id });
        script.reply({ type: "chunk", id }, zeros(64 * 1024 + 1));
      },
    ],
    [
      "more than was pulled",
      (script, id) => {
        script.reply({ ...head, id });
        for (let n = 0; n < 5; n += 1)
          script.reply({ type: "chunk", id }, zeros(64 * 1024));
      },
    ],
    [
      "a failure of no kind",
      (script, id) =>
        script.reply({
          type: "failure",
          id,
          failure: { kind: "owned", message: "" },
        }),
    ],
    [
      "a limit that is none",
      (script, id) =>
        script.reply({
          type: "failure",
          id,
          failure: {
            kind: "limit",
            message: "",
            limit: { name: "x".repeat(100), value: 1, observed: 1 },
          },
        }),
    ],
  ])("is ended when it says %s", async (_what, speak) => {
    const script = scriptBroker();
    const { broker, request, warnings, id } = await openOn(script);
    speak(script, id);
    expect((await request.done).problem).toEqual({
      kind: "failed",
      message: "the broker ended; try again",
    });
    await vi.waitFor(() => expect(script.launched).toBe(2));
    expect(warnings[0]).toMatchObject({
      ending: expect.stringContaining("it broke the protocol"),
    });
    await broker.ready();
  });

  test("is not heard about requests that are closed, or were never there", async () => {
    const script = scriptBroker();
    const { broker, open, request, id } = await openOn(script);
    const settled = vi.fn<() => void>();
    void request.done.then(settled);
    request.exchange.abort();
    script.reply({ ...head, id });
    script.reply({ type: "chunk", id }, zeros(10));
    script.reply({ type: "end", id });
    script.reply({ ...head, id: 4711 });
    script.reply({ type: "end", id: 4711 });
    const next = open("http://a.test/");
    await vi.waitFor(() =>
      expect(
        script.received.filter(({ type }) => type === "open"),
      ).toHaveLength(2),
    );
    const opened = script.received.findLast(({ type }) => type === "open");
    script.reply({ ...head, id: opened && "id" in opened ? opened.id : 0 });
    script.reply({ type: "end", id: opened && "id" in opened ? opened.id : 0 });
    expect((await next.done).head?.status).toBe(200);
    expect(settled).not.toHaveBeenCalled();
    expect(request.receivedBytes).toBe(0);
    expect(broker.pid).toBe(101);
  });
});

test("never tells a sink anything before open has returned", async () => {
  const { broker } = await startTestBroker({ launch: scriptBroker().launch });
  const failed = vi.fn<() => void>();
  broker.open(
    {
      container: "nobody",
      invocationId: "x",
      method: "GET",
      url: "http://a.test/",
      headers: [],
      body: Buffer.alloc(0),
      wallMs: 1000,
    },
    { head: never, chunk: never, end: never, failed },
  );
  expect(failed).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce());
});

test("sends a container's policy when it is needed, and again when it changes", async () => {
  const script = scriptBroker();
  const { broker, open } = await startTestBroker({ launch: script.launch });
  for (let n = 0; n < 100; n += 1) broker.configure(`c${n}`, openPolicy);
  open("http://a.test/");
  open("http://a.test/");
  broker.configure("acme", { ...openPolicy, maxRequests: 7 });
  broker.forget("acme");
  broker.forget("c1");
  await vi.waitFor(() =>
    expect(script.received.map(({ type }) => type)).toEqual([
      "start",
      "policy",
      "open",
      "pull",
      "open",
      "pull",
      "policy",
      "forget",
    ]),
  );
});

describe("containers that open nothing any more", () => {
  const minuteMs = 60_000;

  test("are forgotten after minutes, and told of again when they open something", async () => {
    const script = scriptBroker();
    let nowMs = 0;
    const { broker, open } = await startTestBroker({
      launch: script.launch,
      now: () => nowMs,
    });
    broker.configure("busy", openPolicy);
    broker.configure("globex", openPolicy);
    const openAt = (minutes: number, container: string) => {
      nowMs = minutes * minuteMs;
      return open("http://a.test/", { container, isIdle: true });
    };
    openAt(0, "acme").exchange.abort();
    openAt(0, "busy");
    openAt(4, "globex").exchange.abort();
    openAt(6, "globex").exchange.abort();
    openAt(7, "acme").exchange.abort();
    await vi.waitFor(() =>
      expect(policiesOf(script)).toEqual([
        "policy acme",
        "policy busy",
        "policy globex",
        "forget acme",
        "policy acme",
      ]),
    );
  });

  test("are forgotten sooner where there are thousands of them", async () => {
    const script = scriptBroker();
    const { broker, open } = await startTestBroker({ launch: script.launch });
    for (let n = 0; n < 3000; n += 1) {
      broker.configure(`c${n}`, openPolicy);
      open("http://a.test/", { container: `c${n}` }).exchange.abort();
    }
    await vi.waitFor(() =>
      expect(policiesOf(script)).toContain("policy c2999"),
    );
    const told = policiesOf(script);
    expect(told.filter((text) => text.startsWith("forget"))).toHaveLength(952);
    expect(told).toContain("forget c0");
    expect(told).not.toContain("forget c952");
  });
});

/** What the present process was told of containers. */
function policiesOf({ received }: Scripted): string[] {
  return received.flatMap((request) =>
    request.type === "policy" || request.type === "forget"
      ? [`${request.type} ${request.container}`]
      : [],
  );
}

function zeros(length: number): Buffer {
  return Buffer.alloc(length);
}

function never(): undefined {
  return undefined;
}

function prefix(contentBytes: number, headBytes: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(contentBytes, 0);
  bytes.writeUInt32BE(headBytes, 4);
  return bytes;
}
