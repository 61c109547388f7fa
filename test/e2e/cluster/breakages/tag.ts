import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DoctorSite } from '../doctor-site.ts';

const nginx = ['m', 'docker.io', 'nginx', '_manifests', 'tags', '1'];
/** Where the registry keeps a tag. */
export const tag = ({ site }: DoctorSite) =>
  join(site.target.folder, 'storage/docker/registry/v2/repositories', ...nginx);
/** Where its repository has its manifests. */
export const revisions = (at: DoctorSite) => join(dirname(dirname(tag(at))), 'revisions/sha256');
/** Of a manifest that the tag does not lead to itself. */
export const oneBelow = async (at: DoctorSite) => {
  const [tagged = ''] = await readdir(join(tag(at), 'index/sha256'));
  const [below = ''] = (await readdir(revisions(at))).filter((name) => name !== tagged);
  return below;
};
/** Where something is kept until it heals. */
export const aside = ({ site }: DoctorSite) => join(site.target.folder, 'aside');
/** Of what lies aside. */
export const digestOf = (at: DoctorSite) => readFile(join(aside(at), 'link'), 'utf8');
