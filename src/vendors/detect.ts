import type { OwnApi } from '../registry/own-api.ts';
import { AirgapError } from '../report/error.ts';
import { ecrRegistry } from './ecr-host.ts';

/** `none`: one that nothing is known of that we could make there. */
export const registryKinds = ['harbor', 'ecr', 'none'] as const;
export type RegistryKind = (typeof registryKinds)[number];

export interface Detected {
  readonly kind: RegistryKind;
  /** By which it was found out: what the user says, the host's name, or what it answers for Harbor's system info. */
  readonly foundBy: 'flag' | 'host' | 'systeminfo';
}

/** What kind of registry the target is. It is asked without a credential. @throws AirgapError where it cannot be asked */
export async function detect(api: OwnApi): Promise<Detected> {
  if (ecrRegistry(api.host)) return { kind: 'ecr', foundBy: 'host' };
  return { kind: (await isHarbor(api)) ? 'harbor' : 'none', foundBy: 'systeminfo' };
}

async function isHarbor(api: OwnApi): Promise<boolean> {
  try {
    const { status, json } = await api.askAnonymously({
      method: 'GET',
      to: '/api/v2.0/systeminfo',
    });
    return status === 200 && isSystemInfo(json);
  } catch (error) {
    // Harbor tells this to everybody.
    if (error instanceof AirgapError && error.class === 'authentication') return false;
    throw error;
  }
}

/** `GeneralInfo` of Harbor's API description: of what everybody is told, these two. */
function isSystemInfo(json: unknown): boolean {
  const info = (json ?? {}) as { auth_mode?: unknown; self_registration?: unknown };
  return typeof info.auth_mode === 'string' && typeof info.self_registration === 'boolean';
}
