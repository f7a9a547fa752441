import { wholeDisk } from './output.js';
import { type Hdiutil, resolved } from './program.js';

/** The whole disks that an attachment of ours may have left, and those of the image that nobody can tell whose they are. */
export interface OwnDevices {
  /** Mounted at our mount point. */
  readonly ours: readonly string[];
  /** Not mounted anywhere: an attach or detach that got half way, or somebody's who wanted it so. */
  readonly unmounted: readonly string[];
}

/** Looks for what an attachment of ours has left. What is mounted elsewhere is somebody else's and not among it. */
export async function ownDevices(program: Hdiutil, image: string, mountPoint: string): Promise<OwnDevices> {
  const at = [mountPoint, await resolved(mountPoint)];
  const ours: string[] = [];
  const unmounted: string[] = [];
  for (const { entities } of await program.attachmentsOf(image)) {
    const mounted = entities.filter((entity) => entity.mountPoint !== undefined);
    const device = wholeDisk(entities);
    if (device === undefined) continue;
    if (mounted.length === 0) unmounted.push(device);
    else if (mounted.some((entity) => at.includes(entity.mountPoint!))) ours.push(device);
  }
  return { ours, unmounted };
}
