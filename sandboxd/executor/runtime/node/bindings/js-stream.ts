/** The handle of a socket that Node puts around a stream of the program's own, which tells it what to do. */
import type { Exports, RealmParts } from "../realm.ts";
import { createStreamTools, StreamBase, type Request } from "../stream-base.ts";

export function createBinding(parts: RealmParts): Exports {
  const tools = createStreamTools(parts);
  const eof = Number(parts.internalBinding("uv")["UV_EOF"]);

  class JSStream extends StreamBase {
    /* What Node's wrapper sets. */
    onreadstart: (() => number) | undefined;
    onreadstop: (() => number) | undefined;
    onshutdown: ((request: Request) => number) | undefined;
    onwrite:
      ((request: Request, chunks: readonly Uint8Array[]) => number) | undefined;

    constructor() {
      super(tools);
    }

    readStart(): number {
      return this.onreadstart?.() ?? 0;
    }
    readStop(): number {
      return this.onreadstop?.() ?? 0;
    }
    shutdown(request: Request): number {
      return this.onshutdown?.(request) ?? 0;
    }

    protected override send(chunks: readonly Uint8Array[]): Request {
      const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const request = tools.newWrite();
      this.bytesWritten += length;
      const status = this.onwrite?.(request, chunks) ?? 0;
      // Only now: the stream may have written to others meanwhile, who said theirs.
      tools.say(length, status);
      return request;
    }

    readBuffer(chunk: Uint8Array): void {
      let left: Uint8Array | undefined;
      this.tellBytes(new Uint8Array(chunk), (rest) => {
        left = rest;
      });
      if (left) this.readBuffer(left);
    }
    emitEOF(): void {
      this.tellStatus(eof);
    }
    finishWrite(request: Request, status: number): void {
      this.complete(request, status);
    }
    finishShutdown(request: Request, status: number): void {
      this.complete(request, status);
    }
  }

  return { JSStream };
}
