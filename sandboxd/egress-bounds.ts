/**
 * Bounds of what goes outward. The runtime refuses what is beyond them, in the author's words; executor, supervisor and
 * broker each look again, for none takes another's word.
 */

export const maxMethodChars = 64;
/** As it was asked for, and as it is spelled on the wire. */
export const maxUrlChars = 16 * 1024;
/** Of all names and values together. */
export const maxEgressHeaderChars = 64 * 1024;
/** What a header costs beside its text: empty ones are not free. */
export const headerCostChars = 32;
/** Of a request's body, whatever a result may have. */
export const maxEgressBodyBytes = 6 * 1024 * 1024;
/** Of a host's name, as rules and resolvers take it, or an address. */
export const maxHostChars = 255;
/** Of a connection: of one write, and how many of them may be on their way at once. Of UTF-8, a char has up to three bytes. */
export const maxWriteBytes = 64 * 1024;
export const maxWriteChars = 20 * 1024;
export const maxUntakenWrites = 2;
/** Of the `TlsWishes` of a connection: its roots may be many. */
export const maxTlsWishesBytes = 256 * 1024;
