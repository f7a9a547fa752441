import { dict, type Key } from '../key.js';
import { ACPI } from './acpi.js';
import { BOOTER, DEVICE_PROPERTIES } from './booter.js';
import { KERNEL } from './kernel.js';
import { MISC, NVRAM } from './misc.js';
import { PLATFORM_INFO } from './platform-info.js';
import { UEFI } from './uefi.js';

export { GONE } from './gone.js';

/** The last version of OpenCore whose keys the table has. */
export const NEWEST = '1.0.8';

/** The version of OpenCore the templates are for, which most of the facts were measured with. */
export const OF_TEMPLATES = '1.0.5';

/**
 * Every key of config.plist: its type, what OpenCore takes without it, which values it knows, and since when (code: the tables and
 * structures of OcConfigurationLib at each tag up to 1.0.7 and after it; values: ocvalidate and Configuration.tex). From 0.7.3 on,
 * since when UEFI/Drivers holds dictionaries.
 */
export const CONFIG: Key = dict({
  ACPI,
  Booter: BOOTER,
  DeviceProperties: DEVICE_PROPERTIES,
  Kernel: KERNEL,
  Misc: MISC,
  NVRAM,
  PlatformInfo: PLATFORM_INFO,
  UEFI,
});
