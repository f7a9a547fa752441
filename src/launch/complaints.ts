/** What QEMU says on stderr when a machine does not start, and what a person can do about it. */
export interface Complaint {
  readonly pattern: RegExp;
  readonly meaning: string;
  readonly hint?: string;
  /** The guest may go on all the same. */
  readonly harmless?: true;
}

/** The first that fits a line counts. Sources: QEMU's own messages, and what users of such guests report (facts: users, 4.2). */
export const COMPLAINTS: readonly Complaint[] = [
  {
    pattern: /'isa-applesmc' is not a valid device model name/,
    meaning: 'This QEMU was built without isa-applesmc, as those of RHEL and CentOS are.',
    hint: 'Take a QEMU that has it. osx-iso doctor tells.',
  },
  {
    pattern: /'([\w-]+)' is not a valid device model name/,
    meaning: 'This QEMU does not have that device.',
    hint: 'osx-iso doctor tells what is missing. Newer versions remove devices, and some distributions put them in packages of their own.',
  },
  {
    pattern: /Error loading uncompressed kernel without PVH ELF Note|kernel image.*(?:invalid|could not load)/i,
    meaning: 'The file that was given as --chameleon is not a multiboot loader.',
    hint: "Give Chameleon's second stage, the file called boot.",
  },
  {
    pattern: /Could not access KVM kernel module: Permission denied/,
    meaning: '/dev/kvm is there, but not for you.',
    hint: 'sudo usermod -aG kvm "$USER", then log in again. Or --accel tcg, which is slow.',
  },
  {
    pattern: /Could not access KVM kernel module|failed to initialize kvm/i,
    meaning: 'KVM cannot be used.',
    hint: 'osx-iso doctor tells why. Or --accel tcg, which is slow.',
  },
  {
    pattern: /invalid accelerator (\S+)/,
    meaning: 'This QEMU was built without that accelerator.',
    hint: '--accel tcg works everywhere, slowly.',
  },
  {
    pattern: /Failed to get ".*" lock|Is another process using the image/,
    meaning: 'A disk is in use by another program, probably by another guest.',
    hint: 'Shut that guest down first.',
  },
  {
    pattern:
      /Parameter 'type' expects a netdev backend type|(?:network backend|netdev) 'user' is not (?:compiled|supported)/i,
    meaning: 'This QEMU has no user-mode networking (libslirp).',
    hint: 'Use --net none, or a QEMU that was built with libslirp.',
  },
  {
    pattern: /Cannot allocate memory|cannot set up guest memory/,
    meaning: 'This computer has not enough free memory for the guest.',
    hint: 'Give it less with --memory (in MiB).',
  },
  {
    pattern: /No space left on device/,
    meaning: "A disk is full: the guest's own, or the folder for temporary files, where the installer's writes go.",
    hint: 'Free some space, or set TMPDIR to another folder.',
  },
  {
    pattern: /(?:gtk|sdl).*(?:initialization failed|could not|cannot open display)|cannot open display/i,
    meaning: 'QEMU cannot open a window here.',
    hint: 'Use --vnc 0 and look at it with a VNC viewer, or --headless.',
  },
  {
    pattern: /[Cc]ould not set up host forwarding rule/,
    meaning: 'Another program has a port that was to lead into the guest.',
    hint: 'Give another one with --ssh-port or --forward.',
  },
  {
    pattern: /Address already in use|Failed to find an available port/,
    meaning: 'Another program has that VNC display.',
    hint: 'Take another number: --vnc 1.',
  },
  {
    pattern: /Block node is read-only/,
    meaning: 'A disk cannot be read-only.',
    hint: 'Make the image writable for you.',
  },
  {
    pattern: /unsupported machine type|Property '.*\.[\w-]+' not found/,
    meaning: 'This QEMU does not know the machine that was asked for.',
    hint: 'osx-iso doctor tells whether this QEMU is new enough.',
  },
  {
    pattern: /KVM internal error|emulation failure/,
    meaning: 'KVM gave up on the guest, as it does where this computer is a virtual machine itself.',
    hint: 'Use --accel tcg.',
  },
  {
    pattern: /doesn't support requested feature: .*\.(\w+)/,
    meaning: "This computer's processor lacks something that the guest is told it has.",
    harmless: true,
  },
  {
    pattern: /Using AppleSMC with invalid key/,
    meaning: 'The key that was given is not what this QEMU expects.',
    hint: 'It has exactly 64 characters.',
  },
];

/** What a line of QEMU's stderr means; undefined for one that is not known. */
export function explainLine(line: string): Complaint | undefined {
  return COMPLAINTS.find(({ pattern }) => pattern.test(line));
}
