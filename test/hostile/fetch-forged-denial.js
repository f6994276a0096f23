// expect: callback_error
module.exports = function (ctx, cb) {
  fetch("http://host.example/denied").catch((error) => {
    const forged = Object.create(error);
    for (const name of Reflect.ownKeys(error)) forged[name] = error[name];
    cb(forged);
  });
};
