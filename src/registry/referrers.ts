import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, references } from '../oci/manifest.ts';
import { ociIndex } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import { locationFrom } from './exchange.ts';
import { referrersPath } from './paths.ts';
import { type Registry, refusedRead, scope } from './subject.ts';
import type { Answer } from './transport.ts';

const largestPage = 4 * 1024 * 1024;
/** A list that goes on after these has no end. */
const mostPages = 20;

/** What a registry that has the referrers API says; where the list is none that can be read, why. */
export type ReferrersAnswer =
  | { readonly referrers: readonly Descriptor[] }
  | { readonly failure: AirgapError };

/**
 * What the referrers API says (distribution-spec, "Listing Referrers"), page after page; undefined where there is none.
 * @throws AirgapError transient
 */
export async function listReferrers(
  registry: Registry,
  repository: string,
  subject: Digest,
): Promise<ReferrersAnswer | undefined> {
  const referrers: Descriptor[] = [];
  let to: string | URL | undefined = referrersPath(repository, subject);
  try {
    for (let pages = 0; to !== undefined && pages < mostPages; pages++) {
      const page: Page | undefined = await readPage(registry, repository, to);
      if (page === undefined && pages === 0) return undefined;
      if (page === undefined) throw brokenOff(registry, subject, pages);
      referrers.push(...page.referrers);
      to = page.next;
    }
  } catch (error) {
    if (!(error instanceof AirgapError) || error.class === 'transient') throw error;
    return { failure: error };
  }
  return { referrers };
}

function brokenOff({ host }: Registry, subject: Digest, pages: number): AirgapError {
  const message = `${host} breaks off its list of what is attached to ${subject}`;
  return new AirgapError('integrity', message, {
    given: `${pages} pages`,
    next: 'run again, or leave it out: referrers: false',
  });
}

interface Page {
  readonly referrers: readonly Descriptor[];
  readonly next: URL | undefined;
}

function readPage(
  registry: Registry,
  repository: string,
  to: string | URL,
): Promise<Page | undefined> {
  const { exchange } = registry;
  const scopes = [scope(repository, 'pull')];
  return exchange.run(async () => {
    const answer = await exchange.send({
      method: 'GET',
      to,
      headers: { accept: ociIndex },
      scopes,
    });
    if (answer.status === 403) {
      const what = `what is attached to an image of ${repository}`;
      throw await refusedRead(registry, answer, { host: registry.host, repository, what });
    }
    // A registry that does not know the path may answer anything, a page for people too.
    const isList = answer.headers['content-type']?.toString().startsWith(ociIndex);
    if (answer.status !== 200 || !isList) return void (await answer.body.dump());
    const bytes = await exchange.readAll(answer, largestPage);
    return { referrers: references(parseManifest(bytes, ociIndex)), next: nextPage(answer) };
  });
}

/** `Link: </v2/…>; rel="next"` (RFC 8288). */
function nextPage({ headers, url }: Answer): URL | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.link?.toString() ?? '')?.[1];
  return link === undefined ? undefined : locationFrom(url, link);
}
