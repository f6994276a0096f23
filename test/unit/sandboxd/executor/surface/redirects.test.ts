/** Where requests are led: followed inside the isolate through a real broker, as plain Node follows them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestBroker } from "../../../../support/broker.ts";
import { relayEgress } from "../../../../support/egress-through-broker.ts";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";
import { startOrigin, type Origin } from "../../../../support/origin.ts";
import { runHere } from "./same-as-node.ts";

let executor: TestExecutor;
let origin: Origin;
let other: Origin;

const names = { "inner.test": [["127.0.0.2"]], "origin.test": [["127.0.0.1"]] };

beforeEach(async () => {
  executor = await startExecutor();
  origin = await startLeading();
  other = await startLeading();
});

afterEach(() => executor[Symbol.asyncDispose]());

/** What it is asked says what it answers: its status, and where to. */
function startLeading(): Promise<Origin> {
  return startOrigin((request, response) => {
    const asked = new URL(request.url ?? "/", "http://a").searchParams;
    const to = asked.get("to");
    const policy = asked.get("policy");
    if (to !== null) response.setHeader("Location", to);
    if (policy !== null) response.setHeader("Referrer-Policy", policy);
    response.writeHead(Number(asked.get("status") ?? 200)).end("moved");
  });
}

/** Runs the body of an async function, which has `origin` and `other`, inside. */
async function inside(
  body: string,
  changes: Parameters<typeof startTestBroker>[0] = {},
): Promise<unknown> {
  const { broker } = await startTestBroker({
    names,
    policy: { maxRequests: 1000 },
    ...changes,
  });
  relayEgress(executor, broker, { container: "acme", wallMs: 20_000 });
  const version = await executor.loaded(
    `module.exports = async () => { ${placed(body)} };`,
  );
  return answeredJson(await executor.invoke(version));
}

function placed(body: string): string {
  return `const origin = "${origin.url}", other = "${other.url}"; ${body}`;
}

/** Runs it inside and in plain Node: both have the same answers, and servers see the same. */
async function expectSame(body: string): Promise<void> {
  const ours = await inside(body);
  const seenOfOurs = taken([origin, other]);
  expect(ours).toEqual(await runHere(placed(body)));
  expect(seenOfOurs).toEqual(taken([origin, other]));
}

/** Differs by who sends; a stream is sent as a whole here. */
const differs = [
  "host",
  "connection",
  "user-agent",
  "accept-encoding",
  "content-length",
  "transfer-encoding",
];

/** What servers have seen since they were last asked. */
function taken(servers: Origin[]): unknown[] {
  return servers.map(({ requests }) =>
    requests.splice(0).map(({ method, url, headers, body }) => {
      const kept = Object.entries(headers)
        .filter(([name]) => !differs.includes(name))
        .map((header) => header.join(": "));
      return [method, url, kept.toSorted(), body.toString()];
    }),
  );
}

const shown = `
  const led = (from, status, to, more = "") =>
    from + "/?status=" + status + "&to=" + encodeURIComponent(to) + more;
  const shown = (url, init) => fetch(url, init).then(
    // What is hidden of an opaque answer changed between versions of undici.
    async (r) => r.type === "opaque" ? [r.status, r.type] : [r.status, r.url, r.redirected, r.type, r.ok, [...r.headers.keys()].includes("location"), await r.text()],
    (e) => [e.name, e.message, e.cause?.name, e.cause?.message]);
`;

test("method, body and headers change by status as in Node", async () => {
  await expectSame(`${shown}
    const answers = [];
    for (const status of [300, 301, 302, 303, 304, 305, 307, 308])
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]) {
        const headers = { authorization: "Bearer x", cookie: "a=b", "content-language": "en", "x-kept": "yes" };
        const body = method === "GET" || method === "HEAD" ? undefined : "payload";
        for (const to of ["/next#part", other + "/next"])
          answers.push(await shown(led(origin, status, to), { method, headers, body }));
      }
    return answers;`);
}, 60_000);

test("modes hand on, refuse and hide redirects as in Node", async () => {
  await expectSame(`${shown}
    const answers = [];
    for (const redirect of ["follow", "manual", "error"])
      for (const mode of ["cors", "no-cors", "same-origin"])
        for (const to of ["/next", other + "/next", led(other, 302, origin + "/back")])
          answers.push(await shown(led(origin, 302, to), { redirect, mode }));
    return answers;`);
});

test("where a redirect may not lead is refused in Node's words", async () => {
  await expectSame(`${shown}
    const places = ["data:text/plain,x", "file:///etc/passwd", "mailto:a@b", "http://", other.replace("//", "//u:p@") + "/next", "",
      "?status=200#x", "//", "http://127.0.0.1:25/"];
    const answers = [];
    for (const to of places)
      for (const mode of ["cors", "no-cors"]) answers.push(await shown(led(origin, 302, to), { mode }));
    answers.push(await shown(origin + "/?status=302"));
    answers.push(await shown(origin + "/?status=407"));
    return answers;`);
});

test("a referrer is told to each hop as its policy says", async () => {
  await expectSame(`${shown}
    const policies = ["", "no-referrer", "origin", "unsafe-url", "same-origin", "strict-origin", "origin-when-cross-origin"];
    const answers = [];
    for (const referrerPolicy of policies)
      for (const policy of ["origin", "no-referrer", "nonsense"])
        answers.push(await shown(led(origin, 302, other + "/next", "&policy=" + policy),
          { referrer: origin + "/page?q#h", referrerPolicy }));
    return answers;`);
});

test("a body is sent again where there is one, and no stream is", async () => {
  await expectSame(`${shown}
    const stream = () => new ReadableStream({ start: (c) => { c.enqueue(new Uint8Array([97])); c.close(); } });
    const bodies = [() => "text", () => new Uint8Array([98]), () => new Blob(["c"]), () => new URLSearchParams("d=1")];
    const answers = [];
    for (const body of bodies)
      answers.push(await shown(led(origin, 307, other + "/next"), { method: "POST", body: body() }));
    for (const status of [303, 307])
      answers.push((await shown(led(origin, status, "/next"), { method: "POST", body: stream(), duplex: "half" })).slice(0, 2));
    answers.push(await shown(origin + "/?status=421", { method: "POST", body: "again" }));
    return answers;`);
});

test("twenty redirects are followed, each counted as a request", async () => {
  await expectSame(`${shown}
    return [await shown(origin + "/?status=302&to=" + encodeURIComponent("?status=302&to=."))];`);
  const loop = `try { await fetch(origin + "/?status=302&to=" + encodeURIComponent("/?status=302&to=/%3Fstatus%3D302")); return 1; }
    catch (e) { return [e.message, e.code]; }`;
  expect(await inside(loop, { policy: { maxRequests: 2 } })).toEqual([
    "an invocation may send 2 requests, each redirect being one",
    "EGRESS_LIMIT",
  ]);
});

/** What comes of a redirect to there. */
function led(to: string): Promise<unknown> {
  return inside(`try { await fetch(origin + "/?status=302&to=${encodeURIComponent(to)}"); return 1; }
    catch (e) { return [e.name, e.code]; }`);
}

test("a redirect to an address that is closed is denied without a connection", async () => {
  const inner = await startOrigin(undefined, { host: "127.0.0.2" });
  const denied = ["TypeError", "EGRESS_DENIED"];
  expect(await led(inner.url)).toEqual(denied);
  expect(await led(`http://inner.test:${inner.port}/`)).toEqual(denied);
  expect(await led("http://a..test/")).toEqual(denied);
  expect(await led("file:///etc/passwd")).toEqual(denied);
  expect(inner.connections).toBe(0);
});

test("a redirect from https down to http is denied", async () => {
  const secure = await startOrigin(
    (_request, response) => {
      response.writeHead(302, { location: origin.url }).end();
    },
    { isTls: true },
  );
  const body = `try { await fetch("${secure.url}/"); return 1; } catch (e) { return [e.message, e.code]; }`;
  expect(await inside(body)).toEqual([
    "a redirect led from https: down to http:",
    "EGRESS_DENIED",
  ]);
  expect(origin.connections).toBe(0);
});

test("an abort ends the hop that is under way", async () => {
  const silent = await startOrigin(() => undefined);
  const answer = await inside(`
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const url = origin + "/?status=302&to=" + encodeURIComponent("${silent.url}/");
    return fetch(url, { signal: controller.signal }).then(() => 1, (e) => e.name);`);
  expect(answer).toBe("AbortError");
  expect(silent.requests).toHaveLength(1);
});
