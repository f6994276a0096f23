/**
 * How messages travel on the pipe between supervisor and executor: u32 length of head and body, u32 length of head (both
 * big-endian), a small JSON head, a raw body. Bodies are never JSON inside JSON.
 */

const prefixBytes = 8;

/** No frame is longer; a peer that announces a longer one is broken or hostile. */
export const maxFrameBytes = 32 * 1024 * 1024;
/** No head that an executor sends is longer: the supervisor parses it, in one go, on the loop that carries the hop. */
export const maxHeadBytes = 128 * 1024;

/** Of what comes with a note. */
export const maxNoteBytes = 64 * 1024;

const noBody = new Uint8Array(0);

/** One message as it was received. */
export interface Frame {
  /** The head, parsed but not yet checked. */
  head: unknown;
  /** The body; it shares memory with the chunk it came in. */
  body: Buffer;
  /** Of all of it. */
  bytes: number;
  /** Of the head, which costs far more to take than a body. */
  headBytes: number;
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

/** Whether an executor may send it, for heads that hold what guests have chosen. */
export function isHeadWithinBounds(head: object): boolean {
  return Buffer.byteLength(JSON.stringify(head)) <= maxHeadBytes;
}

/** Cuts a byte stream into frames. Throws on a frame that breaks a bound or is not JSON: then nothing more can be trusted. */
export class FrameReader {
  readonly #maxHeadBytes: number;
  readonly #maxFrameBytes: number;
  /** The first bytes of a prefix that was cut. */
  #cutPrefix: Buffer | undefined;
  /** A frame that has not come whole: bytes are copied as they come, so that a large one costs nothing when it is complete. */
  #partial: { frame: Buffer; filledBytes: number } | undefined;

  /** The supervisor is trusted with longer heads than an executor: it carries secrets and HTTP headers there. */
  constructor(
    headBytes: number = maxHeadBytes,
    frameBytes: number = maxFrameBytes,
  ) {
    this.#maxHeadBytes = headBytes;
    this.#maxFrameBytes = frameBytes;
  }

  /** Takes the next bytes of the stream and gives the frames they complete. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let rest = this.#cutPrefix
      ? Buffer.concat([this.#cutPrefix, chunk])
      : chunk;
    this.#cutPrefix = undefined;
    while (rest.length > 0) {
      const frame = this.#partial ? this.#fill(rest) : this.#cut(rest);
      if (!frame.bytes) break;
      frames.push(readFrame(frame.bytes));
      rest = rest.subarray(frame.takenBytes);
    }
    return frames;
  }

  /** Cuts a whole frame off the front, or keeps what there is of one. */
  #cut(bytes: Buffer): Cut {
    if (bytes.length < prefixBytes) {
      this.#cutPrefix = Buffer.from(bytes);
      return nothing;
    }
    const length = this.#length(bytes);
    if (bytes.length >= length)
      return { bytes: bytes.subarray(0, length), takenBytes: length };
    const frame = Buffer.allocUnsafeSlow(length);
    this.#partial = { frame, filledBytes: bytes.copy(frame) };
    return nothing;
  }

  /** Of the frame that begins here, prefix included. */
  #length(bytes: Buffer): number {
    const contentBytes = bytes.readUInt32BE(0);
    const headBytes = bytes.readUInt32BE(4);
    if (
      contentBytes > this.#maxFrameBytes ||
      headBytes > this.#maxHeadBytes ||
      headBytes > contentBytes
    )
      throw new Error("frame out of bounds");
    return prefixBytes + contentBytes;
  }

  #fill(bytes: Buffer): Cut {
    const partial = this.#partial;
    if (!partial) return nothing;
    const takenBytes = bytes.copy(partial.frame, partial.filledBytes);
    partial.filledBytes += takenBytes;
    if (partial.filledBytes < partial.frame.length) return nothing;
    this.#partial = undefined;
    return { bytes: partial.frame, takenBytes };
  }
}

interface Cut {
  /** A whole frame; undefined where there is none yet, and all bytes were kept. */
  bytes: Buffer | undefined;
  takenBytes: number;
}

const nothing: Cut = { bytes: undefined, takenBytes: 0 };

function readFrame(bytes: Buffer): Frame {
  const headBytes = bytes.readUInt32BE(4);
  const bodyStart = prefixBytes + headBytes;
  const head: unknown = JSON.parse(
    bytes.toString("utf8", prefixBytes, bodyStart),
  );
  const body = bytes.subarray(bodyStart);
  return { head, body, bytes: bytes.length, headBytes };
}
