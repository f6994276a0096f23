/** A script of the library by such a name is evaluated in a new context of the same isolate, each time anew. */
export const newContextPrefix = "context:";
