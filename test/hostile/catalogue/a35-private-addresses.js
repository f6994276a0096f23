// A35 Requests to addresses that are nobody's business.
// answer: egress_denied
// within-ms: 1500
// supervisor-grows-mb: 100
// variants: 16

module.exports = async (ctx) => {
  const url = ctx.data.forbidden[ctx.data.variant];
  // With a name and a password in it fetch would refuse the address before anybody is asked: they go as a header.
  const [, scheme, user, rest] = /^(\w+:\/\/)([^/@]*)@(.*)$/.exec(url) ?? [];
  const response = await (user === undefined
    ? fetch(url)
    : fetch(scheme + rest, {
        headers: { authorization: `Basic ${btoa(user)}` },
      }));
  return await response.text();
};
