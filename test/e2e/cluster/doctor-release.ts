import { gunzipSync, gzipSync } from 'node:zlib';
import type { DoctorSite } from './doctor-site.ts';

/** What helm 3 keeps of a release, in its Secret: JSON, gzip, base64. */
interface Release {
  readonly info: { readonly status: string; readonly description: string };
  readonly manifest: string;
}

const secret = 'sh.helm.release.v1.image-swap.v1';

/** Makes helm's own record of the first revision say something else. */
export function rewriteRelease(change: (release: Release) => Partial<Release>) {
  return async ({ site: { cluster } }: DoctorSite): Promise<void> => {
    const kept = await cluster.get<{ data: { release: string } }>('secret', secret);
    const packed = Buffer.from(fromBase64(kept?.data.release ?? '').toString(), 'base64');
    const release: Release = JSON.parse(gunzipSync(packed).toString());
    const changed = gzipSync(JSON.stringify({ ...release, ...change(release) }));
    const written = base64(Buffer.from(base64(changed)));
    const patch = JSON.stringify({ data: { release: written } });
    await cluster.kubectl('patch', 'secret', secret, '--type=merge', `--patch=${patch}`);
  };
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64');
const base64 = (bytes: Buffer) => bytes.toString('base64');
