import type { FrontRule } from '../../test/helpers/proxy.ts';
import { checkDone } from '../checks.ts';
import { type Fault, fault, isMount, isPatch } from '../faults.ts';
import type { Site } from '../site.ts';
import { notApplicable, survived, type Trial } from '../trial.ts';
import { always, pushCases, pushSites } from './push-cases.ts';

const manners: Readonly<Record<string, (site: Site) => Fault>> = {
  'HEAD is not allowed': () =>
    fault(
      ({ method, path }) => method === 'HEAD' && path.includes('/manifests/'),
      { status: 405 },
      always,
    ),
  'a mount opens an upload': ({ target }) => answeredByUpload(target.registry.host),
  'a mount is answered 403': () => fault(isMount, { status: 403, body: denied }, always),
  'a mount is answered 404': () => fault(isMount, { status: 404 }, always),
  'no referrers': () => fault(({ path }) => path.includes('/referrers/'), { status: 404 }, always),
  'PATCH is answered 416': () => fault(isPatch, { status: 416 }, always),
  'DELETE of an upload is not allowed': () =>
    fault(({ method }) => method === 'DELETE', { status: 405 }, always),
};

const denied = '{"errors":[{"code":"DENIED","message":"no"}]}';

export const t26: Trial = {
  id: 'T26',
  title: 'registries that refuse HEAD, mounts, PATCH, DELETE or know no referrers',
  star: false,
  cases: (size) =>
    pushCases(size, Object.keys(manners), async (site, verb, name) => {
      const made = manners[name]?.(site);
      if (made === undefined) throw new Error(name);
      site.target.front.rules.push(made.rule);
      await checkDone(site, verb, await site.run(verb));
      return made.hits() === 0 ? notApplicable : survived();
    }),
  close: pushSites.close,
};

/** As ECR and others do: 202 and a session, nothing mounted. */
function answeredByUpload(registry: string): Fault {
  let hits = 0;
  const rule: FrontRule = async (request) => {
    if (!isMount(request)) return undefined;
    hits++;
    const { method, path } = request;
    const opened = await fetch(`http://${registry}${path.replace(/\?.*/, '')}`, { method });
    const location = new URL(opened.headers.get('location') ?? '', `http://${registry}`);
    return { status: 202, headers: { location: location.pathname + location.search } };
  };
  return { rule, hits: () => hits };
}
