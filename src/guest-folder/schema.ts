import { resolve } from 'node:path';
import { type Display, MOST_DISKS } from '../launch/machine.js';
import { profiles } from '../launch/profiles.js';
import type { Forward } from '../launch/run-state.js';
import type { Guest, GuestDisk, GuestLoader, GuestSystem } from './guest.js';
import { newMac, newUuid } from './identity.js';
import {
  choice,
  exactly,
  type JsonSchema,
  kinds,
  list,
  object,
  optional,
  pathText,
  programText,
  type Shape,
  text,
  whole,
  yesOrNo,
} from './shape.js';

const path = pathText;
const port = whole(1, 65_535);
/** Of what may be given again. */
const MANY = 32;

/** Typed, a disk is its file; "~/" stays as it is, as in every other path. */
const disk: Shape<GuestDisk> = {
  ...object<GuestDisk>({ file: path, format: optional(text()), made: optional(yesOrNo) }),
  typed: (given) =>
    given.trimStart().startsWith('{')
      ? given
      : JSON.stringify({ file: given.startsWith('~/') ? given : resolve(given) }),
};

/** Typed, "new" is another one: a guest's folder that was copied is the same computer to whoever asks. */
function identity(shape: Shape<string>, another: () => string): Shape<string> {
  return { ...shape, typed: (given) => JSON.stringify(given === 'new' ? another() : given) };
}

/** What stands in guest.json, and what may stand there. */
export const GUEST = object<Guest>({
  schema: exactly(1, ' (a higher number is of a newer osx-iso)'),
  release: choice(...profiles.map(({ release }) => release)),
  installed: yesOrNo,
  system: optional(
    object<GuestSystem>({ version: text('a version like "10.10.5"', /^\d+(\.\d+){0,3}$/), build: text() }),
  ),
  iso: optional(path),
  disks: list(disk, MOST_DISKS),
  loader: optional(
    kinds<GuestLoader>({
      chameleon: { file: path, append: optional(text()) },
      opencore: {
        file: path,
        kexts: optional(list(path, MANY)),
        config: optional(path),
        set: optional(list(text('a text like "Misc/Boot/Timeout=3"', /^[^=]+=/), 256)),
      },
      efi: { file: path },
      image: { file: path },
      iso: {},
      none: { firmware: choice('bios', 'uefi') },
    }),
  ),
  nvram: optional(path),
  smc: optional(yesOrNo),
  keyFile: optional(path),
  chipset: choice('q35', 'pc'),
  memory: optional(whole(128, 1 << 20, 'MiB')),
  processors: optional(whole(1, 64)),
  network: choice('e1000-82545em', 'virtio-net-pci', 'vmxnet3', 'none'),
  // The lowest bit of the first byte is set in addresses of many cards.
  mac: identity(
    text('a MAC address of one card, like "52:54:00:12:34:56"', /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/),
    newMac,
  ),
  uuid: identity(text('a UUID in lower case', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), newUuid),
  ssh: optional(object<NonNullable<Guest['ssh']>>({ port })),
  forwards: optional(list(object<Forward>({ host: port, guest: port }), MANY)),
  accelerator: optional(choice('auto', 'kvm', 'hvf', 'tcg')),
  display: optional(
    kinds<Display>({ window: {}, none: {}, vnc: { number: whole(0, 99) }, web: { port: optional(port) } }),
  ),
  backing: optional(list(path, MANY)),
  folder: optional(path),
  serial: optional(path),
  clock: optional(text('a date like "2019-10-08"', /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/)),
  qemu: optional(programText),
  qemuArgs: optional(list(text(), 256)),
});

/** The same for other programs: schemas/guest.schema.json. */
export const GUEST_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "A guest of osx-iso's: guest.json in its folder",
  ...GUEST.schema,
};
