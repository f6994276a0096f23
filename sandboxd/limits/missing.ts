/** Why a backend cannot be had on this machine: says what is missing. */
export class Missing extends Error {
  constructor(message: string, cause?: unknown) {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    super(message + why, { cause });
    this.name = "Missing";
  }
}
