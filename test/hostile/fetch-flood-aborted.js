// expect: answered sync_time
module.exports = async function (ctx) {
  for (let i = 0; i < 1e5; i++) {
    const controller = new AbortController();
    const { signal } = controller;
    fetch("http://host.example/hang", { signal }).catch(() => {});
    controller.abort();
  }
};
