// expect-load: invalid_export threw syntax
});
globalThis.escaped = typeof process;
(function () {
