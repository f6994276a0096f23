/** A container: the isolation scope, usually one tenant. */
export interface Container {
  name: string;
  createdAtMs: number;
  etag: string;
}
