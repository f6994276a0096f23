/** What may be told of a secret; its value is never read back. */
export interface Secret {
  container: string;
  extension: string;
  name: string;
  updatedAtMs: number;
}
