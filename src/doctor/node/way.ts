import type { Address } from './address.ts';

/** How a node finds the images of one source registry. */
export interface Way {
  /** `docker.io`. */
  readonly source: string;
  /** Where that is written: a file, or the table of a mirror. */
  readonly place: string;
  /** In the order in which containerd asks. */
  readonly attempts: readonly Attempt[];
  /** Whether what no attempt finds is asked for at the source itself. */
  readonly asksSource: boolean;
  /** Why none of the attempts is made. */
  readonly broken?: string;
  /** What is true of some containerd alone. */
  readonly doubts: readonly string[];
}

/** One address that containerd asks. */
export interface Attempt {
  /** As the file has it, without a login. */
  readonly written: string;
  /** Undefined for what has no host. */
  readonly address: Address | undefined;
  /** Why it is left out for tags: its capabilities. */
  readonly leftOut?: string;
  readonly trust: {
    /** Paths on this machine where the file may be, for each that is named. */
    readonly authorities: readonly Authority[];
    readonly skipVerify: boolean;
    /** Whether there are settings for TLS: then 1.7 and later try TLS first at an address of plain HTTP. */
    readonly settings: boolean;
  };
  readonly login: Login;
}

export interface Authority {
  /** As written, without a login. */
  readonly named: string;
  /** Whether it must be on this machine, since what names it is. */
  readonly besideFile: boolean;
  /** The text; undefined where it is not here. */
  readonly pem: string | undefined;
}

/** `header`: in hosts.toml; `configs`: in config.toml; `unreadable`: something that is no login. */
export type Login = 'none' | 'header' | 'configs' | 'unreadable';

/** A source that the node knows nothing of. */
export function noWay(source: string, place: string): Way {
  return { source, place, attempts: [], asksSource: true, doubts: [] };
}
