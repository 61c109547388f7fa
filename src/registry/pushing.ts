import { type Digest, digestOf } from '../oci/digest.ts';
import { manifestTypes } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import { describedBy, uploadLocation } from './answers.ts';
import type { Call } from './exchange.ts';
import type { Subject } from './failures.ts';
import { uploadsPath } from './paths.ts';
import { Transient, twice } from './retry.ts';
import { blobSubject, manifestSubject, type Registry, refusedPush, scope } from './subject.ts';
import type { Answer } from './transport.ts';

export async function mountBlob(
  registry: Registry,
  repository: string,
  digest: Digest,
  from: string,
): Promise<boolean> {
  const { host, exchange } = registry;
  const scopes = [scope(repository, 'pull,push'), scope(from, 'pull')];
  const to = `${uploadsPath(repository)}?${new URLSearchParams({ mount: digest, from })}`;
  const subject = { host, repository, what: `the mount of ${digest} into ${repository}` };
  try {
    return await exchange.run(async () => {
      const answer = await exchange.send({ method: 'POST', to, scopes });
      if (answer.status === 202) await cancel(registry, answer, repository);
      if (![201, 202, 400, 403, 404, 405].includes(answer.status))
        throw await refusedPush(registry, answer, subject);
      await answer.body.dump();
      return answer.status === 201;
    });
  } catch (error) {
    if (error instanceof AirgapError && error.class === 'authentication') return false;
    throw error;
  }
}

export async function putBlob(
  registry: Registry,
  repository: string,
  digest: Digest,
  bytes: Buffer,
): Promise<void> {
  const { exchange } = registry;
  const { path, ...subject } = blobSubject(registry.host, repository, digest);
  const headers = { 'content-type': 'application/octet-stream' };
  let isSent = false;
  const send = async () => {
    // Of an earlier try the answer alone may have been lost.
    if (isSent && (await ask(registry, path, repository)).status === 200) return;
    const to = await openUpload(registry, subject);
    to.searchParams.set('digest', digest);
    isSent = true;
    await put(registry, { to, headers, body: bytes }, subject);
  };
  await twice(() => exchange.run(send));
}

export async function checkPush(registry: Registry, repository: string): Promise<void> {
  const { host, exchange } = registry;
  const subject = { host, repository, what: `a push to ${repository}` };
  await exchange.run(async () => {
    await remove(registry, await openUpload(registry, subject), repository);
  });
}

export async function putManifest(
  registry: Registry,
  repository: string,
  reference: string,
  mediaType: string,
  bytes: Buffer,
): Promise<PutManifest> {
  const { path: to, ...subject } = manifestSubject(registry.host, repository, reference);
  const headers = { 'content-type': mediaType };
  let isSent = false;
  const send = async () => {
    if (isSent && (await resolvesTo(bytes, registry, to, repository)))
      return { knowsSubject: false };
    isSent = true;
    const answer = await put(registry, { to, headers, body: bytes }, subject);
    return { knowsSubject: answer.headers['oci-subject'] !== undefined };
  };
  return twice(() => registry.exchange.run(send));
}

/** What a registry said to a manifest. */
export interface PutManifest {
  /** It lists the manifest among the referrers of its subject (distribution-spec, "OCI-Subject"). */
  readonly knowsSubject: boolean;
}

/** Whether an earlier try has put it, of which only the answer was lost. */
async function resolvesTo(bytes: Buffer, registry: Registry, path: string, repository: string) {
  const answer = await ask(registry, path, repository, { accept: manifestTypes.join(', ') });
  return answer.status === 200 && describedBy(answer)?.digest === digestOf(bytes);
}

/** A HEAD, by who has a place already. */
async function ask(
  { exchange }: Registry,
  to: string,
  repository: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const scopes = [scope(repository, 'pull,push')];
  const answer = await exchange.send({ method: 'HEAD', to, headers, scopes });
  await answer.body.dump();
  return answer;
}

async function put(
  registry: Registry,
  call: Pick<Call, 'to' | 'headers' | 'body'>,
  subject: Subject,
): Promise<Answer> {
  const scopes = [scope(subject.repository, 'pull,push')];
  const answer = await registry.exchange.send({ method: 'PUT', scopes, ...call });
  if (answer.status < 200 || answer.status > 204)
    throw await refusedPush(registry, answer, subject);
  await answer.body.dump();
  return answer;
}

async function openUpload(registry: Registry, subject: Subject): Promise<URL> {
  const { repository, host, what } = subject;
  const answer = await registry.exchange.send({
    method: 'POST',
    to: uploadsPath(repository),
    scopes: [scope(repository, 'pull,push')],
  });
  if (answer.status !== 202) throw await refusedPush(registry, answer, subject);
  await answer.body.dump();
  const location = uploadLocation(answer);
  if (location !== undefined) return location;
  throw new AirgapError('refused', `${host} opens no upload session for ${what}`, {
    given: 'an answer without Location',
    next: `check the servers in front of ${host}: one of them takes headers away`,
  });
}

async function cancel(registry: Registry, answer: Answer, repository: string): Promise<void> {
  const location = uploadLocation(answer);
  if (location !== undefined) await remove(registry, location, repository);
}

/** Best effort: a session that stays open is the registry's to clear. */
async function remove({ exchange }: Registry, to: URL, repository: string): Promise<void> {
  const scopes = [scope(repository, 'pull,push,delete')];
  try {
    const answer = await exchange.send({ method: 'DELETE', to, scopes });
    await answer.body.dump();
  } catch (error) {
    if (!(error instanceof AirgapError || error instanceof Transient)) throw error;
  }
}
