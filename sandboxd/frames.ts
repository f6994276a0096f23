/**
 * How messages travel on the pipe between supervisor and executor: u32 length of head and body, u32 length of head (both
 * big-endian), a small JSON head, a raw body. Bodies are never JSON inside JSON.
 */

const prefixBytes = 8;

/** No frame is longer; a peer that announces a longer one is broken or hostile. */
export const maxFrameBytes = 32 * 1024 * 1024;
/** No head is longer. */
export const maxHeadBytes = 1024 * 1024;

const noBody = new Uint8Array(0);

/** One message as it was received. */
export interface Frame {
  /** The head, parsed but not yet checked. */
  head: unknown;
  /** The body; it shares memory with the chunk it came in. */
  body: Buffer;
}

/** Encodes a message; the body, if any, is copied behind the head so that one write carries it. */
export function encodeFrame(head: object, body: Uint8Array = noBody): Buffer {
  const json = JSON.stringify(head);
  const headBytes = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(prefixBytes + headBytes + body.length);
  frame.writeUInt32BE(headBytes + body.length, 0);
  frame.writeUInt32BE(headBytes, 4);
  frame.write(json, prefixBytes);
  frame.set(body, prefixBytes + headBytes);
  return frame;
}

/** Cuts a byte stream into frames. Throws on a frame that breaks a bound or is not JSON: then nothing more can be trusted. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = prefixBytes;

  /** Takes the next bytes of the stream and gives the frames they complete. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#neededBytes) return [];
    return this.#take();
  }

  #take(): Frame[] {
    const [first] = this.#chunks;
    let bytes =
      this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    const frames: Frame[] = [];
    this.#neededBytes = prefixBytes;
    while (bytes.length >= prefixBytes) {
      const contentBytes = bytes.readUInt32BE(0);
      const headBytes = bytes.readUInt32BE(4);
      if (
        contentBytes > maxFrameBytes ||
        headBytes > maxHeadBytes ||
        headBytes > contentBytes
      )
        throw new Error("frame out of bounds");
      const end = prefixBytes + contentBytes;
      if (bytes.length < end) {
        this.#neededBytes = end;
        break;
      }
      const bodyStart = prefixBytes + headBytes;
      const head: unknown = JSON.parse(
        bytes.toString("utf8", prefixBytes, bodyStart),
      );
      frames.push({ head, body: bytes.subarray(bodyStart, end) });
      bytes = bytes.subarray(end);
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#pendingBytes = bytes.length;
    return frames;
  }
}
