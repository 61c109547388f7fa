import type { Random } from '../random.ts';

const endpoint = 'harbor.example.org';
const base = `${endpoint}/m`;
const keys = [
  'docker.io',
  'gcr.io',
  'k8s.gcr.io',
  'quay.io',
  'docker.io/library',
  'default',
  endpoint,
  '[EXACT]nginx:1',
  '[EXACT]quay.io/a/b:1',
  '[REPLACE]*pause*',
  '[REPLACE]quay.io/*',
];
const targets = [
  base,
  `${base}/docker.io`,
  `${base}/gcr.io`,
  `${base}/quay.io/a`,
  `${base}/x-`,
  '',
];

/** Images that maps of `mapOf` speak of; some are one repository under two names. */
export const listed = [
  'nginx:1',
  'docker.io/library/nginx:1',
  'docker.io/a/b:1',
  'gcr.io/pause:1',
  'k8s.gcr.io/pause:1',
  'quay.io/a/b:1',
  'quay.io/pause:1',
] as const;

/** One entry a line, into `harbor.example.org/m`: such as people write, and such as loop or collide. */
export function mapOf(random: Random): string {
  const lines = Array.from({ length: 1 + random.below(6) }, () => {
    const key = random.pick(keys);
    if (key.startsWith('[EXACT]')) return `${key}::${base}/${random.pick(['nginx', 'b'])}:1`;
    return `${key}::${random.pick(targets)}`;
  });
  if (random.chance(0.3)) lines.push(`noswap_wildcards::${random.pick([endpoint, 'gcr.io', 'x'])}`);
  return lines.join('\n');
}

export const target = { endpoint, basePath: 'm' } as const;
