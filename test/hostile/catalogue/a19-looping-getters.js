// A19 An error whose getters never return.
// answer: sync_time threw
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const error = new Error("x");
  for (const name of ["message", "stack", "name", "code", "statusCode"])
    Object.defineProperty(error, name, {
      get() {
        for (;;);
      },
    });
  throw error;
};
