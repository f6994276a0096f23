import { expect, test } from "vitest";
import { InvokeStreamResponse } from "../../../proto/gen/annex/invoke/v1/invoke.ts";
import { GatherWriter } from "../../../proto/rpc/gather-writer.ts";

const keptBytes = 64 * 1024;

function answer(payloadBytes: number): InvokeStreamResponse {
  return InvokeStreamResponse.fromPartial({
    id: 7n,
    message: {
      $case: "response",
      value: {
        invocationId: "i",
        outcome: {
          $case: "result",
          value: {
            payload: Buffer.alloc(payloadBytes, "x"),
            contentType: "text/plain",
            headers: [{ name: "x-a", value: "é".repeat(300) }],
          },
        },
        timings: { queueUs: 1, startUs: 2, runUs: 3 },
        steps: [{ extension: "hello", version: 3 }],
      },
    },
  });
}

test.each([0, 100, keptBytes - 1, keptBytes, keptBytes + 1, 1 << 21])(
  "a payload of %i bytes is written as the ordinary writer writes it",
  (payloadBytes) => {
    const message = answer(payloadBytes);
    const writer = new GatherWriter();
    InvokeStreamResponse.encode(message, writer);
    const { pieces, byteLength } = writer.gathered();
    const bytes = Buffer.concat(pieces);
    expect(bytes.length).toBe(byteLength);
    const plain = InvokeStreamResponse.encode(message).finish();
    expect(bytes.equals(plain)).toBe(true);
  },
);

test("a large payload is not copied", () => {
  const message = answer(keptBytes);
  const writer = new GatherWriter();
  InvokeStreamResponse.encode(message, writer);
  const value =
    message.message?.$case === "response" ? message.message.value : undefined;
  const payload =
    value?.outcome?.$case === "result"
      ? value.outcome.value.payload
      : undefined;
  expect(writer.gathered().pieces).toContain(payload);
});

test("an answer without a payload to keep comes as one piece", () => {
  const writer = new GatherWriter();
  writer.uint32(8).uint32(1);
  expect(writer.gathered()).toEqual({
    pieces: [new Uint8Array([8, 1])],
    byteLength: 2,
  });
});
