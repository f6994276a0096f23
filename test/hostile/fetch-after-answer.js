// expect: {"well":true}
module.exports = function (ctx, cb) {
  cb(null, { well: true });
  fetch("http://host.example/after-answer");
  Promise.resolve().then(() => fetch("http://host.example/after-answer"));
  setTimeout(() => fetch("http://host.example/after-answer"), 0);
};
