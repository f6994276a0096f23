/** What containers, points and the platform allow, in memory. What is told again unchanged stays the same object. */
import { isDeepStrictEqual } from "node:util";
import type {
  ContainerSettings,
  PlatformEgress,
  PointLimits,
} from "./catalog.ts";

/** A point's limits as a record. */
export interface PointRecord {
  readonly point: string;
  readonly limits: PointLimits;
}

/** The settings of this host's containers and points, and the platform's egress. */
export class Settings {
  readonly #containers = new Map<string, ContainerSettings>();
  readonly #points = new Map<string, PointLimits>();
  readonly #listeners = new Set<(container: string | undefined) => void>();
  #egress: PlatformEgress | undefined;

  constructor(found: {
    containers: readonly ContainerSettings[];
    points: readonly PointRecord[];
    egress: PlatformEgress | undefined;
  }) {
    for (const one of found.containers)
      this.#containers.set(one.container, one);
    for (const { point, limits } of found.points)
      this.#points.set(point, limits);
    this.#egress = found.egress;
  }

  container(name: string): ContainerSettings | undefined {
    return this.#containers.get(name);
  }

  containers(): Iterable<string> {
    return this.#containers.keys();
  }

  point(name: string): PointLimits | undefined {
    return this.#points.get(name);
  }

  points(): Iterable<string> {
    return this.#points.keys();
  }

  egress(): PlatformEgress {
    return this.#egress ?? nothingSaid;
  }

  /** Whether that was news. */
  putContainer(settings: ContainerSettings): boolean {
    const { container } = settings;
    if (isDeepStrictEqual(this.#containers.get(container), settings))
      return false;
    this.#containers.set(container, settings);
    this.#tell(container);
    return true;
  }

  removeContainer(name: string): void {
    if (this.#containers.delete(name)) this.#tell(name);
  }

  /** Whether that was news. */
  putPoint(point: string, limits: PointLimits): boolean {
    if (isDeepStrictEqual(this.#points.get(point), limits)) return false;
    this.#points.set(point, limits);
    return true;
  }

  removePoint(point: string): void {
    this.#points.delete(point);
  }

  /** Whether that was news. */
  putEgress(egress: PlatformEgress): boolean {
    if (isDeepStrictEqual(this.#egress, egress)) return false;
    this.#egress = egress;
    this.#tell(undefined);
    return true;
  }

  onChange(listener: (container: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(container: string | undefined): void {
    for (const listener of this.#listeners) listener(container);
  }
}

const nothingSaid: PlatformEgress = Object.freeze({
  internalHosts: Object.freeze([]),
  deny: Object.freeze([]),
  proxies: Object.freeze([]),
});
