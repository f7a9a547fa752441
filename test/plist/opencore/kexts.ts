import type { GivenKext } from '../../../src/plist/opencore/index.js';
import { buildPlist } from '../../../src/plist/plist.js';

/** A kext as data: with an executable of its name unless told otherwise. */
export function kext(
  name: string,
  options: { identifier?: string; needs?: readonly string[]; code?: boolean; plugIns?: readonly string[] } = {},
): GivenKext {
  const { identifier = `as.vit9696.${name}`, needs = [], code = true, plugIns = [] } = options;
  const info = (id: string, executable: string | undefined, libraries: readonly string[]) =>
    Buffer.from(
      buildPlist({
        CFBundleIdentifier: id,
        ...(executable !== undefined && { CFBundleExecutable: executable }),
        OSBundleLibraries: Object.fromEntries(libraries.map((library) => [library, '1.0'])),
      }),
    );
  const infos = new Map([['Contents/Info.plist', info(identifier, code ? name : undefined, needs)]]);
  const files = ['Contents/Info.plist', ...(code ? [`Contents/MacOS/${name}`] : [])];
  for (const plugIn of plugIns) {
    const inside = `Contents/PlugIns/${plugIn}.kext`;
    infos.set(`${inside}/Contents/Info.plist`, info(`${identifier}.${plugIn}`, plugIn, [identifier]));
    files.push(`${inside}/Contents/Info.plist`, `${inside}/Contents/MacOS/${plugIn}`);
  }
  return { name: `${name}.kext`, files, infos };
}

export const LILU = kext('Lilu');
export const VIRTUAL_SMC = kext('VirtualSMC', { needs: ['as.vit9696.Lilu', 'com.apple.kpi.libkern'] });
