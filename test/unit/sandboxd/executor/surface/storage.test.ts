/** `sessionStorage` inside the isolate, call by call as plain Node has it. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

test("what is stored is kept, shown and bounded as in Node", async () => {
  await expectSameAsNode("storage-cases.cjs");
});
