import type { Finding as AnyFinding } from '../findings.js';

/** What kind of trouble it is; for programs. */
export type ConfigCode =
  | 'not-xml-text'
  | 'broken-xml'
  | 'behind-the-end'
  | 'byte-order-mark'
  | 'too-deep'
  | 'markup-in-text'
  | 'entity'
  | 'blanks'
  | 'duplicate'
  | 'unknown-key'
  | 'key-gone'
  | 'key-newer'
  | 'missing-key'
  | 'type'
  | 'value'
  | 'scan-policy'
  | 'secure-boot-model'
  | 'dmg-loading'
  | 'vault'
  | 'driver-needed'
  | 'driver-missing'
  | 'driver-not-listed'
  | 'driver-order'
  | 'connect-drivers'
  | 'kext-order'
  | 'kext-missing'
  | 'kext-not-listed'
  | 'kext-executable'
  | 'kext-quirk'
  | 'file-missing'
  | 'example-entry'
  | 'content-visibility'
  | 'quirk-without-effect'
  | 'apfs-minimum'
  | 'medium';

/** What is to be said of a config.plist. */
export interface ConfigFinding extends AnyFinding<ConfigCode> {
  /** What --fix does about it. */
  readonly fix?: string;
}

/** A part of the text and what it becomes: characters from its start. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** How a finding is mended, and how that is said: "Misc/Security/Vault is Optional". */
export interface Mend {
  /** The key it is about: one mending of it at a time. */
  readonly about: string;
  readonly does: string;
  readonly edits: readonly TextEdit[];
}
