import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeFrame,
  FrameReader,
  maxFrameBytes,
  maxHeadBytes,
} from "../../../sandboxd/frames.ts";

const frame = fc.record({
  head: fc.record({ type: fc.string(), id: fc.nat() }),
  body: fc.uint8Array({ maxLength: 300 }),
});

test("whatever is framed is read back, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(frame),
      fc.infiniteStream(fc.integer({ min: 1, max: 97 })),
      (frames, cuts) => {
        const bytes = Buffer.concat(
          frames.map(({ head, body }) => encodeFrame(head, body)),
        );
        const reader = new FrameReader();
        const read = pieces(bytes, cuts).flatMap((piece) => reader.push(piece));
        expect(
          read.map(({ head, body }) => ({ head, body: [...body] })),
        ).toEqual(frames.map(({ head, body }) => ({ head, body: [...body] })));
      },
    ),
  );
});

function pieces(bytes: Buffer, cuts: Iterable<number>): Buffer[] {
  const cut: Buffer[] = [];
  let at = 0;
  for (const length of cuts) {
    if (at >= bytes.length) break;
    cut.push(bytes.subarray(at, at + length));
    at += length;
  }
  return cut;
}

test.each([
  ["a frame longer than the bound", prefix(maxFrameBytes + 1, 2)],
  ["a head longer than the bound", prefix(maxFrameBytes, maxHeadBytes + 1)],
  ["a head longer than its frame", prefix(4, 5)],
  ["a head that is no JSON", Buffer.concat([prefix(3, 3), Buffer.from("{a}")])],
])("refuses %s", (_, bytes) => {
  expect(() => new FrameReader().push(bytes)).toThrow();
});

function prefix(contentBytes: number, headBytes: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(contentBytes, 0);
  bytes.writeUInt32BE(headBytes, 4);
  return bytes;
}
