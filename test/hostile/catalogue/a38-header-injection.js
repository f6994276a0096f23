// A38 Headers that end their line, belong to the connection, or name another host.
// answer: rejected threw answered
// within-ms: 1500
// supervisor-grows-mb: 100
// variants: 7

const headers = [
  { "x-a": "b\r\nx-injected: yes" },
  { "x-a\r\nx-injected": "yes" },
  { host: "metadata.internal" },
  { connection: "keep-alive, x-a", "x-a": "b" },
  { "transfer-encoding": "chunked" },
  { "proxy-authorization": "Basic eDp5" },
  { "content-length": "4000000000" },
];
module.exports = async (ctx) => {
  const response = await fetch(ctx.data.echo, {
    method: "POST",
    body: "x",
    headers: headers[ctx.data.variant],
  });
  return await response.text();
};
