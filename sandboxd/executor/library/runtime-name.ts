/** The library's script that is the runtime itself. */
export const runtimeName = "runtime";
