import type { PointLimits } from "./limits.ts";

/** An extensibility point: a place where the platform lets its customers in. */
export interface Point {
  name: string;
  /** Of calls there. */
  limits: PointLimits;
  createdAtMs: number;
  etag: string;
}

/** An extension at a point of its container. */
export interface Binding {
  container: string;
  point: string;
  extension: string;
}
