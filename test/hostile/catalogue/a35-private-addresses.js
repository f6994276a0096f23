// A35 Requests to addresses that are nobody's business.
// answer: egress_denied
// within-ms: 1500
// supervisor-grows-mb: 100
// variants: 16

module.exports = async (ctx) => {
  const response = await fetch(ctx.data.forbidden[ctx.data.variant]);
  return await response.text();
};
