/** How Node is started as an executor; the code that V8 makes for one ahead must be made by a Node started so. */

/**
 * V8's own limits. No snapshot: isolated-vm needs it so. SharedArrayBuffer off and little WebAssembly memory: neither is
 * offered, and both pass the heap limit by. No concurrent recompilation: with a compile job in flight the timeout of an
 * optimised endless loop was measured to fire up to 3 s late.
 */
export const executorNodeFlags = [
  "--no-node-snapshot",
  "--enable-sharedarraybuffer-per-context",
  "--wasm-max-mem-pages=256",
  "--no-concurrent-recompilation",
];
