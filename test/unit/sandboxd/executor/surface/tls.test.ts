/** TLS sockets that are made over what no TLS can be begun on: they can be looked at, and say so when they are used. */
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";
import { expectSameAsNode } from "./same-as-node.ts";

test("TLS sockets over streams are made and looked at as on Node", async () => {
  await expectSameAsNode("tls-cases.cjs");
}, 60_000);

test("a TLS socket over a stream fails when it is used, and says why", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    const tls = require("tls");
    const { PassThrough } = require("stream");
    const failure = (socket) => new Promise((resolve) =>
      socket.on("error", (error) => resolve([error.code, error.message])).on("secureConnect", () => resolve("secured")));
    module.exports = async () => {
      const written = new tls.TLSSocket(new PassThrough());
      written.write("words");
      const read = new tls.TLSSocket(new PassThrough(), { isServer: true });
      read.resume();
      return Promise.all([written, tls.connect({ socket: new PassThrough() }), read].map(failure));
    };`);
  const refusal = [
    "ERR_ANNEX_UNAVAILABLE",
    expect.stringContaining("no TCP connection"),
  ];
  expect(answeredJson(await executor.invoke(version))).toEqual([
    refusal,
    refusal,
    refusal,
  ]);
});
