/** Bounds of a request outward; the runtime keeps them, and the executor checks each again. */

export const maxMethodChars = 64;
export const maxUrlChars = 16 * 1024;
/** Of all names and values together. */
export const maxEgressHeaderChars = 64 * 1024;
/** What a header costs beside its text: empty ones are not free. */
export const headerCostChars = 32;
/** Of a body, whatever a result may have: the supervisor takes no longer frames. */
export const maxEgressBodyBytes = 6 * 1024 * 1024;
/** Of a host's name, or an address. */
export const maxHostChars = 255;
/** Of a connection: of one write, and how many of them may be on their way. Of UTF-8, a char has up to three bytes. */
export const maxWriteBytes = 64 * 1024;
export const maxWriteChars = 20 * 1024;
export const maxUntakenWrites = 2;
