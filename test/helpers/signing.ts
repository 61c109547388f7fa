import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import type { Job } from './job.ts';
import { toolPath } from './tools.ts';

const offline = ['--allow-http-registry', '--tlog-upload=false', '--yes'];
const checking = ['--key', 'cosign.pub', '--allow-http-registry', '--insecure-ignore-tlog=true'];

/** Nobody is trusted but the key, and nobody is asked who is. */
const trustedRoot = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const newForm = ['--new-bundle-format', '--trusted-root', 'trusted.json'];

export interface Signing {
  /** `cosign sign`, of a reference with a digest. */
  sign(reference: string, ...flags: string[]): Promise<void>;
  /** An attestation of the type `custom`. */
  attest(reference: string): Promise<void>;
  /** Whether cosign finds the signature and accepts it. */
  verify(reference: string): Promise<boolean>;
  verifyAttestation(reference: string): Promise<boolean>;
  /** A signature in the form that cosign 3 makes by default: a referrer, without a tag of its own. */
  signNew(reference: string): Promise<void>;
  verifyNew(reference: string): Promise<boolean>;
  /** `oras attach` of a file in the job's folder. @returns the digest of what is attached */
  attach(reference: string, file: string, type?: string): Promise<string>;
  /** Digests that `oras discover` shows directly below. */
  discover(reference: string): Promise<string[]>;
}

/** The real cosign, with a key of its own, and oras; all registries speak plain HTTP. */
export async function startSigning(job: Job): Promise<Signing> {
  const cwd = job.path('cosign');
  await mkdir(cwd);
  await job.write('predicate.json', '{"built": "here"}');
  const run = (...words: string[]) =>
    execa(toolPath('cosign'), words, {
      cwd,
      env: { PATH: process.env.PATH, HOME: job.folder, COSIGN_PASSWORD: 'cosign' },
      extendEnv: false,
      reject: false,
    });
  const done = async (...words: string[]) => {
    const { exitCode, stderr } = await run(...words);
    if (exitCode !== 0) throw new Error(`cosign ${words.join(' ')}: ${stderr}`);
  };
  const oras = async (verb: string, ...words: string[]): Promise<unknown> => {
    const all = [verb, '--plain-http', '--format', 'json', ...words];
    return JSON.parse((await execa(toolPath('oras'), all, { cwd: job.folder })).stdout);
  };
  await done('generate-key-pair');
  await job.write('cosign/trusted.json', JSON.stringify({ mediaType: trustedRoot }));
  const signing = ['--key', 'cosign.key', ...offline];
  const predicate = ['--predicate', job.path('predicate.json'), '--type', 'custom'];
  return {
    sign: (reference, ...flags) => done('sign', ...flags, ...signing, reference),
    attest: (reference) => done('attest', ...predicate, ...signing, reference),
    verify: async (reference) => (await run('verify', ...checking, reference)).exitCode === 0,
    signNew: (reference) => done('sign', '--new-bundle-format', ...signing, reference),
    verifyNew: async (reference) =>
      (await run('verify', ...newForm, ...checking, reference)).exitCode === 0,
    verifyAttestation: async (reference) =>
      (await run('verify-attestation', '--type', 'custom', ...checking, reference)).exitCode === 0,
    attach: async (reference, file, type = 'application/spdx+json') => {
      const words = ['--artifact-type', type, reference, `${file}:text/json`];
      return ((await oras('attach', ...words)) as { digest: string }).digest;
    },
    discover: async (reference) => {
      const { referrers } = (await oras('discover', reference)) as {
        referrers: { digest: string }[];
      };
      return referrers.map(({ digest }) => digest);
    },
  };
}
