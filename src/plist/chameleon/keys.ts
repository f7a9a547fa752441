/** What a key's text must look like. */
export type ValueKind =
  | { readonly kind: 'string' }
  /** The loader takes what starts with Y or y as yes, anything else as no. */
  | { readonly kind: 'boolean'; readonly default?: 'Yes' | 'No' }
  /** Decimal digits; hexadecimal ones only the loaders of 2018 and later understand. */
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'hex' }
  /** WxHxD */
  | { readonly kind: 'mode' }
  /** A file, absolute or hd(x,y)…, bt(0,0)…, rd(0,0)…; a bare name where the loader has a place for it. */
  | { readonly kind: 'path' }
  | { readonly kind: 'choice'; readonly values: readonly string[] };

/** Whether a key makes sense in a virtual machine. */
export type UnderQemu = 'yes' | 'perhaps' | 'hardware only' | 'leave off';

/** A key of org.chameleon.Boot.plist. */
export interface ChameleonKey {
  /** Exactly as the loader looks it up: case and blanks count. */
  readonly name: string;
  readonly value: ValueKind;
  /** What the loader does without it, where that is known. */
  readonly default?: string;
  readonly does: string;
  readonly qemu: UnderQemu;
  /** Which loaders read it: BootHelp.txt names it, only the code does, or only the Enoch branch has it. */
  readonly loader: 'Chameleon' | 'Chameleon, undocumented' | 'Enoch';
  /** From which guest system on it has an effect. */
  readonly since?: string;
  /** The loader does not look this one up: write the other. */
  readonly write?: string;
  /** Its entities are decoded by the loader, those of no other key are. */
  readonly decodesEntities?: true;
}

type Rest = Partial<Omit<ChameleonKey, 'name' | 'value' | 'does' | 'qemu'>>;
const key = (name: string, value: ValueKind, qemu: UnderQemu, does: string, rest: Rest = {}): ChameleonKey => ({
  name,
  value,
  does,
  qemu,
  loader: 'Chameleon',
  ...(value.kind === 'boolean' && value.default !== undefined && { default: value.default }),
  ...rest,
});

const S: ValueKind = { kind: 'string' };
const PATH: ValueKind = { kind: 'path' };
const HEX: ValueKind = { kind: 'hex' };
const B: ValueKind = { kind: 'boolean' };
const ON: ValueKind = { kind: 'boolean', default: 'Yes' };
const OFF: ValueKind = { kind: 'boolean', default: 'No' };
const upTo = (max: number, min = 0): ValueKind => ({ kind: 'number', min, max });
const yes = 'yes';
const perhaps = 'perhaps';
const real = 'hardware only';
const off = 'leave off';
const undocumented: Rest = { loader: 'Chameleon, undocumented' };
const enoch: Rest = { loader: 'Enoch' };

/** Seconds; more than a day is a mistake. */
const MAX_TIMEOUT = 86_400;
const ANY = 0x7fff_ffff;

/**
 * Every key that is known, in the order of the help. Sources: Chameleon's doc/BootHelp.txt, i386/boot2/boot.h, and what users of the
 * Enoch branch report.
 */
export const CHAMELEON_KEYS: readonly ChameleonKey[] = [
  key(
    'Timeout',
    upTo(MAX_TIMEOUT, 1),
    yes,
    'Seconds at the boot: prompt. Without it, or with 0, the loader waits for ever.',
  ),
  key('Graphics Mode', { kind: 'mode' }, yes, 'Screen as WxHxD; without the depth it is ignored.', {
    ...undocumented,
    default: '1024x768x32',
  }),
  key('Kernel Flags', S, yes, 'Arguments of the kernel: -v verbose, -s single user, -x safe mode.', undocumented),
  key('Kernel', PATH, yes, 'The kernel. An absolute path turns the kernel cache off.', {
    ...undocumented,
    default: 'mach_kernel; from 10.10 on /System/Library/Kernels/kernel',
  }),
  key('Quiet Boot', B, yes, 'No messages, no prompt.'),
  key('Instant Menu', B, yes, 'Shows the menu of partitions at once.'),
  key('Default Partition', S, yes, 'The volume that is started: hd(x,y), a UUID or a label.', {
    decodesEntities: true,
  }),
  key('Hide Partition', S, yes, 'Volumes that the menu leaves out: p1;p2.', { decodesEntities: true }),
  key('Rename Partition', S, yes, 'Other names in the menu: p <alias>;…', { decodesEntities: true }),
  key('GUI', ON, yes, 'The graphical menu; No: text.'),
  key('UseKernelCache', ON, yes, 'Whether a kernel cache is used, where it is newer than the kernel.'),
  key('Kernel Cache', PATH, yes, 'The kernel cache.', undocumented),
  key('CsrActiveConfig', upTo(255), yes, 'System Integrity Protection, a sum of bits; 103 turns it off.', {
    default: '103',
    since: '10.11',
  }),
  key('EthernetBuiltIn', B, yes, 'Marks network cards as built in, as the App Store wants it.'),
  key('GraphicsEnabler', B, yes, 'Properties for graphics cards; No with the standard VGA of QEMU.'),
  key('PCIRootUID', upTo(ANY), yes, 'The number of the PCI root, 0 or 1.', undocumented),
  key('PciRoot', upTo(ANY), off, "BootHelp's name of PCIRootUID, which the code does not read.", {
    write: 'PCIRootUID',
  }),
  key('KeyLayout', S, yes, 'Keyboard of the loader: mac-fr.'),
  key('SMBIOS', PATH, yes, 'Another smbios.plist.', { default: '/smbios.plist, /Extra/smbios.plist' }),
  key('SMBIOSdefaults', ON, yes, "No: keeps the firmware's values where there is no smbios.plist."),
  key('Wait', B, perhaps, 'Waits for a key before the kernel starts.'),
  key('ForceHPET', OFF, perhaps, 'Turns the HPET on.'),
  key('USBBusFix', B, perhaps, 'USB hand-over.'),
  key('EHCIacquire', B, perhaps, 'USB hand-over.'),
  key('UHCIreset', B, perhaps, 'USB hand-over.'),
  key('USBLegacyOff', B, perhaps, 'USB hand-over.'),
  key('XHCILegacyOff', B, perhaps, 'USB hand-over.'),
  key('Wake', B, perhaps, 'No: does not look for a sleep image.'),
  key('ForceWake', B, perhaps, 'Takes a sleep image even if it looks wrong.'),
  key('WakeImage', PATH, perhaps, 'The sleep image.'),
  key('Scan Single Drive', B, perhaps, 'Looks at the boot device only.'),
  key('Rescan', B, perhaps, 'Looks for optical drives again.'),
  key('Rescan Prompt', B, perhaps, 'Asks before it looks again.'),
  key('SystemId', S, perhaps, 'Out of date: SMsystemuuid of smbios.plist.'),
  key('SystemType', upTo(6), perhaps, 'Kind of computer; 1 = desktop.'),
  key('md0', PATH, perhaps, 'RAM disk for the kernel.', { default: '/Extra/Postboot.img' }),
  key('Theme', S, perhaps, 'Folder below /Extra/Themes.', undocumented),
  key('Boot Banner', B, real, 'Text of the menu.'),
  key('ShowInfo', B, real, 'Text of the menu.'),
  key('Legacy Logo', B, real, 'The old picture.'),
  key('RebootOnPanic', OFF, real, 'Starts anew after a panic.', { since: '10.8' }),
  key('EnableHiDPI', OFF, real, 'Screens of double density.', { since: '10.8' }),
  key('BlackMode', OFF, real, 'White on black.', { since: '10.10' }),
  key('HDAEnabler', B, real, 'Properties for sound.'),
  key('HDEFLayoutID', HEX, real, 'Layout of the sound chip.'),
  key('HDAULayoutID', HEX, real, "Layout of the graphics card's sound."),
  key('SkipIntelGfx', B, real, 'Leaves Intel graphics out.'),
  key('SkipNvidiaGfx', B, real, 'Leaves NVIDIA graphics out.'),
  key('SkipAtiGfx', B, real, 'Leaves AMD graphics out.'),
  key('NvidiaGeneric', B, real, 'Generic names for NVIDIA cards.'),
  key('NvidiaSingle', B, real, 'Only one head of NVIDIA cards.'),
  key('NvidiaNoEFI', B, real, 'Leaves the NVDA,noEFI property out.'),
  key('AtiConfig', S, real, 'Name of the frame buffer of AMD cards.'),
  key('AtiPorts', upTo(ANY), real, 'Number of ports of AMD cards.'),
  key('UseAtiROM', B, real, 'Takes the ROM from a file.'),
  key('UseNvidiaROM', B, real, 'Takes the ROM from a file.'),
  key('VBIOS', B, real, 'Hands the ROM to the kernel.'),
  key('display_0', S, real, 'Properties of the first screen.'),
  key('display_1', S, real, 'Properties of the second screen.'),
  key('InjectIntel-ig', S, real, 'Platform number of Intel graphics.'),
  key('EnableBacklight', B, real, 'Backlight of portables.'),
  key('EnableDualLink', B, real, 'Two links to the screen.'),
  key('EnableHDMIAudio', B, real, 'Sound over HDMI.'),
  key('UseIntelHDMI', B, real, 'Sound over HDMI.', undocumented),
  key('IntelCapriFB', upTo(11), real, 'Frame buffer of Ivy Bridge.'),
  key('IntelAzulFB', upTo(16), real, 'Frame buffer of Haswell.'),
  key('IntelBdwFB', upTo(19), real, 'Frame buffer of Broadwell.'),
  key('IntelSklFB', upTo(12), real, 'Frame buffer of Skylake.'),
  key('PrivateData', ON, real, 'Hides the serial number in the log.'),
  key('ForceFullMemInfo', B, real, 'Long memory tables for the kernel.'),
  key('DropSSDT', B, off, 'Drops ACPI tables.'),
  key('DSDT', PATH, off, 'Another ACPI table; a virtual machine needs none.'),
  key('GenerateCStates', B, off, 'Power management.'),
  key('GeneratePStates', B, off, 'Power management.'),
  key('CSTUsingSystemIO', B, off, 'Power management.'),
  key('EnableC2State', B, off, 'Power management.'),
  key('EnableC3State', B, off, 'Power management.'),
  key('EnableC4State', B, off, 'Power management.'),
  key('EnableC6State', B, off, 'Power management.'),
  key('EnableC7State', B, off, 'Power management.'),
  key('Text Mode', S, perhaps, 'Size of the text screen.', undocumented),
  key(
    'Kernel Architecture',
    { kind: 'choice', values: ['i386', 'x86_64'] },
    perhaps,
    'Which half of a fat kernel.',
    undocumented,
  ),
  key('arch', { kind: 'choice', values: ['i386', 'x86_64'] }, perhaps, 'Which half of a fat kernel.', undocumented),
  key('MKext Cache', PATH, perhaps, 'Archive of kexts; turns the kernel cache off.', undocumented),
  key('Boot Device', S, perhaps, 'The device of the root volume.', undocumented),
  key('Root UUID', S, perhaps, 'The root volume by its UUID.', undocumented),
  key('boot-uuid', S, perhaps, 'The root volume by its UUID.', undocumented),
  key('rd', S, perhaps, 'The root device: disk0s1.', undocumented),
  key('platform', S, perhaps, 'Handed to the kernel.', undocumented),
  key('acpi', S, perhaps, 'Handed to the kernel.', undocumented),
  key('CD-ROM Prompt', S, perhaps, 'Text of the prompt when started from an optical drive.', undocumented),
  key('CD-ROM Option Key', S, perhaps, 'Key of that prompt.', undocumented),
  key('device-properties', S, real, 'Device properties in hexadecimal.', undocumented),
  key('UseMemDetect', B, real, 'Finds out about memory modules.', undocumented),
  key('RestartFix', B, perhaps, 'Restarting.', undocumented),
  key('PS2RestartFix', B, perhaps, 'Restarting with PS/2 keyboards.', undocumented),
  key('EnableWifi', B, real, 'Properties for wireless cards.', undocumented),
  key('busratio', S, real, "The processor's bus ratio.", undocumented),
  key('ATYbinimage', S, real, 'ROM of AMD cards.', undocumented),
  key('EHCIhard', B, perhaps, 'USB hand-over.', undocumented),
  key('KernelBooter_kexts', B, yes, 'Loads /Extra/Extensions on newer systems, too.', { ...enoch, since: '10.11' }),
  key('KERNELPlist', B, perhaps, 'Patches of the kernel.', enoch),
  key('KEXTPlist', B, perhaps, 'Patches of kexts.', enoch),
  ...['HPET', 'SBST', 'ECDT', 'ASFT', 'DMAR', 'APIC', 'MCFG', 'FADT'].map((table) =>
    key(`Drop${table}`, B, off, `Drops the ACPI table ${table}.`, enoch),
  ),
];
