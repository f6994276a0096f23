import { describe, expect, test } from "vitest";
import { startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";
import { startHttpProxy, startSocksProxy } from "../../../support/proxies.ts";

const credentials = { username: "annex", password: "p:w" };

describe.each([
  ["an HTTP proxy", startHttpProxy],
  ["a SOCKS proxy", startSocksProxy],
])("through %s", (_name, startProxy) => {
  test("goes every connection, to the address that was checked, with the name inside", async () => {
    const [plain, secure, proxy] = await Promise.all([
      startOrigin(),
      startOrigin(undefined, { isTls: true }),
      startProxy(),
    ]);
    const { fetch, resolved } = await startTestBroker({
      names: { "origin.test": [["127.0.0.1"]] },
      policy: { proxy: { url: proxy.url, ...credentials } },
    });
    const named = `http://origin.test:${plain.port}/`;
    expect((await fetch(named)).body.toString()).toBe("hello");
    expect((await fetch(secure.url)).body.toString()).toBe("hello");
    expect(proxy.asked).toEqual([
      `127.0.0.1:${plain.port}`,
      `127.0.0.1:${secure.port}`,
    ]);
    expect(proxy.credentials).toEqual(["annex:p:w", "annex:p:w"]);
    expect(plain.requests[0]?.headers).toMatchObject({
      host: `origin.test:${plain.port}`,
    });
    expect(plain.requests[0]?.headers).not.toHaveProperty(
      "proxy-authorization",
    );
    expect(resolved).toEqual(["origin.test", "origin.test"]);
  });

  test("goes no connection that would not go without it", async () => {
    const [origin, proxy] = await Promise.all([startOrigin(), startProxy()]);
    const { fetch } = await startTestBroker({
      names: {
        "private.test": [["10.0.0.1"]],
        "mixed.test": [["8.8.8.8", "::1"]],
      },
      policy: { proxy: { url: proxy.url, username: "", password: "" } },
    });
    for (const host of [
      "private.test",
      "mixed.test",
      "169.254.169.254",
      "[::1]",
    ]) {
      const { problem } = await fetch(`http://${host}/`);
      expect(problem?.kind).toBe("denied");
    }
    const unknown = await fetch("http://unknown.test/");
    expect(unknown.problem?.message).toBe("unknown.test was not found");
    expect((await fetch(origin.url)).head?.status).toBe(200);
    expect(proxy.asked).toEqual([`127.0.0.1:${origin.port}`]);
    expect(proxy.credentials).toEqual([]);
  });
});

test.each([407, 403, 502])(
  "tells that a proxy answered %i, and not which proxy",
  async (status) => {
    const [origin, proxy] = await Promise.all([
      startOrigin(),
      startHttpProxy(status),
    ]);
    const { fetch } = await startTestBroker({
      policy: { proxy: { url: proxy.url, ...credentials } },
    });
    const { problem } = await fetch(origin.url);
    expect(problem).toEqual({
      kind: "failed",
      code: "EHOSTUNREACH",
      message: `127.0.0.1:${origin.port} could not be reached through the platform's proxy`,
    });
    expect(origin.connections).toBe(0);
  },
);

test.each(["http://127.0.0.1:1", "socks5://127.0.0.1:1"])(
  "makes no connection of its own where the proxy at %s is gone",
  async (url) => {
    const origin = await startOrigin();
    const { fetch } = await startTestBroker({
      policy: { proxy: { url, username: "", password: "" } },
    });
    const { problem } = await fetch(origin.url);
    expect(problem?.message).toContain("the platform's proxy");
    expect(origin.connections).toBe(0);
  },
);
