import { expect, test } from 'vitest';
import { explainLine } from '../../src/launch/complaints.js';

// As QEMU says it; "qemu-system-x86_64: " stands before most.
test.each([
  ["-device isa-applesmc: 'isa-applesmc' is not a valid device model name", /without isa-applesmc/],
  ["-device ide-drive,bus=ide.2: 'ide-drive' is not a valid device model name", /does not have that device/],
  ['Error loading uncompressed kernel without PVH ELF Note', /not a multiboot loader/],
  ['Could not access KVM kernel module: Permission denied', /not for you/],
  ['Could not access KVM kernel module: No such file or directory', /KVM cannot be used/],
  ['failed to initialize kvm: No such file or directory', /KVM cannot be used/],
  ['-machine accel=hvf: invalid accelerator hvf', /without that accelerator/],
  ['-device ide-hd,drive=MacHDD: Failed to get "write" lock', /in use by another program/],
  ["-netdev user,id=net0: Parameter 'type' expects a netdev backend type", /no user-mode networking/],
  ["network backend 'user' is not compiled into this binary", /no user-mode networking/],
  ["cannot set up guest memory 'pc.ram': Cannot allocate memory", /not enough free memory/],
  ['Could not open temporary file: No space left on device', /disk is full/],
  ['gtk initialization failed', /cannot open a window/],
  ['-vnc 127.0.0.1:0: Failed to find an available port: Address already in use', /VNC display/],
  ['Block node is read-only', /cannot be read-only/],
  ['unsupported machine type\nUse -machine help', /does not know the machine/],
  ["Property 'pc-q35-6.2-machine.smbios-entry-point-type' not found", /does not know the machine/],
  ['KVM internal error. Suberror: 1', /KVM gave up/],
  ['warning: Using AppleSMC with invalid key', /not what this QEMU expects/],
])('%s', (line, meaning) => {
  expect(explainLine(`qemu-system-x86_64: ${line}`)?.meaning).toMatch(meaning);
});

test('a warning about the processor is harmless', () => {
  const line = "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]";
  expect(explainLine(line)).toMatchObject({ harmless: true });
});

test('what is not known is not explained', () => {
  expect(explainLine('qemu-system-x86_64: something new')).toBeUndefined();
});
