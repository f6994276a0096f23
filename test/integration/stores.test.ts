/** AsyncLocalStorage over the network: a program's connections and requests, in an invocation as in plain Node. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import {
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startAnnex } from "../support/annex.ts";
import { originCertificate, originKey } from "../support/certificate.ts";
import { freePort } from "../support/ports.ts";

const run = promisify(execFile);
const source = readFileSync(
  join(import.meta.dirname, "stores-cases.cjs"),
  "utf8",
);

test("a store is there in whatever the network calls back", async () => {
  const certificate = { cert: originCertificate, key: originKey };
  const http = await listening(
    createHttpServer((request, response) => {
      request.resume();
      request.on("end", () => response.end("hello"));
    }),
  );
  const ports = {
    tcp: await listening(createServer(echo)),
    tls: await listening(createTlsServer(certificate, echo)),
    none: await freePort(),
    http,
  };
  const at = { ...ports, url: `http://127.0.0.1:${http}` };
  const annex = await startAnnex();
  const internalHosts = Object.values(ports).map((port) => `127.0.0.1:${port}`);
  await annex.control("egress").updateEgress({ egress: { internalHosts } });
  await annex.control("containers").createContainer({ name: "acme" });
  await annex.publish("acme", "stores", source);
  const client = annex.client();
  const ours = await client.invoke({
    container: "acme",
    extension: "stores",
    payload: at,
  });
  await client.close();
  expect(ours).toMatchObject({ payload: await inNode(at) });
}, 60_000);

function echo(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.pipe(socket);
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  return (server.address() as AddressInfo).port;
}

async function inNode(at: object): Promise<unknown> {
  const program = `module.exports({ data: ${JSON.stringify(at)} }).then((list) => {
    require("node:fs").writeSync(1, JSON.stringify(list));
    process.exit();
  });`;
  const { stdout } = await run(
    process.execPath,
    ["--no-warnings", "-e", `${source};${program}`],
    { cwd: "/" },
  );
  return JSON.parse(stdout);
}
