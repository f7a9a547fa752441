/** Where the kernel of a release is, a POSIX path: up to 10.9 in the root, from 10.10 on beside the other kernels. */
export const OLD_KERNEL = '/mach_kernel';
export const NEW_KERNEL = '/System/Library/Kernels/kernel';

/** What Chameleon makes of the plist's key `Kernel` (code: boot2/boot.c and options.c; measured with Enoch r2839). */
export interface KernelWanted {
  /** The file it looks for; undefined where the key names another volume, as `hd(0,2)/mach_kernel`. */
  readonly path: string | undefined;
  /** The key has another name than the two usual ones: then no kernel cache is looked for by itself. */
  readonly unusual: boolean;
}

/** Which file the loader looks for on a volume of this version ("10.10.5"). No key and an empty one are the same. */
export function kernelWanted(version: string, key: string | undefined): KernelWanted {
  const modern = isModern(version);
  const name = key || (modern ? 'kernel' : 'mach_kernel');
  const unusual = name !== 'kernel' && name !== 'mach_kernel';
  if (/^(hd|bt|rd)\(/.test(name)) return { path: undefined, unusual };
  if (name.startsWith('/')) return { path: name, unusual };
  return { path: `${modern ? NEW_KERNEL.slice(0, -'kernel'.length) : '/'}${name}`, unusual };
}

/**
 * Why a loader will not find the kernel that the key names: it is the kernel's usual name of other releases, which this one does not
 * have there. Undefined where the file may be there.
 */
export function kernelKeyFault(version: string, key: string): string | undefined {
  const { path, unusual } = kernelWanted(version, key);
  const right = isModern(version) ? NEW_KERNEL : OLD_KERNEL;
  const named = path?.split('/').at(-1);
  if (path === undefined || path === right || (named !== 'kernel' && named !== 'mach_kernel')) return undefined;
  // Measured: a fresh kernel cache is taken all the same, but only with the two usual names.
  const but = unusual ? '' : ' (a kernel cache would be taken before it)';
  return `the loader looks for ${path} and does not find it${but}: the kernel is ${right}; leave the key out`;
}

function isModern(version: string): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > 10 || second >= 10;
}
