// A18 A top level that throws: hosts refuse it, and the version before it serves on.
// refused: threw

throw new Error("at the top level");
