import { describe, expect, test, vi } from "vitest";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

describe("names that the platform opens", () => {
  const policy = { ...openPolicy, internalHosts: ["*.corp.test", "127.0.0.1"] };
  const dead = Array.from({ length: 10 }, (_, n) => `dead${n}.corp.test`);

  async function startWithDeadNames() {
    const started = await startTestBroker({
      policy,
      names: {
        ...Object.fromEntries(dead.map((name) => [name, [[]]])),
        "alive.corp.test": [["127.0.0.1"]],
        "alive.test": [["127.0.0.1"]],
      },
    });
    for (const container of ["globex", "initech"])
      started.broker.configure(container, policy);
    return started;
  }

  test("are looked up one at a time for a container, since each look-up holds a thread", async () => {
    const origin = await startOrigin();
    const { open, fetch, resolved } = await startWithDeadNames();
    for (const name of dead) open(`http://${name}/`);
    const neighbour = await fetch(`http://alive.corp.test:${origin.port}/`, {
      container: "globex",
    });
    expect(neighbour.head?.status).toBe(200);
    expect(resolved).toEqual(["dead0.corp.test", "alive.corp.test"]);
  });

  test("leave threads to whatever else needs them", async () => {
    const origin = await startOrigin();
    const { open, fetch, resolved } = await startWithDeadNames();
    for (const container of ["acme", "globex", "initech"])
      for (const name of dead) open(`http://${name}/`, { container });
    const other = await fetch(`http://alive.test:${origin.port}/`);
    expect(other.head?.status).toBe(200);
    expect(resolved).toEqual([
      "dead0.corp.test",
      "dead0.corp.test",
      "alive.test",
    ]);
  });

  test("are given up when nobody answers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { open, resolved } = await startWithDeadNames();
      const request = open("http://dead0.corp.test/");
      const waiting = open("http://dead1.corp.test/");
      await vi.waitFor(() => expect(resolved).toHaveLength(1));
      vi.advanceTimersByTime(5000);
      for (const { done } of [request, waiting])
        expect((await done).problem?.message).toContain(
          "could not be looked up in time",
        );
    } finally {
      vi.useRealTimers();
    }
  });
});
