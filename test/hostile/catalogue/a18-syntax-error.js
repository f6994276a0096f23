// A18 A source that cannot be parsed: told to its author, and nothing changes.
// publish: INVALID_ARGUMENT

module.exports = (cb) => cb(null, ;
