// A14 WebAssembly, shared memory and waits: none of them is there.
// answer: {"wasm":"undefined","shared":"undefined","atomics":"undefined"}
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  cb(null, {
    wasm: typeof WebAssembly,
    shared: typeof SharedArrayBuffer,
    atomics: typeof Atomics,
  });
};
