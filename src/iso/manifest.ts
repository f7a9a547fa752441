import type { RunResult } from '../core/run.js';
import { quoteForSh } from '../host/quote.js';
import { startersOf } from '../known/loaders.js';
import { profileOf } from '../launch/profiles.js';
import type { Esp } from '../opencore/index.js';
import { releaseTitle } from '../releases.js';
import type { Installer } from '../source/index.js';
import type { VerifyReport } from '../verify/index.js';
import { version } from '../version.js';
import type { Identity } from './identify.js';

/** What lies beside the ISO as X.iso.json: what was made, from what, and what it needs to boot. */
export interface Manifest {
  readonly schema: 1;
  readonly tool: { readonly name: 'osx-iso'; readonly version: string };
  readonly engine: string;
  readonly source: {
    readonly kind: string;
    readonly name: string;
    readonly release: string;
    readonly version: string;
    readonly build: string;
    /** Bytes. */
    readonly size: number;
    /** Who signed its own package, and until when Apple's installer takes that. */
    readonly signer?: Installer['signer'];
    /** Of InstallESD.dmg, with --identify. */
    readonly sha1?: string;
    readonly known?: Identity['known'];
    /** Where it was read from, where that was a server. What proves it stands in `facts`: sourceChecksums, chunklist. */
    readonly remote?: readonly RemoteSource[];
    /** What is odd about it, who signed it, what its checksum says, as sentences. */
    readonly notes: readonly string[];
  };
  /** What the steps found out: the chunklist's signature, checksums of the source, the kernel. */
  readonly facts: { readonly checks: VerifyReport['checks']; readonly [key: string]: unknown };
  readonly steps: readonly { verb: string; title: string; args: readonly string[]; milliseconds: number }[];
  readonly iso: {
    readonly name: string;
    /** Bytes. */
    readonly size: number;
    readonly sha256: string;
    /** While the ISO is being changed, and after a change that was stopped: of the ISO as it was. It may have either, or neither. */
    readonly sha256Before?: string;
    readonly map: string;
    readonly volume: { readonly name: string; readonly uuid: string };
    /** The partition that UEFI starts from, where there is one. */
    readonly esp?: Pick<Esp, 'size' | 'loader' | 'config'>;
  };
  /** What QEMU has to be given. */
  readonly boot: {
    /** MiB, at least. */
    readonly memory: number;
    readonly cpu: string;
    readonly kernel: string;
    /** On host kernels older than 4.7. */
    readonly ignoreMsrs: boolean;
    /** The ways to start it, where there is more than that with Chameleon. */
    readonly ways?: readonly BootWay[];
  };
}

/** A way to start the ISO, which is attached as a disk in each. */
export interface BootWay {
  readonly firmware: 'uefi' | 'bios';
  /** What the firmware, or QEMU, starts. */
  readonly loader: string;
  /** What osx-iso has to be given for it. */
  readonly command: string;
}

/** A file on a server that an ISO was made from. */
export interface RemoteSource {
  readonly name: string;
  /** Without what may be secret. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Round trips, and bytes that came. */
  readonly requests: number;
  readonly bytes: number;
  /** Requests that failed and were made again. */
  readonly retries: number;
}

/** The facts that `build` puts elsewhere in the manifest. */
interface Facts {
  readonly iso?: { readonly size?: number; readonly sha256?: string };
  readonly verified?: VerifyReport;
  readonly kernel?: { readonly path: string };
}

/** Puts together what is known after a run that is done. */
export function manifestOf(
  result: RunResult,
  installer: Installer,
  engine: string,
  isoName: string,
  identity?: Identity,
  esp?: Esp,
): Manifest {
  const { iso, verified, ...facts } = result.facts as Facts & Record<string, unknown>;
  const profile = profileOf(installer.version);
  const ways = esp ? bothWays(esp, isoName) : onlyWay(installer.version, isoName);
  return {
    schema: 1,
    tool: { name: 'osx-iso', version },
    engine,
    source: {
      kind: installer.kind,
      name: installer.name,
      release: releaseTitle(installer.version, installer.build),
      version: installer.version,
      build: installer.build,
      size: installer.sizes.esd,
      ...(installer.signer && { signer: installer.signer }),
      ...(identity?.sha1 !== undefined && { sha1: identity.sha1 }),
      ...(identity?.known && { known: identity.known }),
      ...(installer.remote && {
        remote: installer.remote.map(({ name, url, validators, traffic }) => ({
          name,
          url,
          ...validators,
          ...traffic(),
        })),
      }),
      notes: [...installer.notes, ...(identity?.notes ?? [])],
    },
    facts: { ...facts, checks: verified?.checks ?? [] },
    steps: result.steps.map(({ step, milliseconds }) => ({
      verb: step.verb,
      title: step.title,
      args: step.args,
      milliseconds,
    })),
    iso: {
      name: isoName,
      size: iso?.size ?? 0,
      sha256: iso?.sha256 ?? '',
      map: verified?.map ?? '',
      volume: verified?.volume ?? { name: '', uuid: '' },
      ...(esp && { esp: { size: esp.size, loader: esp.loader, config: esp.config } }),
    },
    boot: {
      memory: profile?.memory ?? 2048,
      cpu: `${[profile?.cpu ?? 'core2duo', ...(profile?.cpuFlags ?? [])].join()},vendor=GenuineIntel`,
      kernel: facts.kernel?.path ?? '',
      ignoreMsrs: profile?.readsPerfCtl ?? false,
      ...(ways && { ways }),
    },
  };
}

/** Of a release that Chameleon does not start, and whose ISO brings no loader: what does. */
function onlyWay(version: string, isoName: string): BootWay[] | undefined {
  if (startersOf(version).some((starter) => starter !== 'opencore')) return undefined;
  const command = `osx-iso boot ${quoteForSh(isoName)} --opencore OpenCore-X.Y.Z-RELEASE.zip`;
  return [{ firmware: 'uefi', loader: 'OpenCore, which boot is given', command }];
}

/** By itself under UEFI, and by Chameleon, which QEMU starts, under the BIOS. */
function bothWays({ loader }: Esp, isoName: string): BootWay[] {
  const iso = quoteForSh(isoName);
  return [
    { firmware: 'uefi', loader: `${loader}, on the ISO`, command: `osx-iso boot ${iso} --firmware uefi` },
    { firmware: 'bios', loader: 'Chameleon by -kernel', command: `osx-iso boot ${iso} --chameleon FILE` },
  ];
}

/** The manifest as it lies beside the ISO. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
