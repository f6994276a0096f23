/** How Node is started as an executor; the code that V8 makes for one ahead must be made by a Node started so. */

/**
 * V8's own limits. No snapshot: isolated-vm needs it so. SharedArrayBuffer off and little WebAssembly memory: neither is
 * offered, and both pass the heap limit by. No concurrent recompilation: with a compile job in flight the timeout of an
 * optimised endless loop was measured to fire up to 3 s late. And eval across the contexts of one isolate, for `vm`: all of
 * them are of one guest, and isolated-vm offers no way to say so to V8.
 */
export const executorNodeFlags = [
  "--no-node-snapshot",
  "--enable-sharedarraybuffer-per-context",
  "--wasm-max-mem-pages=256",
  "--no-concurrent-recompilation",
  "--allow-unsafe-function-constructor",
];
