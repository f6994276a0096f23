// A32 Work that goes on after the answer: at once, which is still part of the call, or later, which is nobody's.
// answer: answered sync_time
// within-ms: 500
// supervisor-grows-mb: 100
// variants: 2

const call = (ctx) => fetch(ctx.data.echo).catch(() => {});
const goOn = [
  (ctx) => {
    setInterval(() => call(ctx), 10);
    setTimeout(() => {
      for (;;) call(ctx);
    }, 50);
  },
  (ctx) =>
    call(ctx).then(() => {
      for (;;);
    }),
];
module.exports = (ctx, cb) => {
  cb(null, "answered");
  goOn[ctx.data.variant](ctx);
};
