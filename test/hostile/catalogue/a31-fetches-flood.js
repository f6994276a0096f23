// A31 Ten thousand requests outward of 100 kB, none awaited.
// answer: threw rejected sync_time memory answered egress_denied executor_lost cpu_time
// within-ms: 2500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = async (ctx) => {
  const body = "x".repeat(1e5);
  const all = [];
  for (let n = 0; n < 1e4; n++)
    all.push(fetch(ctx.data.echo, { method: "POST", body }));
  const settled = await Promise.allSettled(all);
  return settled.filter(({ status }) => status === "fulfilled").length;
};
