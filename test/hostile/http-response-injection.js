// expect: {"codes":["ERR_INVALID_CHAR","ERR_INVALID_HTTP_TOKEN","ERR_INVALID_CHAR","ERR_INVALID_CHAR","ERR_INVALID_CHAR"]}
// Headers that would end the head and begin another answer.
const http = require("http");

module.exports = function (ctx, req, res) {
  const attempts = [
    () => res.setHeader("a", "b\r\nset-cookie: c=d"),
    () => res.setHeader("a: b\r\nc", "d"),
    () => res.writeHead(200, "OK\r\nc: d"),
    () => res.appendHeader("a", ["b", "c\nd"]),
    () => res.writeHead(200, { a: "\u0100" }),
  ];
  const codes = attempts.map((attempt) => {
    try {
      attempt();
      return http.STATUS_CODES[200];
    } catch ({ code }) {
      return code;
    }
  });
  res.statusMessage = "OK";
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify({ codes }));
};
