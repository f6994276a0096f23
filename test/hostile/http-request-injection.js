// expect: {"codes":["ERR_INVALID_CHAR","ERR_INVALID_HTTP_TOKEN","ERR_UNESCAPED_CHARACTERS","ERR_INVALID_HTTP_TOKEN","ERR_INVALID_CHAR"]}
// Options of a request that would smuggle a second one.
const http = require("http");

module.exports = function (cb) {
  const { PassThrough } = require("stream");
  const attempts = [
    { headers: { a: "b\r\nhost: other" } },
    { headers: { "a\r\nb": "c" } },
    { path: "/ HTTP/1.1\r\nhost: other\r\n\r\nGET /" },
    { method: "GET / HTTP/1.1\r\n\r\nGET" },
    { headers: { host: "a\nb" } },
  ];
  const codes = attempts.map((options) => {
    try {
      http.request({ createConnection: () => new PassThrough(), ...options });
      return "sent";
    } catch ({ code }) {
      return code;
    }
  });
  cb(null, { codes });
};
