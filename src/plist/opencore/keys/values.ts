import type { Form } from '../key.js';

/** Values that several keys take (code: OcConfigurationLib, ocvalidate of 1.0.7; Configuration.tex). */
export const ARCHES = ['Any', 'i386', 'x86_64'];

/** Macs whose boards have Apple's Secure Boot, by their boards' names. */
export const SECURE_BOOT_MODELS = [
  ...['Default', 'Disabled', 'j137', 'j680', 'j132', 'j174', 'j140k', 'j780', 'j213', 'j140a', 'j152f', 'j160'],
  ...['j230k', 'j214k', 'j223', 'j215', 'j185', 'j185f', 'x86legacy'],
];

/** Types of memory in UEFI's map. */
export const MEMORY_TYPES = [
  ...['Reserved', 'LoaderCode', 'LoaderData', 'BootServiceCode', 'BootServiceData', 'RuntimeCode', 'RuntimeData'],
  ...['Available', 'Persistent', 'UnusableMemory', 'ACPIReclaimMemory', 'ACPIMemoryNVS', 'MemoryMappedIO'],
  ...['MemoryMappedIOPortSpace', 'PalCode'],
];

export const UUID: Form = {
  pattern: /^(|OEM|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i,
  expected: 'a UUID as 11111111-2222-3333-4444-555555555555',
};
/** Versions of Darwin. */
export const DARWIN: Form = { pattern: /^(|\d{1,2}(\.\d{1,2}){0,2})$/, expected: 'a version of Darwin, as 14.5.0' };
export const RESOLUTION: Form = { pattern: /^(|Max|\d+x\d+(@\d+)?)$/, expected: 'WIDTHxHEIGHT or Max' };
export const CONSOLE: Form = { pattern: /^(|Max|\d+x\d+)$/, expected: 'COLUMNSxROWS or Max' };
