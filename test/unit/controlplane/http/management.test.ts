import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import {
  startTestControlPlane,
  type TestControlPlane,
} from "../../../support/controlplane.ts";

const create = "/annex.control.v1.ContainerService/CreateContainer";

test("answers JSON by the Connect protocol to whoever has only an HTTP client", async () => {
  const controlplane = await startTestControlPlane();
  const response = await post(controlplane, create, '{"name":"acme"}');
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(await response.json()).toMatchObject({ container: { name: "acme" } });
});

test("gives every error its status and a body of code and message", async () => {
  const controlplane = await startTestControlPlane();
  await post(controlplane, create, '{"name":"acme"}');
  const cases = [
    [
      409,
      "already_exists",
      () => post(controlplane, create, '{"name":"acme"}'),
    ],
    [
      400,
      "invalid_argument",
      () => post(controlplane, create, '{"name":"A B"}'),
    ],
    [400, "invalid_argument", () => post(controlplane, create, "{")],
    [400, "invalid_argument", () => post(controlplane, create, "[]")],
    [400, "invalid_argument", () => post(controlplane, create, "")],
    [
      400,
      "invalid_argument",
      () =>
        post(
          controlplane,
          "/annex.control.v1.TokenService/IssueToken",
          '{"claims":{"kind":"TOKEN_KIND_KING"}}',
        ),
    ],
    [
      401,
      "unauthenticated",
      () => post(controlplane, create, "{}", { authorization: "Basic x" }),
    ],
    [
      404,
      "not_found",
      () => post(controlplane, "/annex.control.v1.NoService/No", "{}"),
    ],
    [
      429,
      "resource_exhausted",
      () =>
        post(
          controlplane,
          create,
          JSON.stringify({ name: "x".repeat(33 * 1024 * 1024) }),
        ),
    ],
  ] as const;
  for (const [status, code, send] of cases) {
    const response = await send();
    const body: unknown = await response.json();
    expect([response.status, body]).toEqual([
      status,
      { code, message: expect.stringMatching(/.{5}/) },
    ]);
  }
});

test("answers who brings no token before it has read a body", async () => {
  const controlplane = await startTestControlPlane();
  const { hostname, port } = new URL(controlplane.httpAddress);
  for (const header of ["", "authorization: Bearer nonsense\r\n"]) {
    const socket = connect(Number(port), hostname);
    const head = `POST ${create} HTTP/1.1\r\nhost: h\r\n${header}content-type: application/json\r\ncontent-length: 30000000\r\n\r\n`;
    // Not a byte of the body follows.
    socket.write(head);
    const [answer] = await once(socket, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  }
});

test("says a fixed phrase of what it did not expect, and logs all of it", async () => {
  const controlplane = await startTestControlPlane();
  const fault = new Error("a path of ours: /secret/place");
  controlplane.store.containers.create = () => Promise.reject(fault);
  const response = await post(controlplane, create, '{"name":"acme"}');
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    code: "internal",
    message: "internal error; the log has the details",
  });
  expect(JSON.stringify(controlplane.logged)).toContain("/secret/place");
});

test("answers probes and metrics without a token", async () => {
  const { httpAddress } = await startTestControlPlane();
  for (const probe of ["healthz", "readyz"])
    expect((await fetch(`${httpAddress}/${probe}`)).status).toBe(200);
  const metrics = await fetch(`${httpAddress}/metrics`);
  expect(await metrics.text()).toContain("annex_connected_hosts 0");
});

async function post(
  controlplane: TestControlPlane,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(new URL(path, controlplane.httpAddress), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await controlplane.adminToken()}`,
      ...headers,
    },
    body,
  });
}
