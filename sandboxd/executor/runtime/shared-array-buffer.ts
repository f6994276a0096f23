/** In place of the global, for polyfills that ask whether a value is a shared buffer: here none is, for there are none. */

class NoSharedArrayBuffer {
  get byteLength(): number {
    throw new TypeError("not a SharedArrayBuffer");
  }

  get growable(): boolean {
    throw new TypeError("not a SharedArrayBuffer");
  }
}

export { NoSharedArrayBuffer as SharedArrayBuffer };
