// A18 A top level that never ends: hosts refuse it, and the version before it serves on.
// refused: sync_time

for (;;);
