/**
 * A process of its own on loopback whose every answer is large and compressed. Asked by a message of its parent, it tells its
 * host:port.
 */
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { downloadBytes } from "./loud-extensions.ts";

// Three quarters of it cross the wire: both reading and decompressing are work.
const body = gzipSync(randomBytes((downloadBytes / 4) * 3).toString("base64"));
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-encoding": "gzip" }).end(body);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
const { port } = server.address() as AddressInfo;
process.on("message", () => process.send?.(`127.0.0.1:${port}`));
process.on("disconnect", () => process.exit());
process.send?.("ready");
