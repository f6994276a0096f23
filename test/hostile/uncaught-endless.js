// expect: sync_time cpu_time
// A listener to what nobody catches that throws off the next itself.
module.exports = function (ctx, cb) {
  process.on("uncaughtException", () =>
    queueMicrotask(() => process.nextTick(fail)),
  );
  const fail = () => {
    throw new Error("again");
  };
  process.nextTick(fail);
};
