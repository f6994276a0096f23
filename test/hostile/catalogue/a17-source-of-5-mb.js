// A17 A source of 5 MB, which is not even taken.
// publish: INVALID_ARGUMENT
// padded-mb: 5

module.exports = (cb) => cb(null, "large");
