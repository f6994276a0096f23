// A32 Work that goes on after the answer.
// answer: "answered"
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (ctx, cb) => {
  cb(null, "answered");
  const call = () => fetch(ctx.data.echo).catch(() => {});
  setInterval(call, 10);
  call().then(() => {
    for (;;) call();
  });
};
