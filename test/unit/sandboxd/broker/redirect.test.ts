import { describe, expect, test } from "vitest";
import { nextHop } from "../../../../sandboxd/broker/redirect.ts";
import type { Hop } from "../../../../sandboxd/broker/request.ts";
import { startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

function redirectTo(location: string, status = 302) {
  return startOrigin((_request, response) => {
    response.writeHead(status, { location }).end("moved");
  });
}

test("refuses a redirect to a private address without a connection", async () => {
  const inner = await startOrigin(undefined, { host: "127.0.0.2" });
  const outer = await redirectTo(inner.url);
  const { fetch } = await startTestBroker({
    names: { "inner.test": [["127.0.0.2"]] },
  });
  const { problem, head } = await fetch(outer.url);
  expect(head).toBeUndefined();
  expect(problem?.kind).toBe("denied");
  expect(problem?.message).not.toContain("127.0.0.2");
  const named = await redirectTo(`http://inner.test:${inner.port}/`);
  const byName = await fetch(named.url);
  expect(byName.problem?.kind).toBe("denied");
  expect(byName.problem?.message).not.toContain("inner.test");
  expect(outer.requests).toHaveLength(1);
  expect(inner.connections).toBe(0);
});

test.each(["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x"])(
  "refuses a redirect to %s",
  async (location) => {
    const origin = await redirectTo(location);
    const { fetch } = await startTestBroker();
    const { problem } = await fetch(origin.url);
    expect(problem).toEqual({
      kind: "denied",
      message: "a redirect led to something else than http: or https:",
    });
  },
);

test("refuses a redirect from https down to http", async () => {
  const plain = await startOrigin();
  const origin = await startOrigin(
    (_request, response) => {
      response.writeHead(302, { location: plain.url }).end();
    },
    { isTls: true },
  );
  const { fetch } = await startTestBroker({
    names: { "origin.test": [["127.0.0.1"]] },
  });
  expect((await fetch(origin.url)).problem?.kind).toBe("denied");
  expect(plain.connections).toBe(0);
});

test("follows redirects, tells where they led, and keeps secrets from another origin", async () => {
  const target = await startOrigin();
  const origin = await redirectTo(
    `http://user:pass@127.0.0.1:${target.port}/there?x=1#part`,
    307,
  );
  const { fetch } = await startTestBroker();
  const { head, body } = await fetch(origin.url, {
    method: "POST",
    body: Buffer.from("payload"),
    headers: [
      ["Authorization", "Bearer x"],
      ["Cookie", "a=b"],
      ["Proxy-Authorization", "Basic x"],
      ["X-Kept", "yes"],
    ],
  });
  expect(head).toMatchObject({
    status: 200,
    url: `${target.url}/there?x=1`,
    isRedirected: true,
  });
  expect(body.toString()).toBe("hello");
  const [first] = origin.requests;
  expect(first?.headers).toMatchObject({ authorization: "Bearer x" });
  expect(first?.headers).not.toHaveProperty("proxy-authorization");
  const [last] = target.requests;
  expect(last).toMatchObject({ method: "POST", url: "/there?x=1" });
  expect(last?.body.toString()).toBe("payload");
  expect(last?.headers).toMatchObject({ "x-kept": "yes" });
  for (const name of ["authorization", "cookie", "proxy-authorization"])
    expect(last?.headers).not.toHaveProperty(name);
});

test("stops after twenty redirects, each counted as a request", async () => {
  const origin = await redirectTo("/again");
  const { fetch } = await startTestBroker();
  expect((await fetch(origin.url)).problem).toEqual({
    kind: "failed",
    message: "more than 20 redirects",
  });
  expect(origin.requests).toHaveLength(21);
  const strict = await startTestBroker({ policy: { maxRequests: 3 } });
  expect((await strict.fetch(origin.url)).problem?.limit).toEqual({
    name: "egress_requests",
    value: 3,
    observed: 4,
  });
});

test("hands on or refuses a redirect where it is told to", async () => {
  const origin = await redirectTo("/again");
  const { fetch } = await startTestBroker();
  const manual = await fetch(origin.url, { redirect: "manual" });
  expect(manual.head).toMatchObject({ status: 302, isRedirected: false });
  expect(manual.body.toString()).toBe("moved");
  const error = await fetch(origin.url, { redirect: "error" });
  expect(error.problem?.kind).toBe("failed");
  expect(origin.requests).toHaveLength(2);
});

describe("method and body", () => {
  test.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [301, "PUT", "PUT"],
    [302, "HEAD", "HEAD"],
    [303, "POST", "GET"],
    [303, "DELETE", "GET"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
  ])("after %i %s goes %s", (status, before, after) => {
    const next = nextHop(hop(before), status, "/b");
    expect(next?.method).toBe(after);
    const isKept = before === after;
    expect(next?.body.length).toBe(isKept ? hop(before).body.length : 0);
    expect(next?.headers).toEqual(isKept ? hop(before).headers : []);
  });

  test("is no redirect without somewhere to go, or with another status", () => {
    expect(nextHop(hop("GET"), 302, undefined)).toBeUndefined();
    expect(nextHop(hop("GET"), 304, "/b")).toBeUndefined();
    expect(nextHop(hop("GET"), 200, "/b")).toBeUndefined();
  });
});

function hop(method: string): Hop {
  return {
    method,
    url: new URL("http://a.test/"),
    headers: [["content-type", "text/plain"]],
    body: Buffer.from(method === "GET" || method === "HEAD" ? "" : "x"),
    place: "a.test",
  };
}

test("no length of a redirect's URL ends the broker", async () => {
  const target = await startOrigin();
  const path = "/".concat("\u00e9".repeat(12_000));
  const origin = await redirectTo(`${target.url}${path}`);
  const { fetch, warnings } = await startTestBroker();
  const { problem } = await fetch(origin.url);
  expect(problem?.kind).toBe("failed");
  expect((await fetch(target.url)).head?.status).toBe(200);
  expect(warnings).toEqual([]);
});
