import { gzipSync } from 'node:zlib';
import { AirgapError } from '../report/error.ts';

/** What Kubernetes allows for the data of one Secret. */
const maxBytes = 1024 * 1024;

/**
 * Refuses a chart that helm could not install, here rather than on the jump host: helm keeps a release, which holds
 * the chart, in one Secret (helm.sh/docs/topics/advanced, "Storage backends"). What it renders comes on top of this.
 * @param files of the chart, by their path below its folder
 * @param name how the user calls the chart, for the message
 * @throws AirgapError `usage`
 */
export function checkReleaseSize(files: ReadonlyMap<string, Buffer>, name: string): void {
  const size = releaseSize(files);
  if (size <= maxBytes) return;
  const [largest = ''] = [...files].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  throw new AirgapError('usage', `${name} is larger than helm can install`, {
    given: `${size} bytes of the Secret that helm keeps a release in`,
    expected: `at most ${maxBytes} bytes`,
    next: `package the chart without what it does not need, in .helmignore; its largest file is ${largest}`,
  });
}

/** As helm writes it: each file in base64 in one JSON document, which is gzipped, and all of it in base64. Subcharts are left out. */
function releaseSize(files: ReadonlyMap<string, Buffer>): number {
  const chart = [...files]
    .filter(([path]) => !path.startsWith('charts/'))
    .map(([path, bytes]) => ({ name: path, data: bytes.toString('base64') }));
  const zipped = gzipSync(JSON.stringify({ chart }), { level: 9 });
  return 4 * Math.ceil(zipped.length / 3);
}
