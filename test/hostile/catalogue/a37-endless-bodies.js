// A37 Answers that inflate, never end, or come byte by byte.
// answer: rejected threw wall_time memory
// within-ms: 1500
// supervisor-grows-mb: 100
// variants: 3

module.exports = async (ctx) => {
  const response = await fetch(ctx.data.bodies[ctx.data.variant]);
  return (await response.arrayBuffer()).byteLength;
};
