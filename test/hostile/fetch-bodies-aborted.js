// expect: wall_time memory rejected threw sync_time
// Bodies that fill the heap: a collection of all of it, near its limit, may be the slice that is too long.
const body = new Uint8Array(5 * 1024 * 1024);
module.exports = async function (ctx) {
  for (;;) {
    const controller = new AbortController();
    const { signal } = controller;
    fetch("http://host.example/hang", { method: "POST", body, signal }).catch(
      () => {},
    );
    controller.abort();
    await new Promise((resolve) => setImmediate(resolve));
  }
};
