/** The hop's server by itself: what holds whoever answers behind it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { InvokeResponse } from "../../../proto/gen/annex/invoke/v1/invoke.ts";
import { startHopServer } from "../../../proto/rpc/hop-server.ts";
import { repositoryRoot } from "../../support/paths.ts";
import { callOf, openRawHop } from "../../support/raw-hop.ts";

const maxOpenPerConnection = 1024;
const patient = { timeout: 15_000 };

test("a connection's unary calls beyond 1,024 wait with their caller, and are answered", async () => {
  const server = await startServer();
  using hop = openRawHop(server.socket);
  const calls = 3 * maxOpenPerConnection;
  let settled = 0;
  const answers = Array.from({ length: calls }, async () => {
    const answer = await hop.invoke(callOf("acme", "echo"));
    settled++;
    return answer;
  });
  await expect.poll(() => server.open, patient).toBe(maxOpenPerConnection);

  // Another connection's call goes through meanwhile, and so the server has read what there was to read.
  using other = openRawHop(server.socket);
  const beside = other.invoke(callOf("acme", "echo"));
  await expect.poll(() => server.open, patient).toBe(maxOpenPerConnection + 1);
  expect(settled).toBe(0);

  server.answerAll();
  expect(await beside).toHaveProperty("response");
  for (const answer of await Promise.all(answers))
    expect(answer).toHaveProperty("response");
  expect(server.mostOpen).toBe(maxOpenPerConnection + 1);
});

const images = ["image.binpb", "health.binpb"];
const readGenerated = (name: string) =>
  readFile(join(repositoryRoot, "proto/gen", name));

/** Keeps calls open until it is told to answer them, and from then on all that come. */
async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), "annex-hop-"));
  const socket = join(folder, "sandboxd.sock");
  const { promise: answered, resolve: answerAll } =
    Promise.withResolvers<void>();
  let open = 0;
  let mostOpen = 0;
  const server = await startHopServer({
    socketPath: socket,
    socketMode: 0o600,
    image: Buffer.concat(await Promise.all(images.map(readGenerated))),
    handlers: {
      async invoke() {
        mostOpen = Math.max(mostOpen, ++open);
        await answered;
        open--;
        return InvokeResponse.create();
      },
      discover: () => Promise.resolve({ bindings: [] }),
      openStream: () => {
        throw new Error("nobody opens a stream");
      },
    },
  });
  onTestFinished(async () => {
    await server.close(0);
    await rm(folder, { recursive: true });
  });
  return {
    socket,
    answerAll,
    get open() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
  };
}
