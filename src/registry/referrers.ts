import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, references } from '../oci/manifest.ts';
import { ociIndex } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import { locationFrom } from './exchange.ts';
import { referrersPath } from './paths.ts';
import { type Registry, scope } from './subject.ts';
import type { Answer } from './transport.ts';

const largestPage = 4 * 1024 * 1024;
/** A list that goes on after these has no end. */
const mostPages = 20;

/** What the referrers API says (distribution-spec, "Listing Referrers"), page after page. */
export async function listReferrers(
  registry: Registry,
  repository: string,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = [];
  let to: string | URL | undefined = referrersPath(repository, subject);
  try {
    for (let pages = 0; to !== undefined && pages < mostPages; pages++) {
      const page: Page | undefined = await readPage(registry, repository, to);
      if (page === undefined) return undefined;
      found.push(...page.referrers);
      to = page.next;
    }
  } catch (error) {
    // A registry that does not know the path may answer anything: words in HTML, or a refusal.
    if (error instanceof AirgapError && error.class !== 'transient') return undefined;
    throw error;
  }
  return found;
}

interface Page {
  readonly referrers: readonly Descriptor[];
  readonly next: URL | undefined;
}

function readPage(
  { exchange }: Registry,
  repository: string,
  to: string | URL,
): Promise<Page | undefined> {
  const scopes = [scope(repository, 'pull')];
  return exchange.run(async () => {
    const answer = await exchange.send({
      method: 'GET',
      to,
      headers: { accept: ociIndex },
      scopes,
    });
    if (answer.status !== 200) return void (await answer.body.dump());
    const bytes = await exchange.readAll(answer, largestPage);
    return { referrers: references(parseManifest(bytes, ociIndex)), next: nextPage(answer) };
  });
}

/** `Link: </v2/…>; rel="next"` (RFC 8288). */
function nextPage({ headers, url }: Answer): URL | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.link?.toString() ?? '')?.[1];
  return link === undefined ? undefined : locationFrom(url, link);
}
