import type { Kind } from './registries.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';

/** Sites that the cases of a trial share, one a kind of registry, opened when they are first wanted. */
export class Sites {
  readonly #options: SiteOptions;
  readonly #open = new Map<Kind, Promise<Site>>();

  constructor(options: SiteOptions = {}) {
    this.#options = options;
  }

  /** As new. */
  async at(kind: Kind): Promise<Site> {
    const known = this.#open.get(kind);
    if (known === undefined) this.#open.set(kind, openSite(kind, this.#options));
    const site = await (known ?? this.#open.get(kind));
    if (site === undefined) throw new Error(`no site of ${kind}`);
    if (known !== undefined) await site.reset();
    return site;
  }

  readonly close = async (): Promise<void> => {
    const opened = [...this.#open.values()];
    this.#open.clear();
    // One that could not be opened has failed its case already.
    for (const site of opened) await (await site.catch(() => undefined))?.close();
  };
}
