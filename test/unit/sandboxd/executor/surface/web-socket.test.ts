/** WebSockets from inside: the same as on Node. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

test("WebSockets speak to a server as on Node", async () => {
  await expectSameAsNode("web-socket-cases.cjs");
}, 60_000);
