// expect: memory threw sync_time
// What is copied out of the isolate, as large as it may be: texts of errors, and buffers that count outside of V8's heap.
module.exports = function (ctx, cb) {
  const kept = [];
  const more = () => {
    const long = "x".repeat(1 << 23);
    Promise.reject(Object.assign(new Error(long), { stack: long }));
    kept.push(Buffer.alloc(1 << 22), new ArrayBuffer(1 << 22));
    console.log(long);
    setTimeout(more, 0);
  };
  more();
};
