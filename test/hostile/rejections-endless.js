// expect: sync_time cpu_time memory
// Each rejection that is heard of leaves the next: every one is an entry of its own.
module.exports = function (ctx, cb) {
  const more = () => void Promise.reject(new Error("again"));
  process.on("unhandledRejection", more);
  more();
};
