import { setTimeout as sleep } from 'node:timers/promises';

/** An object as the store keeps it: `/registry/KIND/[NAMESPACE/]NAME`. */
interface Entry {
  readonly key: string;
  readonly value?: string;
  /** The object's resourceVersion. */
  readonly mod_revision: string;
}

interface Answer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly Entry[];
}

/** What the control plane itself writes all the time. */
const volatile = ['leases', 'masterleases', 'events', 'ranges'];

/** Key → resourceVersion of every object in a cluster that somebody keeps there. */
export type Objects = ReadonlyMap<string, string>;

/** The store of a cluster, looked at and set back beside its API server, which sees that as any other change. */
export class Store {
  readonly #address: string;
  #base = new Map<string, Entry>();

  /** @param address `http://127.0.0.1:PORT` */
  constructor(address: string) {
    this.#address = address;
  }

  async objects(): Promise<Objects> {
    const entries = await this.#entries({ keys_only: true });
    return new Map(entries.map((entry) => [text(entry.key), entry.mod_revision]));
  }

  /** Whether any object has these bytes, as they are or in base64. */
  async holds(secret: string): Promise<boolean> {
    const values = (await this.#entries({})).map(({ value = '' }) => Buffer.from(value, 'base64'));
    return [secret, base64(secret)].some((form) => values.some((bytes) => bytes.includes(form)));
  }

  /** What `reset` goes back to. */
  async keepAsBase(): Promise<void> {
    this.#base = new Map((await this.#entries({})).map((entry) => [entry.key, entry]));
  }

  /** Without finalizers: nobody is waited for but controllers that write once more what they had begun. */
  async reset(): Promise<void> {
    while (await this.#takeBack()) await sleep(50);
  }

  async #takeBack(): Promise<boolean> {
    const now = await this.#entries({ keys_only: true });
    const revisions = new Map(now.map(({ key, mod_revision }) => [key, mod_revision]));
    const added = now.filter(({ key }) => !this.#base.has(key));
    const changed = [...this.#base.values()].filter(
      ({ key, mod_revision }) => revisions.get(key) !== mod_revision,
    );
    const success = [
      ...added.map(({ key }) => ({ request_delete_range: { key } })),
      ...changed.map(({ key, value }) => ({ request_put: { key, value } })),
    ];
    if (success.length === 0) return false;
    const { header } = await this.#ask('kv/txn', { success });
    for (const entry of changed)
      this.#base.set(entry.key, { ...entry, mod_revision: header.revision });
    return true;
  }

  async #entries(options: object): Promise<Entry[]> {
    const range = { key: base64('/registry/'), range_end: base64('/registry0') };
    const { kvs = [] } = await this.#ask('kv/range', { ...range, ...options });
    return kvs.filter(({ key }) => !isVolatile(text(key)));
  }

  async #ask(verb: string, body: object): Promise<Answer> {
    const answer = await fetch(`${this.#address}/v3/${verb}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
}

const isVolatile = (key: string) => volatile.some((kind) => key.startsWith(`/registry/${kind}/`));

const base64 = (words: string) => Buffer.from(words).toString('base64');
const text = (words: string) => Buffer.from(words, 'base64').toString();
