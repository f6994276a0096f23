// A36 Redirects to where a request may not go.
// answer: egress_denied rejected
// within-ms: 1500
// supervisor-grows-mb: 100
// variants: 4

module.exports = async (ctx) => {
  const response = await fetch(ctx.data.redirects[ctx.data.variant]);
  return await response.text();
};
