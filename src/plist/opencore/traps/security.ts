import type { Judge } from '../judge.js';

const SECURITY = 'Misc/Security';
const path = (name: string) => [...SECURITY.split('/'), name];

/** Bit 0 of ScanPolicy: only file systems that are named, of partitions whose map OpenCore knows. */
const FILE_SYSTEM_LOCK = 1;
const FILE_SYSTEM_BITS = 0x7f00;

/** What decides whether anything is listed, started or trusted at all. */
export function judgeSecurity(judge: Judge): void {
  scanPolicy(judge);
  secureBootModel(judge);
  vault(judge);
}

/** Measured with 1.0.5: 0x10203 and whatever has bit 0 hides volumes in Apple maps ("Partition table not supported"). */
function scanPolicy(judge: Judge): void {
  const found = judge.value(`${SECURITY}/ScanPolicy`);
  if (typeof found !== 'number') return;
  const shown = `ScanPolicy is 0x${found.toString(16)}`;
  const { medium } = judge.options;
  if ((found & FILE_SYSTEM_LOCK) !== 0 && medium?.map !== 'gpt') {
    const open = (found & ~(FILE_SYSTEM_LOCK | FILE_SYSTEM_BITS)) >>> 0;
    const why = medium?.map === 'apm' ? `, as ${medium.name} has one` : '';
    const message = `${shown}: with bit 0 set OpenCore lists no volume of a disk with an Apple map${why}.`;
    const mend = judge.setting(path('ScanPolicy'), open, ', without bit 0 and the file systems it asks for');
    judge.note(medium?.map === 'apm' ? 'error' : 'warning', 'scan-policy', path('ScanPolicy'), message, mend);
  } else if ((found & FILE_SYSTEM_LOCK) === 0 && judge.hasFile('BOOT/.contentVisibility') === false) {
    const message = `${shown} and EFI/BOOT/.contentVisibility is missing: the partition OpenCore lies on is the first entry, and starts OpenCore again. Write Disabled into that file.`;
    judge.note('warning', 'content-visibility', path('ScanPolicy'), message);
  }
}

/** Measured with 1.0.5: with Default no picker appears. DmgLoading: code (ocvalidate). */
function secureBootModel(judge: Judge): void {
  const model = judge.value(`${SECURITY}/SecureBootModel`);
  if (typeof model !== 'string' || model === 'Disabled') return;
  const mend = judge.setting(path('SecureBootModel'), 'Disabled');
  if (model === 'Default') {
    const message = 'SecureBootModel is Default: in a virtual machine no picker appears. Write Disabled.';
    judge.note('error', 'secure-boot-model', path('SecureBootModel'), message, mend);
  } else {
    const message = `SecureBootModel is ${model}: systems before 10.13 are not signed for it. Write Disabled.`;
    judge.note('warning', 'secure-boot-model', path('SecureBootModel'), message, mend);
  }
  if (judge.value(`${SECURITY}/DmgLoading`) !== 'Any') return;
  const message = 'DmgLoading is Any, which Secure Boot does not allow: OpenCore stops. Write Signed.';
  judge.note('error', 'dmg-loading', path('DmgLoading'), message, judge.setting(path('DmgLoading'), 'Signed'));
}

/** Files that a vault needs beside config.plist (Configuration.tex). */
const VAULT_FILES: Readonly<Record<string, readonly string[]>> = {
  Basic: ['vault.plist'],
  Secure: ['vault.plist', 'vault.sig'],
};

function vault(judge: Judge): void {
  const found = judge.value(`${SECURITY}/Vault`);
  const needed = typeof found === 'string' && Object.hasOwn(VAULT_FILES, found) ? VAULT_FILES[found]! : [];
  const missing = needed.filter((name) => judge.hasFile(`OC/${name}`) !== true);
  if (missing.length === 0) return;
  const known = judge.options.folder !== undefined;
  const beside = missing.map((name) => `EFI/OC/${name}`).join(' and ');
  const message = known
    ? `Vault is ${found} and ${beside} ${missing.length > 1 ? 'are' : 'is'} missing: OpenCore does not start.`
    : `Vault is ${found}: OpenCore starts only with ${beside}.`;
  judge.note(known ? 'error' : 'warning', 'vault', path('Vault'), message, judge.setting(path('Vault'), 'Optional'));
}
